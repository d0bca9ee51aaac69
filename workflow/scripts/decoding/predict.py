from pathlib import Path

from job import devices_of, job

with job(snakemake.log[0], snakemake.input):
    from leopard import devices

    devices.set_up(**devices_of(snakemake))

    from leopard import models
    from leopard.decoding import calibration
    from leopard.decoding.decoder import Decoder
    from leopard.decoding.track import decode_genome
    from leopard.inputs.signals import open_line
    from leopard.models.precision import suit

    params = snakemake.params
    tracks = open_line(snakemake.input.fasta, params.signals)
    decoder = Decoder(
        suit([models.load(Path(x)) for x in snakemake.input.models], params.precision),
        # From the config, not params: they change the speed alone, so no job reruns for them.
        snakemake.config["prediction"]["tile_length"],
        snakemake.config["prediction"]["batch_size"],
        params.both_strands,
    )
    sizes = {chrom: tracks.chrom_sizes[chrom] for chrom in params.chromosomes}
    output, parts = Path(snakemake.output[0]), Path(params.parts)
    calibrate = [calibration.read(Path(x)) for x in snakemake.input.calibration]
    decode_genome(decoder, tracks, sizes, params.background, output, parts, *calibrate)
