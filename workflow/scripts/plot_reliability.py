from job import job
from leopard.figures import save
from leopard.formats import read_table
from leopard.reliability_figures import plot_reliability

with job(snakemake.log[0]):
    reliability = read_table(snakemake.input[0])
    of_models = reliability[reliability["model"].isin(snakemake.params.models)]
    save(plot_reliability(of_models, snakemake.params.title), snakemake.output[0])
