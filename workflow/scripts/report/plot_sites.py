from pathlib import Path

from job import job
from leopard.evaluation.scores import open_scores
from leopard.genome.formats import NARROWPEAK, read_table
from leopard.inputs.signals import open_line
from leopard.report.site_figures import find_sites, plot_sites
from leopard.report.style import save

with job(snakemake.log[0]):
    files, params = snakemake.input, snakemake.params
    tracks = open_line(files.fasta, params.signals, files.labels, files.excluded)
    scores = {
        model: open_scores(model, [Path(path)], Path(files.fasta), 1.0)
        for model, path in zip(params.models, [*files.predictions, *files.motif], strict=True)
    }
    calls = read_table(files.calls, NARROWPEAK)
    threshold = read_table(files.threshold)["threshold"].item()
    sites = find_sites(tracks, scores, calls, params.chromosomes)
    title = f"{params.title}: calls of {params.models[0]}"
    signal = f"{tracks.arrays[0]} ({params.unit})"
    save(plot_sites(sites, threshold, title, signal), snakemake.output[0])
