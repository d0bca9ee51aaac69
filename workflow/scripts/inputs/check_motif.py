from pathlib import Path

from job import job
from leopard.inputs.checks import check_motif

with job(snakemake.log[0]):
    table = check_motif(Path(snakemake.input[0]))
    table.to_csv(snakemake.output[0], sep="\t", index=False)
