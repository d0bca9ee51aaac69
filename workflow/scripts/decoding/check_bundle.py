from pathlib import Path

from job import job
from leopard.decoding.bundle_check import check_bundle

with job(snakemake.log[0]):
    files, params = snakemake.input, snakemake.params
    table = check_bundle(
        Path(files.bundle[0]),
        params.checksum,
        Path(files.fasta),
        params.lines,
        params.counted,
        next(map(Path, files.counted_as), None),
        params.other_genome,
    )
    table.to_csv(snakemake.output[0], sep="\t", index=False)
