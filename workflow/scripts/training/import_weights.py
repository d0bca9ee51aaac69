from pathlib import Path

from job import devices_of, job

with job(snakemake.log[0]):
    from leopard import devices

    devices.set_up(**devices_of(snakemake))

    from leopard import models
    from leopard.models.keras2 import load_weights

    model = models.build(prior=0.5, **snakemake.params.encoding)
    load_weights(model, Path(snakemake.input[0]))
    model.save(snakemake.output[0])
