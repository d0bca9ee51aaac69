"""Models that read a window and score its middle: bins, and single bases one by one."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from leopard.comparison import bins
from leopard.evaluation.scores import Reader

BATCH = 512


def read_padded(read: Reader, chrom: str, start: int, end: int, outside: int) -> np.ndarray:
    """Values of [start, end), `outside` where that is before the chromosome's first base."""
    values = read(chrom, max(start, 0), end)
    return np.pad(values, (max(-start, 0), 0), constant_values=outside)


def cut_windows(
    read: Reader, chrom: str, starts: np.ndarray, length: int, outside: int
) -> np.ndarray:
    """Windows of a chromosome, [n, length], read in one go where they lie close together.

    Args:
        read: Gives the values of (chrom, start, end), past the chromosome's end as well.
        chrom: The chromosome.
        starts: First bases, int [n], sorted; they may be negative.
        length: Bases.
        outside: Value before the first base.
    """
    first, last = int(starts[0]), int(starts[-1])
    if last - first > length * len(starts):
        regions = [(int(start), int(start) + length) for start in starts]
        return np.stack([read_padded(read, chrom, *region, outside) for region in regions])
    values = read_padded(read, chrom, first, last + length, outside)
    return np.lib.stride_tricks.sliding_window_view(values, length)[starts - first]


def read_around(
    readers: Sequence[tuple[Reader, int]], chrom: str, centres: np.ndarray, length: int
) -> list[np.ndarray]:
    """Windows around sorted bases: an array [n, length] of each reader, the base at length / 2."""
    starts = centres - length // 2
    return [cut_windows(read, chrom, starts, length, outside) for read, outside in readers]


def read_bins(
    readers: Sequence[tuple[Reader, int]], table: pd.DataFrame, length: int
) -> list[np.ndarray]:
    """Windows around bins (chrom, centre), sorted within a chromosome: an array of each reader."""
    parts = [
        read_around(readers, chrom, group["centre"].to_numpy(), length)
        for chrom, group in table.groupby("chrom", sort=False)
    ]
    return [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]


class ManyToOne:
    """A model that reads a window and scores its middle.

    Args:
        length: Bases of a window, even.
        readers: What it reads, and the value of what lies before a chromosome.
        predict: Scores, float [n], of as many arrays [n, length] as there are readers.
    """

    def __init__(
        self,
        length: int,
        readers: Sequence[tuple[Reader, int]],
        predict: Callable[..., np.ndarray],
    ) -> None:
        self.length = length
        self.readers = readers
        self.predict = predict

    def score(self, chrom: str, centres: np.ndarray) -> np.ndarray:
        """Scores of bases, float32 [n], each by the window around it.

        Args:
            chrom: The chromosome.
            centres: Positions, int [n], sorted.
        """
        scores = np.empty(len(centres), np.float32)
        for first in range(0, len(centres), BATCH):
            batch = slice(first, first + BATCH)
            windows = read_around(self.readers, chrom, centres[batch], self.length)
            scores[batch] = self.predict(*windows)
        return scores

    def score_bins(self, chrom: str, size: int) -> np.ndarray:
        """Scores of a chromosome's bins, float32 [n bins]."""
        centres = bins.STRIDE * np.arange(bins.count_bins(size)) + bins.HALF
        return self.score(chrom, centres)
