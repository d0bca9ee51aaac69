import shutil
from pathlib import Path

from job import job
from leopard.trials import search

with job(snakemake.log[0]):
    files, params = dict(snakemake.input.items()), snakemake.params
    worker = int(snakemake.wildcards.worker)
    checkpoints = Path(params.checkpoints)
    own = checkpoints / f"worker-{worker}"

    def _work(values, report):
        from leopard import devices

        seed, backend = params.recipe["seed"], snakemake.config["backend"]
        device = devices.set_up(snakemake.threads, seed, backend)

        import keras
        from leopard.batches import open_windows
        from leopard.training import MONITOR, Recipe, train

        recipe = Recipe(**params.recipe | values)
        training, validation = open_windows(files, params.draw, seed)
        tell = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: report(epoch + 1, logs[MONITOR])
        )
        shutil.rmtree(own, ignore_errors=True)
        own.mkdir(parents=True)
        train(recipe, training, validation, own, own / "checkpoints", device, [tell])

    search(
        checkpoints / "search.journal",
        worker,
        params.trials,
        params.batch_sizes,
        params.learning_rates,
        _work,
    )
    shutil.rmtree(own, ignore_errors=True)
