from pathlib import Path

import pandas as pd
from job import job
from leopard.decoding.peaks import count_distances, judge_calls
from leopard.genome.formats import NARROWPEAK, read_table
from leopard.genome.tracks import Tracks

with job(snakemake.log[0]):
    files, params = snakemake.input, snakemake.params
    calls, counts = iter(files.calls), iter(files.counts)
    measures, distances = [], []
    for cell_line, labels in zip(params.cell_lines, files.labels, strict=True):
        tracks = Tracks(Path(files.fasta), labels=Path(labels), excluded=Path(files.excluded))
        for model in params.models:
            table = read_table(next(calls), NARROWPEAK)
            judged, distance = judge_calls(table, tracks, params.chromosomes)
            who = {"cell_line": cell_line, "model": model}
            of_all = read_table(next(counts)).to_dict("records")[0]
            measures.append(who | judged | of_all)
            distances.append(count_distances(distance).assign(**who))
    pd.DataFrame(measures).to_csv(
        snakemake.output.measures, sep="\t", index=False, na_rep="NA", float_format="%.6g"
    )
    pd.concat(distances).to_csv(snakemake.output.distances, sep="\t", index=False)
