from pathlib import Path

from job import job
from leopard.tables import benchmarks_page, read_benchmarks

with job(snakemake.log[0]):
    benchmarks = read_benchmarks(Path(snakemake.params.directory))
    Path(snakemake.output[0]).write_text(benchmarks_page(benchmarks))
