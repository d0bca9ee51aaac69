import pandas as pd
from job import job
from leopard.comparison_figures import plot_calls
from leopard.figures import save

with job(snakemake.log[0]):
    measures = pd.read_csv(snakemake.input.measures, sep="\t")
    distances = pd.read_csv(snakemake.input.distances, sep="\t")
    save(plot_calls(measures, distances), snakemake.output[0])
