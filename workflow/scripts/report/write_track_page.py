from pathlib import Path

from job import job
from leopard.evaluation.scores import open_scores
from leopard.genome.formats import NARROWPEAK, read_motif, read_table
from leopard.inputs.signals import open_line
from leopard.report.track_page import render_tracks
from leopard.report.track_slices import Line

with job(snakemake.log[0]):
    files, params = snakemake.input, snakemake.params
    predictions, calls = iter(files.predictions), iter(files.calls)
    lines = {}
    for name, own in params.lines.items():
        tracks = open_line(files.fasta, own["signals"], own["labels"], files.excluded)
        scores = {
            model: open_scores(model, [Path(next(predictions))], Path(files.fasta), 1.0)
            for model in params.models
        }
        called = {model: read_table(next(calls), NARROWPEAK) for model in params.models}
        lines[name] = Line(own["title"], tracks, own["labels"] is not None, scores, called)
    page = render_tracks(
        params.title,
        lines,
        params.chromosomes,
        params.units,
        {
            model: read_table(path)["threshold"].item()
            for model, path in zip(params.models, files.thresholds, strict=True)
        },
        read_motif(Path(files.motif[0]))[1] if files.motif else None,
        params.seed,
        Path(files.igv),
    )
    Path(snakemake.output[0]).write_text(page, encoding="utf-8")
