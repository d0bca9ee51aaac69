from job import job
from leopard.genome.formats import read_table
from leopard.report.planted_figures import plot_accessibility, plot_distances
from leopard.report.style import save

with job(snakemake.log[0], snakemake.input):
    files, output, title = snakemake.input, snakemake.output, snakemake.params.title
    table = read_table(files.table)
    threshold = read_table(files.threshold)["threshold"].item()
    save(plot_accessibility(table, threshold, title), output.accessibility)
    save(plot_distances(table, threshold, title), output.distances)
