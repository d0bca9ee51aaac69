from pathlib import Path

from job import job
from leopard.genome.formats import read_motifs, read_table
from leopard.interpretation.motif_patterns import read_patterns
from leopard.report.motif_figures import plot_motifs
from leopard.report.style import save

with job(snakemake.log[0], snakemake.input):
    files = snakemake.input
    patterns, width = read_patterns(Path(files.patterns))
    known = read_motifs(Path(files.known))
    figure = plot_motifs(patterns, read_table(files.table), known, width, snakemake.params.title)
    save(figure, snakemake.output[0])
