from job import job
from leopard.figures import plot_precision_recall, save
from leopard.formats import read_table

with job(snakemake.log[0]):
    curves = read_table(snakemake.input.curves)
    metrics = read_table(snakemake.input.metrics)
    save(plot_precision_recall(curves, metrics, snakemake.params.title), snakemake.output[0])
