from functools import partial
from pathlib import Path

from job import job
from leopard.fitted import Fitted
from leopard.motif_scores import MotifSearch, write_scores
from leopard.tracks import Tracks

with job(snakemake.log[0]):
    tracks = Tracks(Path(snakemake.input.fasta))
    search = Fitted.load(Path(snakemake.input.fitted)).motif
    if snakemake.params.get("middles"):
        search = MotifSearch(search.odds)
    read = partial(search.read, tracks)
    write_scores(Path(snakemake.output[0]), tracks, snakemake.params.chromosomes, read)
