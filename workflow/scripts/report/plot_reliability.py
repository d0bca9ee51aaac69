from job import job
from leopard.genome.formats import read_table
from leopard.report.reliability_figures import plot_reliability
from leopard.report.style import save

with job(snakemake.log[0]):
    reliability = read_table(snakemake.input[0])
    save(plot_reliability(reliability, snakemake.params.title), snakemake.output[0])
