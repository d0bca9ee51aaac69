from job import job
from leopard.genome.formats import read_table
from leopard.report.style import save
from leopard.report.trial_figures import plot_scaling

with job(snakemake.log[0]):
    save(plot_scaling(read_table(snakemake.input[0])), snakemake.output[0])
