from pathlib import Path

from job import job
from leopard.comparison.anchor import train_anchor
from leopard.comparison.samples import draw_training
from leopard.genome.tracks import Tracks
from leopard.inputs.signals import open_line

with job(snakemake.log[0]):
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
    hits = Tracks(Path(files.fasta), [Path(x) for x in files.hits])
    train_anchor(training, validation, hits, params.seed, Path(snakemake.output[0]))
