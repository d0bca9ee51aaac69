import json
from pathlib import Path

from job import job
from leopard.decoding.bundle import open_bundle
from leopard.evaluation.new_line import judge_bundle
from leopard.genome.formats import NARROWPEAK, read_table

with job(snakemake.log[0]):
    files, params = snakemake.input, snakemake.params
    bundle = open_bundle(files.bundle)
    painted, table = judge_bundle(
        bundle,
        Path(files.fasta),
        {x: [Path(y) for y in params.signals[x]] for x in bundle.manifest["tracks"]},
        read_table(files.measures),
        read_table(files.calls, NARROWPEAK),
        params.other_genome,
    )
    table.to_csv(snakemake.output.table, sep="\t", index=False, float_format="%.5g")
    Path(snakemake.output.painted).write_text(json.dumps(painted) + "\n")
