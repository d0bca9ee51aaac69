from pathlib import Path

from job import devices_of, job

with job(snakemake.log[0]):
    from leopard import devices

    devices.set_up(**devices_of(snakemake))

    from leopard.comparison.factornet import train_factornet
    from leopard.comparison.samples import draw_training
    from leopard.inputs.signals import open_line

    files, params = snakemake.input, snakemake.params
    training, validation = (
        open_line(files.fasta, *line, files.excluded)
        for line in (
            (files.signals, files.labels, files.scale),
            (files.validation_signals, files.validation_labels, files.validation_scale),
        )
    )
    training, validation = draw_training(
        training, validation, params.chromosomes, params.bins, params.seed
    )
    train_factornet(training, validation, params.epochs, params.seed, Path(snakemake.output[0]))
