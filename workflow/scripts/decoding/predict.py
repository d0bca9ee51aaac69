from pathlib import Path

from job import decoder_of, devices_of, job

with job(snakemake.log[0], snakemake.input):
    from leopard import devices

    devices.set_up(**devices_of(snakemake))

    from leopard.decoding import calibration
    from leopard.decoding.track import decode_genome
    from leopard.inputs.signals import open_line

    params = snakemake.params
    tracks = open_line(snakemake.input.fasta, params.signals)
    decoder = decoder_of(snakemake, params.precision)
    sizes = {chrom: tracks.chrom_sizes[chrom] for chrom in params.chromosomes}
    output, parts = Path(snakemake.output[0]), Path(params.parts)
    calibrate = [calibration.read(Path(x)) for x in snakemake.input.calibration]
    decode_genome(decoder, tracks, sizes, params.background, output, parts, *calibrate)
