from pathlib import Path

from job import job

with job(snakemake.log[0]):
    from leopard import devices

    params = snakemake.params
    seed, backend = params.recipe["seed"], snakemake.config["backend"]
    found = devices.set_up(snakemake.threads, seed, backend, snakemake.resources.gpu)
    record = {**found, "draw": params.draw}

    from leopard.batches import open_windows
    from leopard.training import Recipe, train

    training, validation = open_windows(dict(snakemake.input.items()), params.draw, seed)
    outputs, checkpoints = Path(snakemake.output.model).parent, Path(params.checkpoints)
    train(Recipe(**params.recipe), training, validation, outputs, checkpoints, record)
