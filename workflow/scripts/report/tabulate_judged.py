from pathlib import Path

import pandas as pd
from job import job
from leopard.genome.formats import read_table
from leopard.report.judged_pages import judged_page

with job(snakemake.log[0]):
    tables = [
        read_table(path).assign(judged=model, cell_line=line)
        for path, (model, line) in zip(snakemake.input, snakemake.params.judged, strict=True)
    ]
    Path(snakemake.output[0]).write_text(judged_page(pd.concat(tables)))
