from pathlib import Path

import numpy as np
from job import job
from leopard.interpretation.variant_examples import read_background, read_examples, read_letters
from leopard.report.style import save
from leopard.report.variant_figures import plot_variants, read_scores

with job(snakemake.log[0], snakemake.input):
    files, params = snakemake.input, snakemake.params
    examples, background = [], [np.empty(0)]
    drawn = [Path(x) for x in files.drawn]
    for path in (y for x in drawn for y in (sorted(x.glob("*.npz")) if x.is_dir() else [x])):
        examples += read_examples(path)
        background += read_background(path)
    random = np.concatenate(background)
    shown = read_scores(Path(files.table), np.abs(random).max(initial=1e-3), examples)
    letters = read_letters(Path(files.letters))
    figure = plot_variants(shown, random, examples, letters, params.title, params.accessibility)
    save(figure, snakemake.output[0])
