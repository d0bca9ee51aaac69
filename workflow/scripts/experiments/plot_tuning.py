from pathlib import Path

import pandas as pd
import yaml
from job import job
from leopard.genome.formats import read_table
from leopard.report.style import save
from leopard.report.trial_figures import plot_tuning, plot_tuning_curves

EXPERIMENTS = ("batch_size", "learning_rate")

with job(snakemake.log[0]):
    trials = {x: read_table(snakemake.input[x]) for x in EXPERIMENTS}
    for table in trials.values():
        table["value"] = pd.to_numeric(table["value"])  # here all are
    best = {x: yaml.safe_load(Path(snakemake.input[f"best_{x}"]).read_text())[x] for x in trials}
    save(plot_tuning(trials, best), snakemake.output.best)

    first_seed = {x: table[table["seed"] == table["seed"].iloc[0]] for x, table in trials.items()}
    finished = {x: table[table["failure"].isna()] for x, table in first_seed.items()}
    histories = {
        x: {
            row.value: read_table(Path(row.directory) / "history.tsv") for row in table.itertuples()
        }
        for x, table in finished.items()
    }
    chosen = {f"{x.replace('_', ' ')} {value:g}": histories[x][value] for x, value in best.items()}
    save(plot_tuning_curves(histories["batch_size"], chosen), snakemake.output.curves)
