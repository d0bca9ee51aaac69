from pathlib import Path

import numpy as np
from job import job
from leopard.comparison.compare import compare_models
from leopard.evaluation.other_lines import average_labels
from leopard.evaluation.scores import ScoreTrack, open_scores
from leopard.genome.formats import read_table
from leopard.genome.tracks import Tracks
from leopard.inputs.signals import read_scale

with job(snakemake.log[0]):
    files, params = snakemake.input, snakemake.params
    fasta = Path(files.fasta)
    excluded, scale = Path(files.excluded), read_scale(files.scale)
    others = [Tracks(fasta, labels=Path(x), excluded=excluded) for x in files.others]
    dense = {
        model: open_scores(model, [Path(x) for x in paths], fasta, scale)
        for model, paths in params.files.items()
    }
    if others:
        dense["other_lines"] = ScoreTrack(average_labels(others), probabilities=False)
    metrics = compare_models(
        dense,
        {
            Path(of_bins).stem: (np.load(of_bins), read_table(bases))
            for of_bins, bases in zip(files.bins, files.bases, strict=True)
        },
        Tracks(fasta, labels=Path(files.labels), excluded=excluded),
        others,
        params.chromosomes,
    )
    metrics.to_csv(snakemake.output[0], sep="\t", index=False, na_rep="NA", float_format="%.6g")
