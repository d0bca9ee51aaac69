import shutil
from pathlib import Path

from job import devices_of, job

with job(snakemake.log[0], snakemake.input):
    from leopard import devices

    devices.set_up(**devices_of(snakemake))

    from leopard.decoding.bundle import open_bundle
    from leopard.interpretation.explain import explain_with_bundle

    files, params, work = snakemake.input, snakemake.params, Path(snakemake.params.work)
    bundle = open_bundle(files.bundle)
    work.mkdir(parents=True, exist_ok=True)
    shutil.copy(files.calls, work / "binding.narrowPeak")
    written = explain_with_bundle(
        bundle,
        Path(files.fasta),
        {x: [Path(y) for y in params.signals[x]] for x in bundle.manifest["tracks"]},
        work,
        next(map(Path, files.sites), None),
        params.best,
        params.mutagenesis,
        params.other_genome,
    )
    for kind, path in written.items():
        shutil.move(path, snakemake.output[kind])
    shutil.rmtree(work)
