from pathlib import Path

import numpy as np
from job import job
from leopard.genome.formats import read_table
from leopard.report.style import save
from leopard.report.window_figures import count_accessibility, plot_accessibility, plot_windows
from leopard.report.window_tables import summarise_windows, windows_page

with job(snakemake.log[0]):
    files, params, output = snakemake.input, snakemake.params, snakemake.output
    labels, signals = (
        {
            line: np.load(path, mmap_mode="r")
            for line, path in zip(params.cell_lines, paths, strict=True)
        }
        for paths in (files.labels, files.signals)
    )
    summary = summarise_windows(read_table(files.windows), labels)
    summary.to_csv(output.summary, sep="\t", index=False, float_format="%.6g")
    Path(output.table).write_text(windows_page(summary))
    save(plot_windows(summary), output.figure)
    histograms = {line: count_accessibility(signals[line], labels[line]) for line in signals}
    save(plot_accessibility(histograms, params.unit), output.accessibility)
