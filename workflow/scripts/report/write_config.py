from html import escape
from pathlib import Path

import yaml
from job import job
from leopard.report.html import render_page

with job(snakemake.log[0]):
    text = yaml.safe_dump(snakemake.params.config, sort_keys=False, allow_unicode=True)
    page = render_page("Resolved configuration", f"<pre>{escape(text)}</pre>")
    Path(snakemake.output[0]).write_text(page)
