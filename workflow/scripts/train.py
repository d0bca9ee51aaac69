from pathlib import Path

from job import job

with job(snakemake.log[0], snakemake.input):
    from leopard.jobs import run_training

    params = snakemake.params
    run_training(
        params.recipe,
        dict(snakemake.input.items()),
        params.draw,
        Path(snakemake.output.model).parent,
        Path(params.checkpoints),
        threads=snakemake.threads,
        backend=snakemake.config["backend"],
        gpu=snakemake.config["gpu"],
        n_devices=snakemake.resources.gpu,
    )
