from pathlib import Path

from job import job
from leopard.evaluation.scores import ScoreTrack
from leopard.genome.formats import read_motif, read_table
from leopard.inputs.signals import open_line
from leopard.report.contribution_figures import plot_logos, plot_shares, read_examples
from leopard.report.style import save

with job(snakemake.log[0], snakemake.input):
    files, params = snakemake.input, snakemake.params
    table = read_table(files.table)
    save(plot_shares(table, params.title), snakemake.output.shares)
    examples = read_examples(
        table,
        Path(files.h5),
        open_line(files.fasta, params.signals),
        ScoreTrack.from_bigwig(Path(files.prediction), probabilities=True),
        next((read_motif(Path(x))[1] for x in files.motif), None),
    )
    save(plot_logos(examples, params.title, params.accessibility), snakemake.output.logos)
