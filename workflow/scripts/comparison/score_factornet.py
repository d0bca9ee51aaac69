from pathlib import Path

from job import devices_of, job

with job(snakemake.log[0]):
    from leopard import devices

    devices.set_up(**devices_of(snakemake))

    import numpy as np
    from leopard import models
    from leopard.comparison.factornet import open_factornet
    from leopard.comparison.samples import score_sample
    from leopard.genome.tracks import Tracks
    from leopard.inputs.signals import open_line

    files, params = snakemake.input, snakemake.params
    tracks = open_line(files.fasta, params.signals)
    model = open_factornet([models.load(Path(x)) for x in files.models], tracks)
    labels = Tracks(Path(files.fasta), labels=Path(files.labels), excluded=Path(files.excluded))
    of_bins, bases = score_sample(model, labels, params.chromosomes, params.bases, params.seed)
    np.savez(snakemake.output.bins, **of_bins)
    bases.to_csv(snakemake.output.bases, sep="\t", index=False)
