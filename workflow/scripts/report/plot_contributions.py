from pathlib import Path

from job import job
from leopard.decoding.bundle import open_bundle
from leopard.evaluation.scores import ScoreTrack
from leopard.genome.formats import read_motif, read_table
from leopard.inputs.signals import open_line
from leopard.report.contribution_figures import plot_logos, plot_shares, read_examples
from leopard.report.style import save

with job(snakemake.log[0], snakemake.input):
    files, params = snakemake.input, snakemake.params
    table = read_table(files.table)
    save(plot_shares(table, params.title), snakemake.output.shares)
    motifs = [read_motif(Path(x))[1] for x in files.motif]
    motifs += [open_bundle(x).motif for x in files.carried]
    examples = read_examples(
        table,
        Path(files.h5),
        open_line(files.fasta, params.signals),
        ScoreTrack.from_bigwig(Path(files.prediction), probabilities=True),
        next((x for x in motifs if x is not None), None),
    )
    save(plot_logos(examples, params.title, params.accessibility), snakemake.output.logos)
