import shutil
from pathlib import Path

from job import devices_of, job
from leopard.experiments.trials import search
from leopard.training.jobs import run_training

with job(snakemake.log[0]):
    files, params = dict(snakemake.input.items()), snakemake.params
    worker = int(snakemake.wildcards.worker)
    checkpoints = Path(params.checkpoints)
    own = checkpoints / f"worker-{worker}"

    def _work(values, report):
        shutil.rmtree(own, ignore_errors=True)
        own.mkdir(parents=True)
        run_training(
            params.recipe | values,
            files,
            params.draw,
            own,
            own / "checkpoints",
            devices_of(snakemake),
            snakemake.resources.mem_mb,
            report,
        )

    search(
        checkpoints / "search.journal",
        worker,
        params.trials,
        params.batch_sizes,
        params.learning_rates,
        _work,
    )
    shutil.rmtree(own, ignore_errors=True)
