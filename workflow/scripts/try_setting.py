import shutil
from pathlib import Path

import yaml
from job import job
from leopard.trials import survive, write_outcome

with job(snakemake.log[0]):
    files, params = dict(snakemake.input.items()), snakemake.params
    settings = dict(params.recipe)
    if files["chosen"]:
        settings |= yaml.safe_load(Path(files["chosen"]).read_text())
    outputs = Path(snakemake.output[0])
    outputs.mkdir(parents=True)

    def _work() -> None:
        from leopard import devices

        seed, backend = settings["seed"], snakemake.config["backend"]
        found = devices.set_up(snakemake.threads, seed, backend, params.n_devices)
        record = {**found, "draw": params.draw}

        from leopard.batches import open_windows
        from leopard.training import Recipe, train

        training, validation = open_windows(files, params.draw, seed)
        checkpoints = Path(params.checkpoints)
        train(Recipe(**settings), training, validation, outputs, checkpoints, record)

    failure = survive(_work)
    shutil.rmtree(params.checkpoints, ignore_errors=True)
    write_outcome(outputs, settings, failure)
