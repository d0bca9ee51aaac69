from pathlib import Path

from job import job
from leopard.genome.tracks import Tracks
from leopard.inputs.signals import measure_signal, write_measures

with job(snakemake.log[0]):
    files = snakemake.input
    signals, excluded = [Path(x) for x in files.signals], Path(files.excluded)
    tracks = Tracks(Path(files.fasta), signals, excluded=excluded)
    measures = measure_signal(tracks, snakemake.params.chromosomes)
    names = snakemake.wildcards
    write_measures(Path(snakemake.output[0]), names.cell_line, names.track, measures)
