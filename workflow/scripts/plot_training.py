from job import job
from leopard.figures import model_colours, plot_training, save
from leopard.formats import read_table

with job(snakemake.log[0]):
    model, member = snakemake.wildcards.model, snakemake.wildcards.member
    history = read_table(snakemake.input[0])
    colour = model_colours(snakemake.params.models)[model]
    save(plot_training(history, f"{model}, {member}", colour), snakemake.output[0])
