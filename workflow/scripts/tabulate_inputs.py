from pathlib import Path

import pandas as pd
from job import job
from leopard.tables import inputs_page

with job(snakemake.log[0]):
    inputs = pd.concat(pd.read_csv(path, sep="\t") for path in snakemake.input)
    Path(snakemake.output[0]).write_text(inputs_page(inputs))
