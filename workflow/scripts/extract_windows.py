from pathlib import Path

import numpy as np
import pandas as pd
from job import job
from leopard.tracks import Tracks
from leopard.windows import write_windows

with job(snakemake.log[0]):
    fasta, output = Path(snakemake.input.fasta), Path(snakemake.output[0])
    windows = pd.read_csv(snakemake.input.windows, sep="\t")
    if "signals" in dict(snakemake.input.items()):
        files = [Path(x) for x in snakemake.input.signals]
        tracks = Tracks(fasta, files, scaling=snakemake.params.scaling)
        write_windows(output, windows, tracks.signal, np.float32)
    elif "labels" in dict(snakemake.input.items()):
        tracks = Tracks(fasta, labels=Path(snakemake.input.labels))
        write_windows(output, windows, tracks.labels, np.uint8)
    else:
        write_windows(output, windows, Tracks(fasta).codes, np.uint8)
