from pathlib import Path

import pandas as pd
import pyBigWig
from job import job
from leopard.decoding.peaks import call_peaks, count_calls, set_excluded_apart, write_narrowpeak
from leopard.genome.formats import read_table
from leopard.genome.tracks import Tracks, read_bigwig

with job(snakemake.log[0]):
    threshold = read_table(snakemake.input.thresholds)["threshold"].item()
    with pyBigWig.open(snakemake.input.prediction) as prediction:
        peaks = pd.concat(
            call_peaks(chrom, read_bigwig(prediction, chrom, 0, size), threshold)
            for chrom, size in prediction.chroms().items()
        )
    tracks = Tracks(Path(snakemake.input.fasta), excluded=Path(snakemake.input.excluded))
    kept, excluded = set_excluded_apart(peaks, tracks)
    if snakemake.params.excluded_calls == "mark":
        kept = pd.concat([kept, excluded.assign(name=excluded["name"] + "_excluded")])
    write_narrowpeak(Path(snakemake.output.calls), kept)
    count_calls(kept, excluded).to_csv(snakemake.output.counts, sep="\t", index=False)
