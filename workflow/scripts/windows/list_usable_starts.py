from pathlib import Path

import pandas as pd
from job import job
from leopard.genome.formats import read_bed
from leopard.genome.tracks import read_chrom_sizes
from leopard.windows.draw import list_usable_starts

with job(snakemake.log[0]):
    fasta = Path(snakemake.input.fasta)
    sizes = read_chrom_sizes(fasta)
    blacklist = pd.concat(
        [
            pd.DataFrame({"chrom": [], "start": [], "end": []}),
            *(read_bed(Path(path), sizes) for path in snakemake.input.exclusions),
        ]
    )
    usable = list_usable_starts(
        fasta,
        snakemake.params.chromosomes,
        blacklist,
        snakemake.params.length,
        snakemake.params.max_n_fraction,
    )
    usable.to_csv(snakemake.output[0], sep="\t", index=False)
