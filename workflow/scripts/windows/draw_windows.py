from pathlib import Path

from job import job
from leopard.genome.formats import read_table
from leopard.genome.tracks import read_chrom_sizes
from leopard.windows import competition
from leopard.windows.draw import draw_splits

with job(snakemake.log[0]):
    params = snakemake.params
    draw = params.chromosomes, params.counts, params.length, params.seed
    if params.strategy == "apac2022":
        fasta = Path(snakemake.input[0].removesuffix(".fai"))
        windows = competition.draw_splits(read_chrom_sizes(fasta), *draw)
    else:
        windows = draw_splits(read_table(snakemake.input[0]), *draw)
    windows.to_csv(snakemake.output[0], sep="\t", index=False)
