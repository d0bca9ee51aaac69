from pathlib import Path

from job import job
from leopard.fitted import Fitted, write_probabilities
from leopard.signals import read_scale
from leopard.tracks import Tracks
from threadpoolctl import threadpool_limits

with job(snakemake.log[0]), threadpool_limits(snakemake.threads):
    files, params = snakemake.input, snakemake.params
    write_probabilities(
        {name: Path(path) for name, path in zip(params.baselines, snakemake.output, strict=True)},
        Fitted.load(Path(files.fitted)),
        Tracks(Path(files.fasta), [Path(x) for x in files.signals], scale=read_scale(files.scale)),
        params.chromosomes,
    )
