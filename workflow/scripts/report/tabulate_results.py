from pathlib import Path

import pandas as pd
from job import job
from leopard.genome.formats import read_table
from leopard.report.result_tables import headline_page, summary_page
from leopard.report.run_tables import read_records

with job(snakemake.log[0]):
    files, params = snakemake.input, snakemake.params
    headline = headline_page(
        pd.concat(read_table(path) for path in files.windows),
        read_records([Path(x) for x in files.records]),
        params.trained_on,
        params.roles,
        pd.read_csv(files.published, sep="\t", dtype=str),
        params.same_task,
    )
    Path(snakemake.output.headline).write_text(headline)
    summary = read_table(files.summary)
    Path(snakemake.output.summary).write_text(summary_page(summary, params.roles))
