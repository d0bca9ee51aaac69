from pathlib import Path

from job import job
from leopard.experiments.outcomes import read_gpu_types
from leopard.genome.formats import read_table
from leopard.report.experiment_tables import gpu_types_page

with job(snakemake.log[0]):
    rates = read_table(snakemake.input.rates)
    table = read_gpu_types([Path(x) for x in snakemake.input.trials], rates)
    table.to_csv(snakemake.output.table, sep="\t", index=False)
    Path(snakemake.output.page).write_text(gpu_types_page(table))
