from pathlib import Path

from job import job
from leopard.genome.formats import read_bed
from leopard.genome.tracks import read_chrom_sizes
from leopard.inputs.exclusions import exclude_outside, write_bed

with job(snakemake.log[0]):
    files, fasta = snakemake.input, Path(snakemake.input.fasta)
    excluded = read_bed(Path(files.excluded), read_chrom_sizes(fasta))
    chromosomes = snakemake.params.chromosomes
    unjudged = exclude_outside(fasta, excluded, Path(files.regions[0]), chromosomes)
    write_bed(Path(snakemake.output[0]), unjudged)
