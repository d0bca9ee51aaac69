from pathlib import Path

from job import devices_of, job

with job(snakemake.log[0]):
    from leopard import devices

    found = devices.set_up(**devices_of(snakemake))

    from leopard import models
    from leopard.comparison.anchor import load_trees, open_anchor
    from leopard.comparison.compare import tabulate_speed, time_contest, time_middle
    from leopard.comparison.factornet import open_factornet
    from leopard.decoding.decoder import Decoder
    from leopard.genome.tracks import Tracks
    from leopard.inputs.signals import open_line

    files, params, prediction = snakemake.input, snakemake.params, snakemake.config["prediction"]
    tracks = open_line(files.fasta, params.main)
    size = tracks.chrom_sizes[params.chrom]
    runs, done = {}, {}
    for (name, signals), path in zip(params.signals.items(), files.networks, strict=True):
        tile, batch = prediction["tile_length"], prediction["batch_size"]
        decoder = Decoder([models.load(Path(path))], tile, batch, both_strands=True)
        seen = open_line(files.fasta, signals)
        runs[name] = lambda x=decoder, y=seen: list(x.decode(y, {params.chrom: size}))
    slow = {"factornet": open_factornet([models.load(Path(files.factornet))], tracks)}
    if files.anchor:
        hits = Tracks(Path(files.fasta), [Path(x) for x in files.hits])
        slow["anchor"] = open_anchor([load_trees(Path(files.anchor))], tracks, hits)
    for name, model in slow.items():
        runs[name], done[name] = time_middle(model, params.chrom, size)
    speed = tabulate_speed(time_contest(runs), done, size).assign(device=found["device"])
    speed.to_csv(snakemake.output[0], sep="\t", index=False, float_format="%.6g")
