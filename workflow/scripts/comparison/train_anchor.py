from pathlib import Path

from job import job
from leopard.comparison.anchor import train_anchor
from leopard.comparison.samples import open_training
from leopard.genome.tracks import Tracks

with job(snakemake.log[0]):
    files, params = snakemake.input, snakemake.params
    training, validation = open_training(
        dict(files.items()), params.signals, params.chromosomes, params.bins, params.seed
    )
    hits = Tracks(Path(files.fasta), [Path(x) for x in files.hits])
    train_anchor(training, validation, hits, params.seed, Path(snakemake.output[0]))
