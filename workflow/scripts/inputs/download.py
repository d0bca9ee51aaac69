from pathlib import Path

from job import job
from leopard.inputs.download import download

with job(snakemake.log[0]):
    source = snakemake.params.source
    download(source["url"], Path(snakemake.output[0]), source["checksum"])
