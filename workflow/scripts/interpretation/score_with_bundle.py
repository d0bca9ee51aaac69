import shutil
from pathlib import Path

from job import devices_of, job

with job(snakemake.log[0], snakemake.input):
    from leopard import devices

    devices.set_up(**devices_of(snakemake))

    from leopard.decoding.bundle import open_bundle
    from leopard.interpretation.alleles import Settings
    from leopard.interpretation.variants import score_with_bundle

    files, params, work = snakemake.input, snakemake.params, Path(snakemake.params.work)
    bundle = open_bundle(files.bundle)
    written = score_with_bundle(
        bundle,
        Path(files.fasta),
        {x: [Path(y) for y in params.signals[x]] for x in bundle.manifest["tracks"]},
        Path(files.variants[0]),
        work,
        Settings(**params.settings),
        params.keep_mismatches,
        params.other_genome,
        keep_drawn=True,
    )
    if snakemake.output.get("index"):
        written["index"] = Path(f"{written['vcf']}.tbi")
    for kind, path in written.items():
        shutil.move(path, snakemake.output[kind])
    shutil.rmtree(work.parent)
