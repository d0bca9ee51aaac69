"""What hand-made baselines know of a base: the motif's score, and the signals around it."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from leopard.evaluation.motif_scores import MotifSearch
from leopard.genome.tracks import Tracks

WIDTHS = (31, 101, 301, 1001)
"""Bases over which a signal is averaged: a footprint, its flanks, a nucleosome-free region,
and what lies around it."""


def running_means(
    read: Callable[[str, int, int], np.ndarray],
    chrom: str,
    start: int,
    end: int,
    widths: Sequence[int],
) -> np.ndarray:
    """Means of a track around each base, float32 [widths, end - start].

    Args:
        read: Gives the values of (chrom, start, end), past the chromosome's end as well.
        chrom: The chromosome.
        start: First base.
        end: The one after the last.
        widths: Odd numbers of bases; what lies before the chromosome counts as 0.
    """
    reach = max(widths) // 2
    first = max(start - reach, 0)
    values = read(chrom, first, end + reach).astype(np.float64)
    total = np.cumsum(np.pad(values, (reach - (start - first) + 1, 0)))
    means = np.empty((len(widths), end - start), np.float32)
    for mean, width in zip(means, widths, strict=True):
        low, size = reach - width // 2, end - start
        mean[:] = (total[low + width : low + width + size] - total[low : low + size]) / width
    return means


def read_features(
    tracks: Tracks, motif: MotifSearch | None, chrom: str, start: int, end: int
) -> np.ndarray:
    """Features of bases: log(1 + mean signal) over each of `WIDTHS`, then the motif's score.

    Returns:
        float32 [end - start, 4 signals + 1], without the 1 where there is no motif.
    """
    rows = [
        np.log1p(running_means(partial(tracks.signal, name=name), chrom, start, end, WIDTHS))
        for name in tracks.arrays
    ]
    if motif is not None:
        rows.append(motif.read(tracks, chrom, start, end)[None])
    return np.concatenate(rows).T
