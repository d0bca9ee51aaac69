from functools import partial
from pathlib import Path

from job import devices_of, job

with job(snakemake.log[0]):
    from leopard import devices

    devices.set_up(**devices_of(snakemake))

    import numpy as np
    import pandas as pd
    from leopard import models
    from leopard.decoding import calibration
    from leopard.decoding.decoder import predict_windows
    from leopard.evaluation.scores import count_windows
    from leopard.genome.formats import read_table
    from leopard.inputs.signals import open_line
    from leopard.metrics import summarise
    from leopard.models.precision import suit

    files, params = snakemake.input, snakemake.params
    networks = suit([models.load(Path(x)) for x in files.models], params.precision)
    calibrate = next((calibration.read(Path(x)) for x in files.calibration), np.asarray)
    predict = partial(predict_windows, networks, both_strands=params.both_strands)
    threshold = read_table(files.threshold)["threshold"].item()
    windows = read_table(files.windows).query("split == 'test'")
    rows = []
    for line, signals in params.signals.items():
        tracks = open_line(files.fasta, signals, params.labels[line], files.excluded)
        measures = summarise(
            count_windows(lambda *x: calibrate(predict(*x)), tracks, windows), threshold
        )
        rows.append({"cell_line": line, "model": snakemake.wildcards.model, **measures})
    pd.DataFrame(rows).to_csv(snakemake.output[0], sep="\t", index=False)
