from pathlib import Path

import pandas as pd
from job import job
from leopard.figures import save
from leopard.tables import ablation_page
from leopard.trial_figures import plot_ablation

with job(snakemake.log[0]):
    trials, averages = (pd.read_csv(snakemake.input[x], sep="\t") for x in ("trials", "averages"))
    save(plot_ablation(trials, averages), snakemake.output.figure)
    page = ablation_page(trials, averages, snakemake.params.changes)
    Path(snakemake.output.table).write_text(page)
