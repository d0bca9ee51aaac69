from pathlib import Path

from job import job
from leopard.inputs.simulate import simulate_genome

with job(snakemake.log[0]):
    simulate_genome(
        Path(snakemake.output.genome).parent,
        Path(snakemake.input.motif[0]),
        snakemake.params.seed,
        snakemake.params.cell_lines,
        snakemake.params.chromosomes,
        snakemake.params.as_reads,
    )
