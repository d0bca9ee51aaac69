from pathlib import Path

import pyBigWig
from job import job
from leopard.decoding.bundle import open_bundle
from leopard.evaluation.scores import open_scores
from leopard.genome.formats import NARROWPEAK, read_table
from leopard.inputs.signals import open_line
from leopard.report.track_page import render_tracks
from leopard.report.track_slices import Line

with job(snakemake.log[0]):
    files, signals, model = snakemake.input, snakemake.params.signals, snakemake.wildcards.model
    bundle = open_bundle(files.bundle)
    about = bundle.manifest
    seen = list(about["tracks"])
    lines = {}
    for (name, own), prediction, calls in zip(
        signals.items(), files.predictions, files.calls, strict=True
    ):
        lines[name] = Line(
            f"{about['tf']} in {name}",
            open_line(files.fasta, {x: (own[x], []) for x in seen}),
            False,
            {model: open_scores(model, [Path(prediction)], Path(files.fasta), 1.0)},
            {model: read_table(calls, NARROWPEAK)},
        )
    with pyBigWig.open(files.predictions[0]) as bigwig:
        chromosomes = list(bigwig.chroms())
    page = render_tracks(
        f"{about['tf']}, by {model}: sites to browse",
        lines,
        chromosomes,
        dict.fromkeys(seen, "as given"),
        {model: bundle.threshold},
        bundle.motif,
        0,
        Path(files.igv),
    )
    Path(snakemake.output[0]).write_text(page, encoding="utf-8")
