from pathlib import Path

from job import job
from leopard.exclusions import exclude_outside, write_bed
from leopard.formats import read_bed
from leopard.tracks import read_chrom_sizes

with job(snakemake.log[0]):
    files, fasta = snakemake.input, Path(snakemake.input.fasta)
    excluded = read_bed(Path(files.excluded), read_chrom_sizes(fasta))
    chromosomes = snakemake.params.chromosomes
    unjudged = exclude_outside(fasta, excluded, Path(files.regions[0]), chromosomes)
    write_bed(Path(snakemake.output[0]), unjudged)
