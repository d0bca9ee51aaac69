import shutil
from pathlib import Path

import pandas as pd
from job import devices_of, job

with job(snakemake.log[0], snakemake.input):
    from leopard import devices

    devices.set_up(**devices_of(snakemake))

    from leopard.decoding.apply import apply_bundle
    from leopard.decoding.bundle import open_bundle
    from leopard.genome.formats import read_bed, read_table
    from leopard.genome.tracks import iterate_regions, read_chrom_sizes

    files, params, work = snakemake.input, snakemake.params, Path(snakemake.params.work)
    fasta, bundle = Path(files.fasta), open_bundle(files.bundle, precision=params.precision)
    seen = {track: params.signals[track] for track in bundle.manifest["tracks"]}
    regions = [
        region
        for bed in files.regions
        for region in iterate_regions(read_bed(Path(bed), read_chrom_sizes(fasta)))
    ]
    written = apply_bundle(
        bundle,
        fasta,
        {track: [Path(x) for x in paths] for track, paths in seen.items()},
        work,
        params.chromosomes or None,
        regions or None,
        params.other_genome,
    )
    measures = pd.concat(read_table(work / f"{track}.measures.tsv") for track in seen)
    measures.to_csv(snakemake.output.measures, sep="\t", index=False)
    for kind, path in written.items():
        shutil.move(path, snakemake.output[kind])
    shutil.rmtree(work)
