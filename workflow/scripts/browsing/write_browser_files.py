import os
from pathlib import Path

from job import job
from leopard.browsing.browser import (
    ACCESSIBILITY_COLOUR,
    LABEL_COLOUR,
    BrowserTrack,
    choose_locus,
    signal_limit,
    write_bigbed,
    write_hub,
    write_igv_session,
)
from leopard.genome.formats import NARROWPEAK, read_table
from leopard.genome.tracks import read_chrom_sizes
from leopard.report.style import model_colours

with job(snakemake.log[0]):
    params, fasta = snakemake.params, Path(snakemake.input.fasta)
    session = Path(snakemake.output.session)
    colours = model_colours(params.models)
    chrom_sizes = read_chrom_sizes(fasta)
    tracks, calls = [], {}
    for line, kind, name, path in params.tracks:
        path = Path(path)
        if kind == "signal":
            limits = (0.0, signal_limit(path))
            tracks.append(BrowserTrack(line, name, path, ACCESSIBILITY_COLOUR, limits))
        elif kind == "labels":
            tracks.append(BrowserTrack(line, name, path, LABEL_COLOUR, (-1.0, 1.0)))
        elif kind == "calls":
            calls[path] = read_table(path, NARROWPEAK)
            if len(calls[path]):  # neither browser opens a file of none
                tracks.append(BrowserTrack(line, name, path, colours[name.split()[-1]], None))
        else:
            tracks.append(BrowserTrack(line, name, path, colours[name], (0.0, 1.0)))
    locus = choose_locus(next(iter(calls.values())), params.chrom, chrom_sizes[params.chrom])
    genome = params.assembly or os.path.relpath(fasta, session.parent)
    write_igv_session(session, genome, locus, tracks)
    if params.assembly:
        sites = Path(snakemake.output.calls)
        sites.mkdir()
        shown = []
        for track in tracks:
            if track.path in calls:
                bigbed = sites / f"{len(shown)}.bigBed"
                write_bigbed(bigbed, calls[track.path], chrom_sizes)
                track = track._replace(path=bigbed)
            shown.append(track)
        write_hub(session.parent, params.study, params.title, params.assembly, shown)
