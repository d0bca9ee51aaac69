from pathlib import Path

from job import job
from leopard.genome.tracks import Tracks
from leopard.inputs.signals import read_scale, write_average

with job(snakemake.log[0]):
    fasta, params = Path(snakemake.input.fasta), snakemake.params
    lines = [
        Tracks(fasta, [Path(x) for x in files], scale=read_scale(scale))
        for files, scale in zip(params.signals, params.scales, strict=True)
    ]
    write_average(Path(snakemake.output[0]), lines, params.chromosomes)
