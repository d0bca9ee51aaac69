from pathlib import Path

from job import job
from leopard.decoding.bundle import open_bundle
from leopard.evaluation.judged import find_roles
from leopard.inputs.checks import check_labels

with job(snakemake.log[0]):
    files, params, fasta = snakemake.input, snakemake.params, Path(snakemake.input.fasta)
    bundle, regions = open_bundle(files.bundle[0]), [Path(x) for x in files.regions]
    judged = list(find_roles(bundle, fasta, params.chromosomes, regions, params.seen))
    table = check_labels(
        fasta,
        snakemake.wildcards.cell_line,
        Path(files.labels[0]),
        params.mode,
        judged,
        {"test": judged},
    )
    table.to_csv(snakemake.output[0], sep="\t", index=False)
