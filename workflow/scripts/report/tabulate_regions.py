from pathlib import Path

from job import job
from leopard.genome.formats import read_table
from leopard.report.decoding_pages import regions_page

with job(snakemake.log[0]):
    Path(snakemake.output[0]).write_text(regions_page(read_table(snakemake.input[0])))
