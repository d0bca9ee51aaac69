from pathlib import Path

from job import job
from leopard.inputs.jaspar import write_database

with job(snakemake.log[0]):
    given = next(map(Path, snakemake.input), None)
    write_database(given, snakemake.params.taxon, Path(snakemake.output[0]))
