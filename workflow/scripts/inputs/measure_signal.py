from pathlib import Path

import pandas as pd
from job import job
from leopard.genome.tracks import Tracks
from leopard.inputs.signals import measure_signal

with job(snakemake.log[0]):
    files = snakemake.input
    signals, excluded = [Path(x) for x in files.signals], Path(files.excluded)
    tracks = Tracks(Path(files.fasta), signals, excluded=excluded)
    measures = measure_signal(tracks, snakemake.params.chromosomes)
    table = pd.DataFrame([{**dict(snakemake.wildcards.items()), **measures}])
    table.to_csv(snakemake.output[0], sep="\t", index=False)
