from pathlib import Path

from job import job
from leopard.decoding.bundle import open_bundle
from leopard.report.decoding_pages import compare_signals, decoding_page, summarise_decoding

with job(snakemake.log[0]):
    files, params = snakemake.input, snakemake.params
    bundles = dict(zip(params.models, map(open_bundle, files.bundles), strict=True))
    tracks, calls, measures = (
        [Path(x) for x in paths] for paths in (files.tracks, files.calls, files.measures)
    )
    summary = summarise_decoding(params.decoded, bundles, tracks, calls)
    signals = compare_signals(params.decoded, bundles, measures)
    summary.to_csv(snakemake.output.summary, sep="\t", index=False)
    signals.to_csv(snakemake.output.signals, sep="\t", index=False)
    Path(snakemake.output.page).write_text(decoding_page(summary, signals))
