import shutil
from functools import partial
from pathlib import Path

import yaml
from job import devices_of, job
from leopard.experiments.outcomes import write_outcome
from leopard.experiments.trials import survive
from leopard.training.jobs import run_training

with job(snakemake.log[0]):
    files, params = dict(snakemake.input.items()), snakemake.params
    recipe = dict(params.recipe)
    if files["chosen"]:
        recipe |= yaml.safe_load(Path(files["chosen"]).read_text())
    outputs, checkpoints = Path(snakemake.output[0]), Path(params.checkpoints)
    outputs.mkdir(parents=True)
    work = partial(
        run_training,
        recipe,
        files,
        params.draw,
        outputs,
        checkpoints,
        devices_of(snakemake) | {"n_devices": params.n_devices},
        snakemake.resources.mem_mb,
    )
    failure = survive(work)
    shutil.rmtree(checkpoints, ignore_errors=True)
    write_outcome(outputs, recipe, failure)
