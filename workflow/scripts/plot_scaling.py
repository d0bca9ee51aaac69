from job import job
from leopard.figures import save
from leopard.formats import read_table
from leopard.trial_figures import plot_scaling

with job(snakemake.log[0]):
    save(plot_scaling(read_table(snakemake.input[0])), snakemake.output[0])
