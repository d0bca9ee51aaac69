import pandas as pd
from job import job
from leopard.figures import save
from leopard.reliability_figures import plot_reliability

with job(snakemake.log[0]):
    reliability = pd.read_csv(snakemake.input[0], sep="\t")
    save(plot_reliability(reliability, snakemake.params.title), snakemake.output[0])
