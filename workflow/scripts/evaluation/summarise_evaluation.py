import pandas as pd
from job import job
from leopard.evaluation.evaluate import SUMMARY
from leopard.genome.formats import read_table

with job(snakemake.log[0]):
    tables = [
        read_table(path).assign(cell_line=cell_line)
        for cell_line, path in zip(snakemake.params.cell_lines, snakemake.input, strict=True)
    ]
    summary = pd.concat(tables).query("scope == 'chromosomes'")
    summary[SUMMARY].to_csv(
        snakemake.output[0], sep="\t", index=False, na_rep="NA", float_format="%.6g"
    )
