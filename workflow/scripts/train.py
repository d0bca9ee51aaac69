from pathlib import Path

import pandas as pd
from job import job

with job(snakemake.log[0]):
    from leopard import devices
    from leopard.batches import FreshWindows, StoredWindows
    from leopard.tracks import Tracks
    from leopard.training import Recipe, train

    files, params = snakemake.input, snakemake.params
    recipe = Recipe(**params.recipe)
    device = devices.set_up(snakemake.threads, recipe.seed)
    stored = {
        role: StoredWindows(
            Path(files.windows),
            role,
            Path(files.sequence),
            Path(files[f"{prefix}_signal"]),
            Path(files[f"{prefix}_labels"]),
        )
        for role, prefix in (("train", "training"), ("validation", "validation"))
    }
    training = stored["train"]
    if files.usable:
        training = FreshWindows(
            Tracks(
                Path(files.fasta),
                [Path(x) for x in files.signals],
                Path(files.labels),
                params.scaling,
            ),
            pd.read_csv(files.usable, sep="\t"),
            params.chromosomes,
            params.n,
            params.length,
            params.enriched,
            recipe.seed,
        )
    outputs = Path(snakemake.output.model).parent
    train(recipe, training, stored["validation"], outputs, Path(params.checkpoints), device)
