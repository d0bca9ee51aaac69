from functools import partial
from pathlib import Path

from job import job
from leopard.evaluation.fitted import Fitted
from leopard.evaluation.motif_scores import MotifSearch, write_scores
from leopard.genome.tracks import Tracks

with job(snakemake.log[0]):
    tracks = Tracks(Path(snakemake.input.fasta))
    search = Fitted.load(Path(snakemake.input.fitted)).motif
    if snakemake.params.get("middles"):
        search = MotifSearch(search.odds)
    read = partial(search.read, tracks)
    write_scores(Path(snakemake.output[0]), tracks, snakemake.params.chromosomes, read)
