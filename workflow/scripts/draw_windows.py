import pandas as pd
from job import job
from leopard.windows import draw_splits

with job(snakemake.log[0]):
    windows = draw_splits(
        pd.read_csv(snakemake.input[0], sep="\t"),
        snakemake.params.chromosomes,
        snakemake.params.counts,
        snakemake.params.length,
        snakemake.params.seed,
    )
    windows.to_csv(snakemake.output[0], sep="\t", index=False)
