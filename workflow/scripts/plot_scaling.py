import pandas as pd
from job import job
from leopard.figures import save
from leopard.trial_figures import plot_scaling

with job(snakemake.log[0]):
    save(plot_scaling(pd.read_csv(snakemake.input[0], sep="\t")), snakemake.output[0])
