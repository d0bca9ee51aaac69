from pathlib import Path

import pandas as pd
from job import job
from leopard.decoding.peaks import call_track, count_calls, set_excluded_apart, write_narrowpeak
from leopard.genome.formats import read_table
from leopard.genome.tracks import Tracks

with job(snakemake.log[0]):
    threshold = read_table(snakemake.input.thresholds)["threshold"].item()
    peaks = call_track(Path(snakemake.input.prediction), threshold)
    tracks = Tracks(Path(snakemake.input.fasta), excluded=Path(snakemake.input.excluded))
    kept, excluded = set_excluded_apart(peaks, tracks)
    if snakemake.params.excluded_calls == "mark":
        kept = pd.concat([kept, excluded.assign(name=excluded["name"] + "_excluded")])
    write_narrowpeak(Path(snakemake.output.calls), kept)
    count_calls(kept, excluded).to_csv(snakemake.output.counts, sep="\t", index=False)
