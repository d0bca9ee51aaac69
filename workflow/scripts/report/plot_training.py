from job import job
from leopard.genome.formats import read_table
from leopard.report.style import model_colours, save
from leopard.report.training_figures import plot_training

with job(snakemake.log[0]):
    model, member = snakemake.wildcards.model, snakemake.wildcards.member
    history = read_table(snakemake.input[0])
    colour = model_colours(snakemake.params.models)[model]
    save(plot_training(history, f"{model}, {member}", colour), snakemake.output[0])
