from pathlib import Path

import pandas as pd
from job import job
from leopard.figures import save
from leopard.tables import ablation_page
from leopard.trial_figures import plot_ablation

with job(snakemake.log[0]):
    trials = pd.read_csv(snakemake.input[0], sep="\t")
    save(plot_ablation(trials), snakemake.output.figure)
    Path(snakemake.output.table).write_text(ablation_page(trials, snakemake.params.changes))
