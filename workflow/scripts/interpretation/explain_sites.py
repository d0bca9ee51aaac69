from pathlib import Path

from job import devices_of, job

with job(snakemake.log[0], snakemake.input):
    from leopard import devices

    devices.set_up(**devices_of(snakemake))

    from leopard import models
    from leopard.decoding.decoder import Decoder
    from leopard.genome.tracks import Tracks
    from leopard.inputs.signals import open_line
    from leopard.interpretation.contribution_sites import judge_sites
    from leopard.interpretation.explain import explain_sites, find_sites

    files, params = snakemake.input, snakemake.params
    tracks = open_line(files.fasta, params.signals)
    decoder = Decoder(
        [models.load(Path(x)) for x in files.models],
        # From the config, not params: they change the speed alone, so no job reruns for them.
        snakemake.config["prediction"]["tile_length"],
        snakemake.config["prediction"]["batch_size"],
        params.both_strands,
    )
    bed = next(map(Path, files.sites), None)
    sites = find_sites(Path(files.calls), bed, params.best, tracks.chrom_sizes)
    outcomes = None
    for path in files.labels:
        labels = Tracks(files.fasta, labels=Path(path), excluded=files.unjudged)
        outcomes = judge_sites(sites, labels)
    explain_sites(
        sites,
        decoder,
        tracks,
        params.chromosomes,
        params.mutagenesis,
        outcomes,
        Path(params.parts),
        Path(snakemake.output.table).parent,
    )
