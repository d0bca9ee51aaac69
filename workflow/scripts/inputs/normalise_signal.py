from pathlib import Path

import numpy as np
from job import job
from leopard.genome.tracks import Tracks
from leopard.inputs.signals import match_quantiles, write_normalised

with job(snakemake.log[0]):
    files = snakemake.input
    normalise = match_quantiles(np.load(files.sample), np.load(files.reference))
    tracks = Tracks(Path(files.fasta), [Path(x) for x in files.signals])
    write_normalised(Path(snakemake.output[0]), tracks, snakemake.params.chromosomes, normalise)
