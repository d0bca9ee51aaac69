from pathlib import Path

import pandas as pd
from job import job
from leopard.answer import compare_accessibility, render_answer, tabulate_answer
from leopard.signals import read_scale
from leopard.tables import render_page

with job(snakemake.log[0]):
    files, output, params = snakemake.input, snakemake.output, snakemake.params
    measures = {
        line: pd.read_csv(path, sep="\t").iloc[0, 1:] * (read_scale([path]) if params.scaled else 1)
        for line, path in zip(params.measured, files.measures, strict=True)
    }
    answer = tabulate_answer(
        {
            line: pd.read_csv(path, sep="\t")
            for line, path in zip(params.roles, files.metrics, strict=True)
        },
        params.baselines,
        pd.read_csv(files.calls, sep="\t"),
        compare_accessibility(measures, params.trained_on) if measures else {},
    )
    answer.to_csv(output.table, sep="\t", index=False, na_rep="NA", float_format="%.6g")
    rendered = render_answer(answer, params.roles)
    Path(output.rendered).write_text(rendered)
    Path(output.page).write_text(render_page(params.title, rendered))
