import os
from pathlib import Path

from job import job

with job(snakemake.log[0], snakemake.input):
    os.environ["NUMBA_NUM_THREADS"] = str(snakemake.threads)  # read when it is imported

    from leopard.interpretation.motif_patterns import find_patterns

    find_patterns(Path(snakemake.input.h5), Path(snakemake.output[0]))
