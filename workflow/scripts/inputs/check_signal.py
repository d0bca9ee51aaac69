from pathlib import Path

from job import job
from leopard.inputs.checks import check_signals

with job(snakemake.log[0]):
    table = check_signals(
        Path(snakemake.input.fasta),
        snakemake.wildcards.cell_line,
        snakemake.wildcards.track,
        [Path(x) for x in snakemake.input.signals],
        snakemake.params.chromosomes,
    )
    table.to_csv(snakemake.output[0], sep="\t", index=False)
