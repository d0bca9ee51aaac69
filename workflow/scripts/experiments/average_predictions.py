from pathlib import Path

from job import devices_of, job

with job(snakemake.log[0]):
    from leopard import devices

    devices.set_up(**devices_of(snakemake))

    import pandas as pd
    from leopard import models
    from leopard.experiments.averaging import score_averages
    from leopard.experiments.outcomes import read_trials
    from leopard.training.batches import open_windows

    files = dict(snakemake.input.items())
    _, validation = open_windows(files, snakemake.params.arrays, None, 0)
    trials = read_trials([Path(x) for x in snakemake.input.trials])
    rows = [
        {"value": value, "seed": trial.seed, "best_val_pr_auc": score}
        for trial in trials[trials["failure"].isna()].itertuples()
        for value, score in score_averages(
            models.load(Path(trial.directory) / "model.keras"),
            validation,
            snakemake.params.batch_size,
        ).items()
    ]
    table = pd.DataFrame(rows, columns=["value", "seed", "best_val_pr_auc"])
    table.to_csv(snakemake.output[0], sep="\t", index=False)
