from job import job
from leopard.comparison_figures import plot_calls
from leopard.figures import save
from leopard.formats import read_table

with job(snakemake.log[0]):
    measures = read_table(snakemake.input.measures)
    distances = read_table(snakemake.input.distances)
    save(plot_calls(measures, distances), snakemake.output[0])
