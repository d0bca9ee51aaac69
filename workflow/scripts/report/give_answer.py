from pathlib import Path

from job import job
from leopard.evaluation.answer import compare_accessibility, tabulate_answer
from leopard.genome.formats import read_table
from leopard.inputs.signals import read_measures, read_scale
from leopard.report.answer_page import render_answer
from leopard.report.html import render_page

with job(snakemake.log[0]):
    files, output, params = snakemake.input, snakemake.output, snakemake.params
    measures = {
        line: read_measures(path) * (read_scale([path]) if params.scaled else 1)
        for line, path in zip(params.measured, files.measures, strict=True)
    }
    answer = tabulate_answer(
        {line: read_table(path) for line, path in zip(params.roles, files.metrics, strict=True)},
        params.baselines,
        read_table(files.calls),
        compare_accessibility(measures, params.trained_on) if measures else {},
    )
    answer.to_csv(output.table, sep="\t", index=False, na_rep="NA", float_format="%.6g")
    rendered = render_answer(answer, params.roles)
    # Beside it the start page draws the workflow, which a wide table would run into.
    Path(output.rendered).write_text(f'<div style="overflow-x: auto">{rendered}</div>')
    Path(output.page).write_text(render_page(params.title, rendered))
