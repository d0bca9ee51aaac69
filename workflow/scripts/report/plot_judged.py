from job import job
from leopard.evaluation.judged import find_shown
from leopard.genome.formats import read_table
from leopard.report.reliability_figures import plot_reliability
from leopard.report.score_figures import mark_seen, plot_precision_recall
from leopard.report.style import save

with job(snakemake.log[0]):
    metrics, curves, reliability = map(read_table, snakemake.input)
    title = f"{snakemake.wildcards.model} in {snakemake.wildcards.cell_line}"
    if find_shown(metrics) == "seen":
        title += " (chromosomes that its networks had seen)"
    figure = plot_precision_recall(curves, mark_seen(metrics), title)
    save(figure, snakemake.output.curves)
    save(plot_reliability(reliability, title), snakemake.output.reliability)
