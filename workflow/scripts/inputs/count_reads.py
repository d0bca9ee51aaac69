from pathlib import Path

from job import job
from leopard.genome.chromosomes import choose_chromosomes
from leopard.genome.tracks import read_chrom_sizes
from leopard.inputs.reads import count_reads

with job(snakemake.log[0], snakemake.input.reads):
    files, params = snakemake.input, snakemake.params
    sizes = read_chrom_sizes(Path(files.fai.removesuffix(".fai")))
    wanted = params.chromosomes or choose_chromosomes(sizes)
    settings = params.settings
    for bundle in files.bundle:
        from leopard.decoding.bundle import open_bundle
        from leopard.decoding.bundle_check import find_counting

        track, shift = snakemake.wildcards.track, settings["shift"]
        settings = find_counting(open_bundle(bundle), track, shift)
    count_reads(
        Path(snakemake.output[0]),
        Path(files.reads[0]),
        # One that is in no genome ends the run in check_genome.
        {chrom: sizes[chrom] for chrom in wanted if chrom in sizes},
        params.assay,
        settings,
        next(map(Path, files.barcodes), None),
        snakemake.wildcards.cell_line,
        snakemake.threads,
    )
