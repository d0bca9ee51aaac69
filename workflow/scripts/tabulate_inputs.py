from pathlib import Path

import pandas as pd
from job import job
from leopard.tables import inputs_page

with job(snakemake.log[0]):
    inputs = pd.read_csv(snakemake.input[0], sep="\t")
    Path(snakemake.output[0]).write_text(inputs_page(inputs))
