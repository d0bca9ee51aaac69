from pathlib import Path

from job import decoder_of, devices_of, job

with job(snakemake.log[0], snakemake.input):
    from leopard import devices

    devices.set_up(**devices_of(snakemake))

    from leopard.genome.tracks import Tracks
    from leopard.inputs.signals import open_line
    from leopard.interpretation.contribution_sites import judge_sites
    from leopard.interpretation.explain import explain_sites, find_sites

    files, params = snakemake.input, snakemake.params
    tracks = open_line(files.fasta, params.signals)
    decoder = decoder_of(snakemake)
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
