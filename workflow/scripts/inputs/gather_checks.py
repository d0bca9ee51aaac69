import pandas as pd
from job import job

with job(snakemake.log[0]):
    tables = [pd.read_csv(x, sep="\t", dtype=str, na_filter=False) for x in snakemake.input]
    pd.concat(tables).to_csv(snakemake.output[0], sep="\t", index=False)
