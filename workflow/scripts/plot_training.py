import pandas as pd
from job import job
from leopard.figures import model_colours, plot_training, save

with job(snakemake.log[0]):
    model, member = snakemake.wildcards.model, snakemake.wildcards.member
    history = pd.read_csv(snakemake.input[0], sep="\t")
    colour = model_colours(snakemake.params.models)[model]
    save(plot_training(history, f"{model}, {member}", colour), snakemake.output[0])
