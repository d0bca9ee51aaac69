from pathlib import Path

from job import devices_of, job

with job(snakemake.log[0], snakemake.input):
    from leopard.training.jobs import run_training

    params = snakemake.params
    run_training(
        params.recipe,
        dict(snakemake.input.items()),
        params.draw,
        Path(snakemake.output.model).parent,
        Path(params.checkpoints),
        devices_of(snakemake),
        snakemake.resources.mem_mb,
    )
