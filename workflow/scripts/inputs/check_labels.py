from pathlib import Path

from job import job
from leopard.inputs.checks import check_labels

with job(snakemake.log[0]):
    table = check_labels(
        Path(snakemake.input.fasta),
        snakemake.wildcards.cell_line,
        Path(snakemake.input.labels[0]),
        snakemake.params.mode,
        snakemake.params.chromosomes,
        snakemake.params.needed,
    )
    table.to_csv(snakemake.output[0], sep="\t", index=False)
