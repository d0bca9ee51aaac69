from pathlib import Path

import numpy as np
from job import job
from leopard.genome.formats import read_table
from leopard.report.style import save
from leopard.report.window_figures import count_signal, plot_signal, plot_windows
from leopard.report.window_tables import summarise_windows, windows_page

with job(snakemake.log[0]):
    files, params, output = snakemake.input, snakemake.params, snakemake.output
    labels = {
        line: np.load(path, mmap_mode="r")
        for line, path in zip(params.cell_lines, files.labels, strict=True)
    }
    summary = summarise_windows(read_table(files.windows), labels)
    summary.to_csv(output.summary, sep="\t", index=False, float_format="%.6g")
    Path(output.table).write_text(windows_page(summary))
    save(plot_windows(summary), output.figure)
    signals = iter(files.signals)
    for (track, unit), figure in zip(params.tracks.items(), output.signals, strict=True):
        histograms = {
            line: count_signal(np.load(next(signals), mmap_mode="r"), own)
            for line, own in labels.items()
        }
        save(plot_signal(histograms, f"{track} ({unit})"), figure)
