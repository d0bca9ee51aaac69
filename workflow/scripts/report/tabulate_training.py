from pathlib import Path

from job import job
from leopard.report.run_tables import read_records, software_page, training_page

with job(snakemake.log[0]):
    records = read_records([Path(x) for x in snakemake.input])
    Path(snakemake.output.training).write_text(training_page(records))
    Path(snakemake.output.software).write_text(software_page(records))
