from pathlib import Path

import numpy as np
import pandas as pd
from job import job
from leopard.decoding import calibration
from leopard.evaluation.evaluate import evaluate
from leopard.evaluation.scores import open_scores
from leopard.genome.formats import read_table
from leopard.genome.tracks import Tracks
from leopard.inputs.signals import read_scale

with job(snakemake.log[0]):
    params, fasta = snakemake.params, Path(snakemake.input.fasta)
    scale, excluded = read_scale(snakemake.input.scale), Path(snakemake.input.excluded)
    thresholds = pd.concat(read_table(x) for x in snakemake.input.thresholds)
    windows = read_table(snakemake.input.windows).query("split == 'test'")
    metrics, curves, reliability = evaluate(
        {
            model: open_scores(model, [Path(x) for x in files], fasta, scale)
            for model, files in params.files.items()
        },
        thresholds.set_index("model")["threshold"].to_dict(),
        Tracks(fasta, labels=Path(snakemake.input.labels), excluded=excluded),
        params.chromosomes,
        windows,
        dict.fromkeys(params.models, np.asarray)
        | {
            model: calibration.read(Path(x)).invert
            for model, x in zip(params.calibrated, snakemake.input.calibrations, strict=True)
        },
        [Tracks(fasta, labels=Path(x), excluded=excluded) for x in snakemake.input.others],
    )
    metrics.to_csv(snakemake.output.metrics, sep="\t", index=False)
    curves.to_csv(snakemake.output.curves, sep="\t", index=False, float_format="%.6g")
    reliability.to_csv(snakemake.output.reliability, sep="\t", index=False, float_format="%.6g")
