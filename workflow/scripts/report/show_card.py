from pathlib import Path

from job import job
from leopard.decoding.bundle import open_bundle
from leopard.report.decoding_pages import card_page

with job(snakemake.log[0]):
    Path(snakemake.output[0]).write_text(card_page(open_bundle(snakemake.input[0])))
