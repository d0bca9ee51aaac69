from pathlib import Path

from job import job
from leopard.checks import check_inputs

with job(snakemake.log[0]):
    table = check_inputs(
        Path(snakemake.input.fasta),
        snakemake.params.chromosomes,
        snakemake.params.decoded,
        snakemake.params.window_length,
        {line: [Path(x) for x in files] for line, files in snakemake.params.signals.items()},
        {line: Path(file) for line, file in snakemake.params.labels.items()},
        snakemake.params.label_mode,
        snakemake.params.required_labels,
        motif=next(map(Path, snakemake.input.motif), None),
        blacklist=next(map(Path, snakemake.input.blacklist), None),
    )
    table.to_csv(snakemake.output[0], sep="\t", index=False)
