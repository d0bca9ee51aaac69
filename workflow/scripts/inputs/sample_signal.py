from pathlib import Path

import numpy as np
from job import job
from leopard.genome.tracks import Tracks
from leopard.inputs.signals import sample_signal

with job(snakemake.log[0]):
    files, params = snakemake.input, snakemake.params
    tracks = Tracks(Path(files.fasta), [Path(x) for x in files.signals])
    np.save(snakemake.output[0], sample_signal(tracks, params.chromosomes, params.seed))
