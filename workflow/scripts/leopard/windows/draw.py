"""Which windows of the genome to learn from."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from leopard.errors import InputError
from leopard.genome.tracks import OTHER, Tracks, find_runs
from leopard.study.splits import SPLITS

log = logging.getLogger(__name__)


def find_usable_starts(
    codes: np.ndarray, excluded: np.ndarray, length: int, max_n_fraction: float
) -> np.ndarray:
    """Where on a chromosome a window may start.

    Args:
        codes: Sequence codes of the whole chromosome, uint8 [n].
        excluded: Intervals no window may touch, int [k, 2], half-open.
        length: Window length in bases.
        max_n_fraction: Largest fraction of a window that may be other than A, C, G or T.

    Returns:
        Half-open runs of usable start positions, int64 [m, 2].
    """
    if len(codes) < length:
        return np.empty((0, 2), np.int64)
    n_before = np.concatenate([[0], np.cumsum(codes == OTHER, dtype=np.int32)])
    usable = n_before[length:] - n_before[:-length] <= max_n_fraction * length
    for start, end in excluded:
        usable[max(0, start - length + 1) : end] = False
    return find_runs(usable)


def list_usable_starts(
    fasta: Path,
    chromosomes: Sequence[str],
    excluded: pd.DataFrame,
    length: int,
    max_n_fraction: float,
) -> pd.DataFrame:
    """Runs of usable window starts of each chromosome: columns chrom, start, end."""
    tracks = Tracks(fasta)
    tables = []
    for chrom in chromosomes:
        codes = tracks.codes(chrom, 0, tracks.chrom_sizes[chrom])
        here = excluded.loc[excluded["chrom"] == chrom, ["start", "end"]].to_numpy(int)
        runs = find_usable_starts(codes, here, length, max_n_fraction)
        log.info("%s: %d of %d starts usable", chrom, np.diff(runs).sum(), len(codes))
        tables.append(pd.DataFrame({"chrom": chrom, "start": runs[:, 0], "end": runs[:, 1]}))
    return pd.concat(tables, ignore_index=True)


def draw_windows(
    usable: pd.DataFrame, chromosomes: Sequence[str], n: int, length: int, seed: Sequence[int]
) -> pd.DataFrame:
    """Draw windows uniformly from all usable starts of the chromosomes.

    Each chromosome thus gets windows in proportion to its usable length.

    Args:
        usable: Runs of usable starts (chrom, start, end).
        chromosomes: Where to draw from.
        n: Number of windows.
        length: Window length in bases.
        seed: Entropy of the draw; the same seed gives the same windows anywhere.

    Returns:
        n rows of chrom, start, end, in the order drawn.

    Raises:
        InputError: None of the chromosomes has a usable start.
    """
    runs = usable[usable["chrom"].isin(chromosomes)]
    ends = np.cumsum(runs["end"].to_numpy() - runs["start"].to_numpy())
    if not len(ends):
        raise InputError(
            ", ".join(chromosomes),
            f"no window of {length} bases is free of excluded bases and N",
            "shorten the windows, raise max_n_fraction or choose other chromosomes",
        )
    draws = np.random.default_rng(seed).integers(0, ends[-1], n)
    run = np.searchsorted(ends, draws, side="right")
    starts = runs["end"].to_numpy()[run] - (ends[run] - draws)
    return pd.DataFrame(
        {"chrom": runs["chrom"].to_numpy()[run], "start": starts, "end": starts + length}
    )


def draw_enriched_windows(
    usable: pd.DataFrame,
    chromosomes: Sequence[str],
    sites: pd.DataFrame,
    n: int,
    length: int,
    fraction: float,
    seed: Sequence[int],
) -> pd.DataFrame:
    """Draw windows of which a fraction holds a bound site, at a place in it drawn uniformly.

    Args:
        usable: Runs of usable starts (chrom, start, end).
        chromosomes: Where to draw from.
        sites: Bound intervals (chrom, start, end) on these chromosomes.
        n: Number of windows.
        length: Window length in bases.
        fraction: Of the windows; the rest is drawn uniformly. A window around a site that may
            not start there (excluded, N, chromosome end) becomes a uniform one.
        seed: Entropy of the draw.

    Returns:
        n rows of chrom, start, end.
    """
    windows = draw_windows(usable, chromosomes, n, length, seed)
    if sites.empty:
        return windows
    rng = np.random.default_rng([*seed, 1])
    site = sites.iloc[rng.integers(0, len(sites), round(fraction * n))]
    middle = (site["start"].to_numpy() + site["end"].to_numpy()) // 2
    starts = middle - rng.integers(0, length, len(site))
    for chrom, runs in usable.groupby("chrom"):
        here = np.flatnonzero(site["chrom"].to_numpy() == chrom)
        run = np.searchsorted(runs["start"].to_numpy(), starts[here], side="right") - 1
        inside = (run >= 0) & (starts[here] < runs["end"].to_numpy()[run])
        rows = here[inside]
        windows.loc[rows, "chrom"] = chrom
        windows.loc[rows, "start"] = starts[rows]
        windows.loc[rows, "end"] = starts[rows] + length
    return windows


def weigh_windows(
    windows: pd.DataFrame, usable: pd.DataFrame, sites: pd.DataFrame, fraction: float
) -> np.ndarray:
    """How much likelier a uniform draw is to give each window than `draw_enriched_windows` is.

    Means with these weights over enriched windows estimate those over uniform ones.

    Of the N usable starts, a uniform draw gives each with probability 1 / N. Of the S sites' L
    windows each, a share m may not start where it does, and becomes uniform; a start whose window
    holds the middles of k sites is thus drawn with probability
    (1 - f) / N + f (k / (S L) + m / N), f being the fraction.

    Args:
        windows: chrom, start, end.
        usable: Runs of usable starts (chrom, start, end) of the chromosomes drawn from.
        sites: Bound intervals (chrom, start, end) on them.
        fraction: Of the windows that are drawn to hold a site.

    Returns:
        float32 [len(windows)].
    """
    if sites.empty:
        return np.ones(len(windows), np.float32)
    length = windows["end"].iloc[0] - windows["start"].iloc[0]
    held = np.zeros(len(windows))
    possible = 0
    for chrom, runs in usable.groupby("chrom"):
        on_it = sites[sites["chrom"] == chrom]
        middles = np.sort((on_it["start"].to_numpy() + on_it["end"].to_numpy()) // 2)
        here = (windows["chrom"] == chrom).to_numpy()
        starts = windows.loc[here, "start"].to_numpy()
        held[here] = np.searchsorted(middles, starts + length) - np.searchsorted(middles, starts)
        first, end = (runs[x].to_numpy()[:, None] for x in ("start", "end"))
        overlaps = np.minimum(middles + 1, end) - np.maximum(middles + 1 - length, first)
        possible += overlaps.clip(min=0).sum()
    n, drawn = (usable["end"] - usable["start"]).sum(), len(sites) * length
    odds = 1 - fraction + fraction * (n * held / drawn + 1 - possible / drawn)
    return (1 / odds).astype(np.float32)


def draw_splits(
    usable: pd.DataFrame,
    chromosomes: Mapping[str, Sequence[str]],
    counts: Mapping[str, int],
    length: int,
    seed: int,
) -> pd.DataFrame:
    """Draw every split's windows: chrom, start, end, split, sorted by position within a split.

    Each split draws from a seed of its own, so that changing one count leaves the others alone.
    """
    tables = [
        draw_windows(usable, chromosomes[split], counts[split], length, [seed, index])
        .sort_values(["chrom", "start"], kind="stable")
        .assign(split=split)
        for index, split in enumerate(SPLITS)
    ]
    return pd.concat(tables, ignore_index=True)
