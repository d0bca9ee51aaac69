from pathlib import Path

from job import job
from leopard.genome.formats import read_table
from leopard.interpretation.alleles import Settings, scored_chromosomes
from leopard.interpretation.variant_results import gather_scores

with job(snakemake.log[0], snakemake.input):
    files, output, params = snakemake.input, snakemake.output, snakemake.params
    counts = read_table(files.counts)
    scored = scored_chromosomes(counts)
    parts = {
        chrom: (Path(scores), Path(drawn))
        for chrom, scores, drawn in zip(params.chromosomes, files.scores, files.drawn, strict=True)
        if chrom in scored
    }
    vcf = output.get("vcf")
    gather_scores(
        Path(files.variants[0]),
        Path(files.fasta),
        parts,
        params.chromosomes,
        Settings(**params.settings),
        params.origin,
        Path(output.table),
        Path(vcf) if vcf else None,
    )
