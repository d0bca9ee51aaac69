from pathlib import Path

from job import decoder_of, devices_of, job

with job(snakemake.log[0], snakemake.input):
    from leopard import devices

    devices.set_up(**devices_of(snakemake))

    from leopard.decoding import calibration
    from leopard.evaluation.scores import count_pieces
    from leopard.genome.tracks import Tracks
    from leopard.inputs.signals import open_line
    from leopard.metrics import ScoreCounts

    files, params = snakemake.input, snakemake.params
    decoder = decoder_of(snakemake, params.precision)
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
