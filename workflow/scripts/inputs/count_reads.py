from pathlib import Path

from job import job
from leopard.genome.tracks import read_chrom_sizes
from leopard.inputs.reads import count_reads

with job(snakemake.log[0], snakemake.input.reads):
    files, params = snakemake.input, snakemake.params
    sizes = read_chrom_sizes(Path(files.fai.removesuffix(".fai")))
    count_reads(
        Path(snakemake.output[0]),
        Path(files.reads[0]),
        # One that is in no genome ends the run in check_genome.
        {chrom: sizes[chrom] for chrom in params.chromosomes if chrom in sizes},
        params.assay,
        params.settings,
        next(map(Path, files.barcodes), None),
        snakemake.wildcards.cell_line,
        snakemake.threads,
    )
