from pathlib import Path

from job import job
from leopard.anchor import train_anchor
from leopard.samples import draw_training
from leopard.tracks import Tracks

with job(snakemake.log[0]):
    files, params = snakemake.input, snakemake.params
    fasta = Path(files.fasta)
    training, validation = draw_training(
        fasta,
        ([Path(x) for x in files.signals], Path(files.labels)),
        ([Path(x) for x in files.validation_signals], Path(files.validation_labels)),
        params.scaling,
        params.chromosomes,
        params.bins,
        params.seed,
    )
    hits = Tracks(fasta, [Path(x) for x in files.hits])
    train_anchor(training, validation, hits, params.seed, Path(snakemake.output[0]))
