from job import job
from leopard.genome.formats import read_table
from leopard.report.comparison_figures import plot_calls
from leopard.report.style import save

with job(snakemake.log[0]):
    measures = read_table(snakemake.input.measures)
    distances = read_table(snakemake.input.distances)
    save(plot_calls(measures, distances), snakemake.output[0])
