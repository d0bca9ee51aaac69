from pathlib import Path
from tempfile import TemporaryDirectory

from job import job
from leopard.decoding.bundle import open_bundle
from leopard.evaluation.judged import exclude_unjudged, find_roles, judge_labelled
from leopard.genome.tracks import Signal, Tracks

with job(snakemake.log[0]), TemporaryDirectory(prefix="leopard-") as directory:
    files, params, fasta = snakemake.input, snakemake.params, Path(snakemake.input.fasta)
    bundle, regions = open_bundle(files.bundle), [Path(x) for x in files.regions]
    roles = find_roles(bundle, fasta, params.chromosomes, regions, params.seen)
    main = next(iter(bundle.manifest["tracks"]))
    tracks = Tracks(
        fasta,
        {main: Signal([Path(x) for x in params.signals[main]])},
        Path(files.labels),
        exclude_unjudged(bundle, fasta, roles, regions, params.other_genome, Path(directory)),
    )
    judged = judge_labelled(
        snakemake.wildcards.model, bundle, tracks, Path(files.prediction), roles, params.flank
    )
    for kind, table in zip(("metrics", "curves", "reliability"), judged, strict=True):
        table.to_csv(snakemake.output[kind], sep="\t", index=False, float_format="%.6g")
