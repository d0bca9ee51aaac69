import json
from pathlib import Path

from job import job
from leopard.decoding.bundle import open_bundle
from leopard.report.likeness_pages import plot_profile
from leopard.report.style import save

with job(snakemake.log[0]):
    files, names = snakemake.input, snakemake.wildcards
    painted = json.loads(Path(files.painted).read_text())
    figure = plot_profile(open_bundle(files.bundle).manifest, painted, names.cell_line)
    save(figure, snakemake.output[0])
