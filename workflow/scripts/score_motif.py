from pathlib import Path

from job import job
from leopard.formats import read_motif
from leopard.motifs import mark_middles, paint_scores, write_motif_scores
from leopard.tracks import Tracks

with job(snakemake.log[0]):
    write_motif_scores(
        Path(snakemake.output[0]),
        Tracks(Path(snakemake.input.fasta)),
        snakemake.params.chromosomes,
        read_motif(Path(snakemake.input.motif[0]))[1],
        snakemake.params.p_value,
        mark_middles if snakemake.params.get("middles") else paint_scores,
    )
