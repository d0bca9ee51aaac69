"""Sites explained, some at a time: the steps that a study and a bundle share."""

import hashlib
import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from leopard import PROGRESS, PROGRESS_INTERVAL
from leopard.decoding.bundle import Bundle
from leopard.decoding.cell_line import choose_chromosomes, open_cell_line
from leopard.decoding.decoder import Decoder
from leopard.decoding.parts import discard_parts, prepare_parts
from leopard.decoding.track import identify
from leopard.errors import InputError
from leopard.evaluation.motif_scores import measure_background
from leopard.genome.formats import new_file
from leopard.genome.tracks import Tracks
from leopard.interpretation.contribution_results import MEASURES, write_results
from leopard.interpretation.contribution_sites import (
    Layout,
    choose_calls,
    lay_out,
    read_sites,
)
from leopard.interpretation.contributions import Explainer, Windows
from leopard.interpretation.mutagenesis import average_loss, correlate_ranks, mutate
from leopard.study.explained import EXPLAINED

log = logging.getLogger(__name__)

PART = 32
"""Sites that are explained and kept together: a run that was stopped goes on from there."""

BATCH = 16
"""Windows that a network is given at once."""


def explain_sites(
    sites: pd.DataFrame,
    decoder: Decoder,
    tracks: Tracks,
    chromosomes: Sequence[str],
    mutagenesis: bool,
    outcomes: Sequence[str] | None,
    parts: Path,
    directory: Path,
) -> None:
    """Explain sites, and write what is found.

    Sites that are done are kept until all are, so that a run that was killed goes on from there if
    the networks, the signals, the sites and the settings are still the same. Memory does not
    grow with their number.

    Args:
        sites: As from `leopard.interpretation.contribution_sites`.
        decoder: The ensemble.
        tracks: Reader of the cell line.
        chromosomes: Whose base composition is the reference of the sequence.
        mutagenesis: Whether contributions are compared with in-silico mutagenesis.
        outcomes: Whether each site is right, if there are labels.
        parts: Directory of what is done; removed at the end.
        directory: Where the files `EXPLAINED` are written.
    """
    layout = lay_out(sites, decoder, tracks.chrom_sizes)
    composition = measure_background(tracks, chromosomes)
    listed = hashlib.sha256(sites.to_csv(index=False).encode()).hexdigest()
    prepare_parts(parts, f"{identify(decoder, tracks)} {composition} {listed} {mutagenesis}")
    explainer = Explainer(decoder.networks, composition, decoder.both_strands, BATCH)
    starts = range(0, len(sites), PART)
    files = [parts / f"{first}.npz" for first in starts]
    todo = [(x, path) for x, path in zip(starts, files, strict=True) if not path.exists()]
    if len(todo) < len(files):
        log.info("%d of %d parts are done already", len(files) - len(todo), len(files))
    began, told, done = time.monotonic(), 0.0, 0
    total = sum(len(sites.iloc[first : first + PART]) for first, _ in todo)
    for first, path in todo:
        rows = np.arange(first, min(first + PART, len(sites)))
        _explain_part(explainer, layout, tracks, rows, mutagenesis, path)
        done += len(rows)
        now = time.monotonic()
        if now - told > PROGRESS_INTERVAL or done == total:
            told, rate = now, done / (now - began)
            log.log(PROGRESS, "%d of %d sites, %.1f a second", done, total, rate)
    written = {kind: directory / name for kind, name in EXPLAINED.items()}
    write_results(sites, layout, tracks, files, outcomes, written)
    discard_parts(parts)


def _explain_part(
    explainer: Explainer,
    layout: Layout,
    tracks: Tracks,
    rows: np.ndarray,
    mutagenesis: bool,
    path: Path,
) -> None:
    """Explain some sites and write an `.npz`: their `MEASURES`, and hypothetical contributions."""
    hypothetical = np.zeros((len(rows), layout.width, 4), np.float32)
    measures = np.zeros((len(rows), len(MEASURES)))
    lengths = np.array([layout.tiles[row].length for row in rows])
    for length in np.unique(lengths):  # those of short chromosomes are shorter
        own = np.flatnonzero(lengths == length)
        windows = layout.read(tracks, rows[own])
        found = explainer.explain(windows)
        hypothetical[own] = layout.crop(found.hypothetical, rows[own])
        ranks = np.full(len(own), np.nan)
        if mutagenesis:
            ranks = _correlate(explainer, windows, found.observed(windows.codes))
        measures[own] = np.stack(
            [
                *(found.logit, found.reference, found.sequence, found.accessibility),
                *(found.with_signal, found.without_signal, found.error(windows.codes)),
                *(found.steps, ranks),
            ],
            axis=1,
        )
    with new_file(path) as unfinished, unfinished.open("wb") as file:
        np.savez(file, allow_pickle=False, measures=measures, hypothetical=hypothetical)


def _correlate(explainer: Explainer, windows: Windows, observed: np.ndarray) -> np.ndarray:
    """Rank correlation of the bases of each site by both methods, float64 [n]."""
    inside = windows.site > 0
    losses = average_loss(mutate(explainer, windows, inside))
    known = inside & (windows.codes < 4)
    rows = zip(observed, losses, known, strict=True)
    return np.array([correlate_ranks(one[x], other[x]) for one, other, x in rows])


def find_sites(
    calls: Path, bed: Path | None, best: int | None, sizes: Mapping[str, int]
) -> pd.DataFrame:
    """The sites of a BED if there is one, else the best called ones.

    Args:
        calls: A narrowPeak of called sites.
        bed: Sites of one's own.
        best: How many of the called ones; None stands for all.
        sizes: Lengths of chromosomes.

    Raises:
        InputError: Not a BED, or one without a site on the genome.
    """
    return read_sites(bed, sizes) if bed else choose_calls(calls, best)


def explain_with_bundle(
    bundle: Bundle,
    fasta: Path,
    signals: Mapping[str, Sequence[Path]],
    output: Path,
    bed: Path | None = None,
    best: int | None = None,
    mutagenesis: bool = True,
    other_genome: bool = False,
) -> dict[str, Path]:
    """Explain sites of a cell line with a bundle.

    Args:
        bundle: It.
        fasta: The genome, indexed.
        signals: By track of the bundle, the bigWigs of its replicates.
        output: A directory, which holds the called sites if the cell line was decoded into it.
        bed: Sites to explain in place of the best called ones.
        best: How many of these; None stands for all.
        mutagenesis: Whether contributions are compared with in-silico mutagenesis.
        other_genome: Whether another genome than the bundle's is meant.

    Returns:
        What was written, by kind.

    Raises:
        InputError: What is given does not fit the bundle, or there are no sites.
    """
    output.mkdir(parents=True, exist_ok=True)
    calls = output / "binding.narrowPeak"
    if bed is None and not calls.exists():
        remedy = "run leopard decode with the same output first, or give --sites"
        raise InputError(calls, "no called sites there", remedy)
    tracks = open_cell_line(bundle, fasta, signals, output, other_genome)
    sites = find_sites(calls, bed, best, tracks.chrom_sizes)
    chromosomes = choose_chromosomes(tracks.chrom_sizes)
    parts = output / "explained.parts"  # those of leopard decode may be there
    explain_sites(sites, bundle.decoder, tracks, chromosomes, mutagenesis, None, parts, output)
    return {kind: output / name for kind, name in EXPLAINED.items()}
