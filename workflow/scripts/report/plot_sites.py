from pathlib import Path

from job import job
from leopard.evaluation.scores import open_scores
from leopard.genome.formats import NARROWPEAK, read_table
from leopard.genome.tracks import Tracks
from leopard.inputs.signals import read_scale
from leopard.report.site_figures import find_sites, plot_sites
from leopard.report.style import save

with job(snakemake.log[0]):
    files, params = snakemake.input, snakemake.params
    fasta = Path(files.fasta)
    scale, excluded = read_scale(files.scale), Path(files.excluded)
    signals = [Path(x) for x in files.signals]
    tracks = Tracks(fasta, signals, Path(files.labels), scale, excluded=excluded)
    scores = {
        model: open_scores(model, [Path(path)], fasta, scale)
        for model, path in zip(params.models, [*files.predictions, *files.motif], strict=True)
    }
    calls = read_table(files.calls, NARROWPEAK)
    threshold = read_table(files.threshold)["threshold"].item()
    sites = find_sites(tracks, scores, calls, params.chromosomes)
    title = f"{params.title}: calls of {params.models[0]}"
    save(plot_sites(sites, threshold, title, params.unit), snakemake.output[0])
