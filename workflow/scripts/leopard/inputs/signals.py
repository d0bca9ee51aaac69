"""Signals measured, made alike over cell lines (quantile normalisation), and their mean.

All of it streams over the genome in stretches, so that memory does not grow with it.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from leopard.errors import InputError
from leopard.genome.formats import read_table
from leopard.genome.tracks import (
    STRETCH,
    Signal,
    Tracks,
    add_runs,
    cut_chromosomes,
    new_bigwig,
)
from leopard.metrics import VALUE_BINS, bin_edges, bin_values

log = logging.getLogger(__name__)

QUANTILES = (0.5, 0.9, 0.99, 0.999, 0.9999)

SAMPLE = 3_000_000
"""Positions that a genome's quantiles are of, or all of a smaller genome."""

TOP = 10
"""Largest sampled positions that the line beyond them is fitted to."""

Map = Callable[[np.ndarray], np.ndarray]


def _stretches(sizes: Mapping[str, int]) -> Iterator[tuple[str, int, int]]:
    for region in cut_chromosomes(sizes, STRETCH):
        yield region
        if region[2] == sizes[region[0]]:
            log.info("%s: done", region[0])


def measure_signal(tracks: Tracks, chromosomes: Sequence[str]) -> dict[str, float]:
    """What a cell line's summed signal is like on some chromosomes, without excluded bases.

    Taken from the data: a bigWig's header has the mean over every contig, so that a sample with
    many mitochondrial or ribosomal reads would seem deeper than it is.

    Returns:
        bases (that count), mean, covered (share of bases above zero), and the values at
        `QUANTILES`, to 0.1%, named q50 and so on.

    Raises:
        InputError: The chromosomes have no base that counts.
    """
    bases, total = 0, 0.0
    counts = np.zeros(VALUE_BINS, np.int64)
    for chrom, start, end in _stretches({x: tracks.chrom_sizes[x] for x in chromosomes}):
        values = tracks.signal(chrom, start, end)[tracks.counted(chrom, start, end)]
        bases += len(values)
        total += values.sum(dtype=np.float64)
        counts += np.bincount(bin_values(values), minlength=VALUE_BINS)
    if not bases:
        remedy = "exclude less, or name other chromosomes"
        raise InputError(", ".join(chromosomes), "every base is excluded", remedy)
    reached = np.searchsorted(np.cumsum(counts), np.array(QUANTILES) * bases)
    quantiles = bin_edges(reached.clip(max=VALUE_BINS - 1)).tolist()
    return {
        "bases": bases,
        "mean": total / bases,
        "covered": 1 - int(counts[0]) / bases,
        **{f"q{100 * q:g}": value for q, value in zip(QUANTILES, quantiles, strict=True)},
    }


def read_scale(measures: Sequence[str | Path]) -> float:
    """What gives a cell line a mean of 1, of its measures; 1 where there are none.

    Args:
        measures: The path of a table as from `measure_signal`, or nothing.

    Raises:
        InputError: A mean that is not above zero.
    """
    if not measures:
        return 1.0
    mean = float(read_table(measures[0])["mean"].item())
    if not mean > 0:
        problem = "no signal on any chromosome of the study"
        raise InputError(measures[0], problem, "check the cell line's tracks")
    return 1 / mean


def write_measures(path: Path, cell_line: str, track: str, measures: Mapping[str, float]) -> None:
    """Write a table as `read_measures` reads it, of what `measure_signal` found."""
    row = {"cell_line": cell_line, "track": track, **measures}
    pd.DataFrame([row]).to_csv(path, sep="\t", index=False)


def read_measures(path: str | Path) -> pd.Series:
    """The numbers of a table as from `measure_signal`."""
    return read_table(path).drop(columns=["cell_line", "track"]).iloc[0]


def open_line(
    fasta: str | Path,
    signals: Mapping[str, tuple[Sequence[str], Sequence[str]]],
    labels: str | Path | None = None,
    excluded: str | Path | None = None,
) -> Tracks:
    """Open a cell line, its signals on their scales.

    Args:
        fasta: The indexed genome.
        signals: By array, its bigWigs, and measures as of `read_scale`.
        labels: Its labels at 1 bp.
        excluded: BED of bases that count nowhere.
    """
    scaled = {
        name: Signal([Path(x) for x in files], read_scale(measures))
        for name, (files, measures) in signals.items()
    }
    return Tracks(
        Path(fasta),
        scaled,
        Path(labels) if labels else None,
        Path(excluded) if excluded else None,
    )


def open_reader(kind: str, *args: Any) -> Callable[[str, int, int], np.ndarray]:
    """Open a cell line, as `open_line` does, and return its method `kind`, such as codes."""
    return getattr(open_line(*args), kind)


def sample_signal(tracks: Tracks, chromosomes: Sequence[str], seed: int) -> np.ndarray:
    """A signal at positions spread evenly over chromosomes, sorted, float32 [about SAMPLE].

    One position is drawn from every so many bases; the same seed and chromosomes give the same
    positions for every cell line.
    """
    rng = np.random.default_rng(seed)
    sizes = {chrom: tracks.chrom_sizes[chrom] for chrom in chromosomes}
    step = max(sum(sizes.values()) // SAMPLE, 1)
    sampled = []
    for chrom, start, end in _stretches(sizes):
        at = np.arange(0, end - start, step)
        at += rng.integers(0, np.minimum(step, end - start - at))
        sampled.append(tracks.signal(chrom, start, end)[at])
    return np.sort(np.concatenate(sampled))


def match_quantiles(sample: np.ndarray, reference: np.ndarray) -> Map:
    """The map that gives a cell line the quantiles of a reference line, as Leopard does.

    A sampled value becomes the reference value of the same rank, the mean over equal ones; others
    are interpolated. Nothing stays nothing, so that tracks stay sparse. Beyond the largest sampled
    value the map goes on along a line with the slope of the least squares fit to the last `TOP`
    pairs, or in proportion if these are all of one value (Li & Guan, Genome Research 2021).

    Args:
        sample: Values of the cell line, sorted.
        reference: As many of the reference line, sorted.

    Returns:
        A function from float32 [n] to float32 [n].

    Raises:
        InputError: No signal in either of them.
    """
    values, first, counts = np.unique(sample, return_index=True, return_counts=True)
    means = np.add.reduceat(reference, first, dtype=np.float64) / counts
    above = values > 0
    x, y = (np.append(0.0, knots[above].astype(np.float64)) for knots in (values, means))
    if not (above.any() and y[-1] > 0):
        raise InputError("quantiles", "no signal at any sampled position", "check the tracks")
    top, target = (values[-TOP:].astype(np.float64) for values in (sample, reference))
    deviation = top - top.mean()
    spread = deviation @ deviation
    slope = deviation @ target / spread if spread > 0 else y[-1] / x[-1]

    def normalise(signal: np.ndarray) -> np.ndarray:
        beyond = slope * np.maximum(signal - x[-1], 0)
        return (np.interp(signal, x, y) + beyond).astype(np.float32)

    return normalise


def _write(
    path: Path, sizes: Mapping[str, int], read: Callable[[str, int, int], np.ndarray]
) -> None:
    """Write what is read, float32, as a bigWig of runs; bases of 0 have no entry."""
    with new_bigwig(path, sizes) as bigwig:
        for chrom, start, end in _stretches(sizes):
            add_runs(bigwig, chrom, read(chrom, start, end), start)


def write_normalised(
    path: Path, tracks: Tracks, chromosomes: Sequence[str], normalise: Map
) -> None:
    """Write a cell line's signal, mapped, as one bigWig.

    Args:
        path: The bigWig.
        tracks: Reader of the cell line; its replicates are summed first.
        chromosomes: Those to write.
        normalise: As from `match_quantiles`.
    """

    def read(chrom: str, start: int, end: int) -> np.ndarray:
        signal = tracks.signal(chrom, start, end)
        starts = np.append(0, np.flatnonzero(np.diff(signal)) + 1)
        return np.repeat(normalise(signal[starts]), np.diff(starts, append=len(signal)))

    _write(path, {chrom: tracks.chrom_sizes[chrom] for chrom in chromosomes}, read)


def write_average(path: Path, lines: Sequence[Tracks], chromosomes: Sequence[str]) -> None:
    """Write the mean of several cell lines' signals as a bigWig.

    Args:
        path: The bigWig.
        lines: Readers of the cell lines, each with its scaling.
        chromosomes: Those to write.
    """

    def read(chrom: str, start: int, end: int) -> np.ndarray:
        total = np.zeros(end - start, np.float64)
        for tracks in lines:
            total += tracks.signal(chrom, start, end)
        return (total / len(lines)).astype(np.float32)

    _write(path, {chrom: lines[0].chrom_sizes[chrom] for chrom in chromosomes}, read)
