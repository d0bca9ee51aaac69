from functools import partial
from pathlib import Path

from job import job
from leopard.genome.formats import read_table
from leopard.genome.tracks import open_reader
from leopard.inputs.signals import read_scale
from leopard.windows.arrays import write_windows

with job(snakemake.log[0], snakemake.input):
    files = dict(snakemake.input.items())
    read = partial(
        open_reader,
        snakemake.params.kind,
        Path(files["fasta"]),
        [Path(x) for x in files.get("signals", [])],
        Path(files["labels"]) if "labels" in files else None,
        read_scale(files.get("scale", [])),
        Path(files["average"]) if "average" in files else None,
        Path(files["excluded"]) if "excluded" in files else None,
    )
    windows = read_table(files["windows"])
    write_windows(Path(snakemake.output[0]), windows, read, snakemake.threads)
