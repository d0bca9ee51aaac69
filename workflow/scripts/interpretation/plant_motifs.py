from pathlib import Path

import numpy as np
from job import decoder_of, devices_of, job

with job(snakemake.log[0], snakemake.input):
    from leopard import devices

    devices.set_up(**devices_of(snakemake))

    from leopard.decoding import calibration
    from leopard.genome.formats import read_motif
    from leopard.inputs.signals import open_line
    from leopard.interpretation.planted_motifs import (
        Planter,
        draw_backgrounds,
        lay_out,
        measure_profile,
        plant_motifs,
    )

    files, params = snakemake.input, snakemake.params
    lines = [open_line(files.fasta, x, excluded=files.excluded) for x in params.signals]
    decoder = decoder_of(snakemake)
    word = read_motif(Path(files.motif[0]))[1].argmax(axis=0).astype(np.uint8)
    window = lay_out(decoder, len(word))
    maps = [calibration.read(Path(x)) for x in files.calibration]
    planter = Planter(
        decoder,
        maps[0] if maps else np.asarray,
        word,
        draw_backgrounds(lines[0], params.chromosomes, window.length, params.seed),
        measure_profile([*zip(lines, map(Path, files.calls), strict=True)], window.length),
        window,
    )
    plant_motifs(planter, Path(snakemake.output[0]))
