from pathlib import Path

from job import job
from leopard.inputs.checks import check_genome

with job(snakemake.log[0]):
    table = check_genome(
        Path(snakemake.input.fasta),
        snakemake.params.chromosomes,
        snakemake.params.decoded,
        snakemake.params.window_length,
        [Path(x) for x in snakemake.input.exclusions],
        [Path(x) for x in snakemake.input.regions],
    )
    table.to_csv(snakemake.output[0], sep="\t", index=False)
