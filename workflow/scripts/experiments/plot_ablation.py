from pathlib import Path

from job import job
from leopard.genome.formats import read_table
from leopard.report.experiment_tables import ablation_page
from leopard.report.style import save
from leopard.report.trial_figures import plot_ablation

with job(snakemake.log[0]):
    trials, averages = (read_table(snakemake.input[x]) for x in ("trials", "averages"))
    save(plot_ablation(trials, averages), snakemake.output.figure)
    page = ablation_page(trials, averages, snakemake.params.changes)
    Path(snakemake.output.table).write_text(page)
