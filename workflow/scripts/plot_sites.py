from pathlib import Path

from job import job
from leopard.evaluation import open_scores
from leopard.figures import find_sites, plot_sites, save
from leopard.formats import read_table
from leopard.peaks import NARROWPEAK
from leopard.tracks import Tracks

with job(snakemake.log[0]):
    files, params = snakemake.input, snakemake.params
    fasta = Path(files.fasta)
    tracks = Tracks(fasta, [Path(x) for x in files.signals], Path(files.labels), params.scaling)
    scores = {
        model: open_scores(model, [Path(path)], fasta, params.scaling)
        for model, path in zip(params.models, [*files.predictions, *files.motif], strict=True)
    }
    calls = read_table(files.calls, NARROWPEAK)
    threshold = read_table(files.threshold)["threshold"].item()
    sites = find_sites(tracks, scores, calls, params.chromosomes)
    title = f"{params.title}: calls of {params.models[0]}"
    save(plot_sites(sites, threshold, title, params.unit), snakemake.output[0])
