from pathlib import Path

from job import job
from leopard.genome.chromosomes import choose_chromosomes
from leopard.genome.tracks import read_chrom_sizes
from leopard.inputs.checks import check_signals

with job(snakemake.log[0]):
    fasta, chromosomes = Path(snakemake.input.fasta), snakemake.params.chromosomes
    table = check_signals(
        fasta,
        snakemake.wildcards.cell_line,
        snakemake.wildcards.track,
        [Path(x) for x in snakemake.input.signals],
        chromosomes or choose_chromosomes(read_chrom_sizes(fasta)),
        some_missing=not chromosomes,  # nobody named them
    )
    table.to_csv(snakemake.output[0], sep="\t", index=False)
