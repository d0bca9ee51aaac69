from pathlib import Path

from job import job
from leopard.inputs.exclusions import list_excluded, write_bed

with job(snakemake.log[0]):
    files, params = snakemake.input, snakemake.params
    fasta, beds = Path(files.fasta), [Path(x) for x in files.exclusions]
    excluded = list_excluded(fasta, beds, params.chromosomes, params.unknown)
    write_bed(Path(snakemake.output[0]), excluded)
