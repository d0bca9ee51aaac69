from pathlib import Path

from job import devices_of, job

with job(snakemake.log[0]):
    from leopard import devices

    devices.set_up(**devices_of(snakemake))

    from leopard.comparison.factornet import train_factornet
    from leopard.comparison.samples import open_training

    files, params = snakemake.input, snakemake.params
    training, validation = open_training(
        dict(files.items()), params.signals, params.chromosomes, params.bins, params.seed
    )
    train_factornet(training, validation, params.epochs, params.seed, Path(snakemake.output[0]))
