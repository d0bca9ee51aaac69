from functools import partial
from pathlib import Path

from job import job
from leopard.genome.formats import read_table
from leopard.inputs.signals import open_reader
from leopard.windows.arrays import write_windows

with job(snakemake.log[0], snakemake.input):
    files, params = snakemake.input, snakemake.params
    read = partial(
        open_reader,
        params.kind,
        files.fasta,
        params.get("signals", {}),
        files.get("labels"),
        files.get("excluded"),
    )
    windows = read_table(files.windows)
    write_windows(Path(snakemake.output[0]), windows, read, snakemake.threads)
