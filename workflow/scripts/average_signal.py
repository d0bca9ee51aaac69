from pathlib import Path

from job import job
from leopard.signals import write_average
from leopard.tracks import Tracks

with job(snakemake.log[0]):
    fasta, params = Path(snakemake.input.fasta), snakemake.params
    lines = [
        Tracks(fasta, [Path(x) for x in files], scaling=params.scaling) for files in params.signals
    ]
    write_average(Path(snakemake.output[0]), lines, params.chromosomes)
