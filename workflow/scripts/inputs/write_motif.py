from pathlib import Path

from job import job
from leopard.inputs.jaspar import write_motif

with job(snakemake.log[0]):
    write_motif(
        snakemake.params.matrix_id,
        Path(snakemake.scriptdir, "../../resources/motifs"),
        Path(snakemake.output[0]),
    )
