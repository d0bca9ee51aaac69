from pathlib import Path

from job import job
from leopard.samples import sample_bases
from leopard.tracks import Tracks

with job(snakemake.log[0]):
    files, params = snakemake.input, snakemake.params
    fasta = Path(files.fasta)
    sample, totals = sample_bases(
        Tracks(fasta, labels=Path(files.labels)),
        [Tracks(fasta, labels=Path(x)) for x in files.others],
        params.chromosomes,
        params.bases,
        params.seed,
    )
    sample.to_csv(snakemake.output.sample, sep="\t", index=False)
    totals.to_csv(snakemake.output.totals, sep="\t", index=False)
