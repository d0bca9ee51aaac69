import pandas as pd
from job import job
from leopard.figures import plot_precision_recall, save

with job(snakemake.log[0]):
    curves = pd.read_csv(snakemake.input.curves, sep="\t")
    metrics = pd.read_csv(snakemake.input.metrics, sep="\t")
    save(plot_precision_recall(curves, metrics, snakemake.params.title), snakemake.output[0])
