from pathlib import Path

from job import job
from leopard.genome.tracks import Tracks
from leopard.interpretation.alleles import check_variants

with job(snakemake.log[0], snakemake.input):
    files, params = snakemake.input, snakemake.params
    counts = check_variants(
        Path(files.variants[0]),
        Tracks(Path(files.fasta)),
        params.chromosomes,
        params.longest,
        params.keep_mismatches,
    )
    counts.to_csv(snakemake.output[0], sep="\t", index=False)
