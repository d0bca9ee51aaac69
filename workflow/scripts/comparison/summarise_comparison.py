from pathlib import Path

import pandas as pd
from job import job
from leopard.genome.formats import read_table
from leopard.report.comparison_figures import comparison_page, plot_comparison, plot_speed
from leopard.report.style import save

with job(snakemake.log[0]):
    files, output, params = snakemake.input, snakemake.output, snakemake.params
    metrics = pd.concat(
        [
            read_table(path).assign(cell_line=line)
            for line, path in zip(params.roles, files.metrics, strict=True)
        ],
        ignore_index=True,
    )
    metrics.insert(0, "cell_line", metrics.pop("cell_line"))
    metrics.to_csv(output.summary, sep="\t", index=False, na_rep="NA", float_format="%.6g")
    Path(output.table).write_text(comparison_page(metrics, params.roles))
    save(plot_comparison(metrics), output.figure)
    save(plot_speed(read_table(files.speed), params.chrom), output.speed)
