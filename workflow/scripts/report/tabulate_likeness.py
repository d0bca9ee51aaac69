from pathlib import Path

from job import job
from leopard.report.likeness_pages import likeness_page, read_likeness

with job(snakemake.log[0]):
    likeness = read_likeness([Path(x) for x in snakemake.input])
    Path(snakemake.output[0]).write_text(likeness_page(likeness))
