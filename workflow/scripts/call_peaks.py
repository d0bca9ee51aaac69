from pathlib import Path

import pandas as pd
import pyBigWig
from job import job
from leopard.formats import read_table
from leopard.peaks import call_peaks, write_narrowpeak
from leopard.tracks import read_bigwig

with job(snakemake.log[0]):
    threshold = read_table(snakemake.input.thresholds)["threshold"].item()
    with pyBigWig.open(snakemake.input.prediction) as prediction:
        peaks = pd.concat(
            call_peaks(chrom, read_bigwig(prediction, chrom, 0, size), threshold)
            for chrom, size in prediction.chroms().items()
        )
    write_narrowpeak(Path(snakemake.output[0]), peaks)
