from pathlib import Path

from job import job
from leopard.evaluation.fitted import fit_baselines, list_searches
from leopard.evaluation.motif_scores import log_odds, measure_background
from leopard.genome.formats import read_motif
from leopard.inputs.signals import open_line
from threadpoolctl import threadpool_limits

with job(snakemake.log[0]), threadpool_limits(snakemake.threads):
    files, params = snakemake.input, snakemake.params
    training, validation = (
        [open_line(files.fasta, signals, labels, excluded) for signals, labels in cell_lines]
        for cell_lines, excluded in (
            (params.training, files.excluded),
            (params.validation, files.unjudged),
        )
    )
    searches = []
    if files.motif:
        every = [chrom for split in params.chromosomes.values() for chrom in split]
        background = measure_background(training[0], every)
        odds = log_odds(read_motif(Path(files.motif[0]))[1], background)
        searches = list_searches(
            odds, params.mode, params.flank, training, params.chromosomes["train"]
        )
    fitted, tried = fit_baselines(training, validation, params.chromosomes, searches, params.seed)
    fitted.save(Path(snakemake.output.fitted))
    tried.to_csv(snakemake.output.tried, sep="\t", index=False, float_format="%.6g")
