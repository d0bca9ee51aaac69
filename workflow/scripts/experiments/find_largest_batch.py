from functools import partial
from pathlib import Path

import pandas as pd
from job import devices_of, job
from leopard.experiments.trials import find_largest, survive
from leopard.training.jobs import try_batch

with job(snakemake.log[0]) as terminal:
    params = snakemake.params

    def _fits(batch_size):
        work = partial(
            try_batch,
            params.recipe | {"batch_size": batch_size},
            params.length,
            devices_of(snakemake),
            snakemake.resources.mem_mb,
        )
        return survive(work) is None

    largest = find_largest(_fits)
    name, precision = params.recipe["architecture"], params.recipe["precision"]
    print(
        f"{name}, windows of {params.length} bases, {precision}: {largest} fit in a batch",
        file=terminal,
    )
    row = {"model": name, "length": params.length, "precision": precision, "batch_size": largest}
    pd.DataFrame([row]).to_csv(Path(snakemake.output[0]), sep="\t", index=False)
