from pathlib import Path

from job import job
from leopard.inputs.simulated_variants import simulate_variants

with job(snakemake.log[0]):
    files, params = snakemake.input, snakemake.params
    simulate_variants(
        Path(files.fasta),
        Path(files.truth),
        Path(files.motif[0]),
        params.seed,
        params.chromosomes,
        Path(snakemake.output[0]),
    )
