from pathlib import Path

from job import job
from leopard.genome.formats import read_table
from leopard.report.run_tables import inputs_page

with job(snakemake.log[0]):
    inputs = read_table(snakemake.input[0])
    Path(snakemake.output[0]).write_text(inputs_page(inputs))
