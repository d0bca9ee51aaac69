from pathlib import Path

import yaml
from job import job
from leopard.experiments.outcomes import MEASURE
from leopard.experiments.trials import read_search
from leopard.report.style import save
from leopard.report.trial_figures import plot_search

with job(snakemake.log[0]):
    trials = read_search(Path(snakemake.params.checkpoints) / "search.journal")
    trials.to_csv(snakemake.output.table, sep="\t", index=False)
    finished = trials[trials["state"] == "complete"]
    best = finished.loc[finished[MEASURE].idxmax(), ["batch_size", "learning_rate"]]
    Path(snakemake.output.best).write_text(
        yaml.safe_dump(
            {"batch_size": int(best["batch_size"]), "learning_rate": float(best["learning_rate"])}
        )
    )
    save(plot_search(trials), snakemake.output.figure)
