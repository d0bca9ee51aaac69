from job import job
from leopard.figures import save
from leopard.formats import read_table
from leopard.reliability_figures import plot_reliability

with job(snakemake.log[0]):
    reliability = read_table(snakemake.input[0])
    save(plot_reliability(reliability, snakemake.params.title), snakemake.output[0])
