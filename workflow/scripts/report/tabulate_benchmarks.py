from pathlib import Path

from job import job
from leopard.report.run_tables import benchmarks_page, read_benchmarks

with job(snakemake.log[0]):
    benchmarks = read_benchmarks(map(Path, snakemake.params.directories))
    Path(snakemake.output[0]).write_text(benchmarks_page(benchmarks))
