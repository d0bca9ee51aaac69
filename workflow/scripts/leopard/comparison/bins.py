"""Bins of 200 bases every 50, the units of the ENCODE-DREAM challenge.

A bin is bound if it overlaps one bound site by at least half its length, or holds the whole of a
site that is shorter: labels at 1 bp mark motifs or summits, and no bin could overlap those by 100
bases. A bin that is not bound but touches a bound or a masked base is ambiguous and does not count,
as in the challenge. Bins begin at multiples of 50 and lie wholly on the chromosome.
"""

import numpy as np

from leopard.genome.tracks import MASKED, find_runs

LENGTH = 200
STRIDE = 50
HALF = LENGTH // 2


def count_bins(size: int) -> int:
    """Bins of a chromosome of so many bases."""
    return max((size - LENGTH) // STRIDE + 1, 0)


def bin_maximum(values: np.ndarray) -> np.ndarray:
    """Largest value in each bin of a chromosome: of [size] values, [n bins] of the same dtype."""
    n = count_bins(len(values))
    if not n:
        return values[:0]
    across = LENGTH // STRIDE
    steps = values[: (n + across - 1) * STRIDE].reshape(-1, STRIDE).max(axis=1)
    return np.lib.stride_tricks.sliding_window_view(steps, across).max(axis=1)


def label_bins(labels: np.ndarray) -> np.ndarray:
    """Labels of a chromosome's bins.

    Args:
        labels: Of every base, uint8 [size]: 1 bound, 0 not, 255 masked.

    Returns:
        uint8 [n bins]: 1 bound, 0 not, 255 ambiguous.
    """
    n = count_bins(len(labels))
    starts, ends = find_runs(labels == 1).T
    # Bin k overlaps [start, end) by m bases or more if 50 k + 200 >= start + m and
    # 50 k <= end - m; m is at most the length of either, so that these two suffice.
    needed = np.minimum(HALF, ends - starts)
    first = np.maximum(-((LENGTH - starts - needed) // STRIDE), 0)
    last = np.minimum((ends - needed) // STRIDE, n - 1)
    some = first <= last
    change = np.zeros(n + 1, np.int64)
    np.add.at(change, first[some], 1)
    np.add.at(change, last[some] + 1, -1)
    bound = np.cumsum(change[:-1]) > 0
    return np.where(bound, 1, np.where(bin_maximum(labels) > 0, MASKED, 0)).astype(np.uint8)
