from pathlib import Path

import yaml
from job import job
from leopard.experiments.outcomes import choose, read_trials

with job(snakemake.log[0]):
    trials = read_trials([Path(x) for x in snakemake.input])
    trials.to_csv(snakemake.output.table, sep="\t", index=False)
    best = choose(trials)
    change = snakemake.params.changes[str(best)]
    Path(snakemake.output.best).write_text(yaml.safe_dump(change))
