from job import job
from leopard.genome.formats import read_table
from leopard.report.score_figures import plot_precision_recall
from leopard.report.style import save

with job(snakemake.log[0]):
    curves = read_table(snakemake.input.curves)
    metrics = read_table(snakemake.input.metrics)
    save(plot_precision_recall(curves, metrics, snakemake.params.title), snakemake.output[0])
