from pathlib import Path

from job import job
from leopard.inputs.genome_file import prepare_genome

with job(snakemake.log[0]):
    prepare_genome(Path(snakemake.input[0]), Path(snakemake.output.fasta))
