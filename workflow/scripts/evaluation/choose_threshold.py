from pathlib import Path

import pandas as pd
from job import job
from leopard.evaluation.evaluate import choose_threshold
from leopard.evaluation.scores import open_scores
from leopard.genome.tracks import Tracks
from leopard.inputs.signals import read_scale

with job(snakemake.log[0]):
    params, scored = snakemake.params, snakemake.wildcards.scored
    fasta = Path(snakemake.input.fasta)
    pairs = [
        (
            open_scores(scored, [Path(x) for x in files], fasta, read_scale(scale)),
            Tracks(fasta, labels=Path(labels), excluded=Path(snakemake.input.excluded)),
        )
        for files, scale, labels in zip(
            params.files, params.scales, snakemake.input.labels, strict=True
        )
    ]
    threshold = choose_threshold(pairs, params.chromosomes, params.length)
    table = pd.DataFrame({"model": [scored], "threshold": [threshold]})
    table.to_csv(snakemake.output[0], sep="\t", index=False)
