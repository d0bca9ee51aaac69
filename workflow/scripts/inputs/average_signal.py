from pathlib import Path

from job import job
from leopard.inputs.signals import open_line, write_average

with job(snakemake.log[0]):
    lines = [open_line(snakemake.input.fasta, signals) for signals in snakemake.params.signals]
    write_average(Path(snakemake.output[0]), lines, snakemake.params.chromosomes)
