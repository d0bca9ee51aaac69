from pathlib import Path

from job import devices_of, job

with job(snakemake.log[0]):
    from leopard import devices

    devices.set_up(**devices_of(snakemake))

    from leopard.factornet import train_factornet
    from leopard.samples import draw_training

    files, params = snakemake.input, snakemake.params
    training, validation = draw_training(
        Path(files.fasta),
        ([Path(x) for x in files.signals], Path(files.labels)),
        ([Path(x) for x in files.validation_signals], Path(files.validation_labels)),
        params.scaling,
        params.chromosomes,
        params.bins,
        params.seed,
    )
    train_factornet(training, validation, params.epochs, params.seed, Path(snakemake.output[0]))
