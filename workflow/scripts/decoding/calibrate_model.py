from pathlib import Path

from job import devices_of, job

with job(snakemake.log[0], snakemake.input):
    from leopard import devices

    devices.set_up(**devices_of(snakemake))

    from leopard import models
    from leopard.decoding import calibration
    from leopard.decoding.decoder import Decoder
    from leopard.evaluation.scores import count_pieces
    from leopard.genome.tracks import Tracks
    from leopard.inputs.signals import open_line
    from leopard.metrics import ScoreCounts
    from leopard.models.precision import suit

    files, params, prediction = snakemake.input, snakemake.params, snakemake.config["prediction"]
    decoder = Decoder(
        suit([models.load(Path(x)) for x in files.models], params.precision),
        prediction["tile_length"],
        prediction["batch_size"],
        params.both_strands,
    )
    fasta, excluded = Path(files.fasta), Path(files.excluded)
    counts = ScoreCounts()
    for line, signals in params.signals.items():
        seen = open_line(fasta, signals)
        sizes = {chrom: seen.chrom_sizes[chrom] for chrom in params.chromosomes}
        decoded = ((chrom, tile.keep_start, x) for chrom, tile, x in decoder.decode(seen, sizes))
        labels = Tracks(fasta, labels=Path(params.labels[line]), excluded=excluded)
        counts += count_pieces(decoded, labels)
    fitted = calibration.fit(counts)
    origin = {"cell_lines": list(params.signals), "chromosomes": list(params.chromosomes)}
    described = calibration.describe(fitted, counts)
    calibration.write(Path(snakemake.output[0]), fitted, origin | described)
