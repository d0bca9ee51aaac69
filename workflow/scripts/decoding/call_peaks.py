from pathlib import Path

from job import job
from leopard.decoding.peaks import write_calls
from leopard.genome.formats import read_table
from leopard.genome.tracks import Tracks

with job(snakemake.log[0]):
    write_calls(
        Path(snakemake.input.prediction),
        read_table(snakemake.input.thresholds)["threshold"].item(),
        Tracks(Path(snakemake.input.fasta), excluded=Path(snakemake.input.excluded)),
        Path(snakemake.output.calls),
        Path(snakemake.output.counts),
        mark=snakemake.params.excluded_calls == "mark",
    )
