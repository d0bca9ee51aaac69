from pathlib import Path

from job import job

with job(snakemake.log[0]):
    from leopard import devices
    from leopard.batches import open_windows
    from leopard.training import Recipe, train

    params = snakemake.params
    recipe = Recipe(**params.recipe)
    device = devices.set_up(snakemake.threads, recipe.seed)
    training, validation = open_windows(dict(snakemake.input.items()), params.draw, recipe.seed)
    outputs = Path(snakemake.output.model).parent
    train(recipe, training, validation, outputs, Path(params.checkpoints), device)
