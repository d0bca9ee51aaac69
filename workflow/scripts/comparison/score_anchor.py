from pathlib import Path

import numpy as np
from job import job
from leopard.comparison.anchor import load_trees, open_anchor
from leopard.comparison.samples import score_sample
from leopard.genome.tracks import Tracks
from leopard.inputs.signals import open_line

with job(snakemake.log[0]):
    files, params = snakemake.input, snakemake.params
    fasta = Path(files.fasta)
    tracks = open_line(fasta, params.signals)
    hits = Tracks(fasta, [Path(x) for x in files.hits])
    model = open_anchor([load_trees(Path(x)) for x in files.models], tracks, hits)
    labels = Tracks(fasta, labels=Path(files.labels), excluded=Path(files.excluded))
    of_bins, bases = score_sample(model, labels, params.chromosomes, params.bases, params.seed)
    np.savez(snakemake.output.bins, **of_bins)
    bases.to_csv(snakemake.output.bases, sep="\t", index=False)
