from pathlib import Path

from job import job
from leopard.evaluation.fitted import Fitted, write_probabilities
from leopard.inputs.signals import open_line
from threadpoolctl import threadpool_limits

with job(snakemake.log[0]), threadpool_limits(snakemake.threads):
    files, params = snakemake.input, snakemake.params
    write_probabilities(
        {name: Path(path) for name, path in zip(params.baselines, snakemake.output, strict=True)},
        Fitted.load(Path(files.fitted)),
        open_line(files.fasta, params.signals),
        params.chromosomes,
    )
