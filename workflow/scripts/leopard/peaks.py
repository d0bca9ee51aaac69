"""Called sites: where the predicted probability passes the threshold."""

from pathlib import Path

import numpy as np
import pandas as pd

MERGE_GAP = 10
"""Calls nearer to each other than this, in bases, are one site: half a motif's width."""

NARROWPEAK = [
    *("chrom", "start", "end", "name", "score", "strand"),
    *("signal_value", "p_value", "q_value", "peak"),
]


def call_peaks(chrom: str, probabilities: np.ndarray, threshold: float) -> pd.DataFrame:
    """Call sites on a chromosome.

    Args:
        chrom: Its name.
        probabilities: Of every base, float32 [size].
        threshold: Least probability of a called base.

    Returns:
        narrowPeak columns: the site spans its called bases; `signal_value` is the largest
        probability in it, `score` that times 1000, `peak` the offset of the middle of the bases
        that reach it; p and q values are not computed (-1).
    """
    called = probabilities >= threshold
    edges = np.flatnonzero(np.diff(called, prepend=False, append=False))
    starts, ends = edges[::2], edges[1::2]
    new_site = np.append(True, starts[1:] - ends[:-1] >= MERGE_GAP)[: len(starts)]
    starts, ends = starts[new_site], ends[np.append(new_site[1:], True)[: len(ends)]]
    summits, heights = [], []
    for start, end in zip(starts, ends, strict=True):
        inside = probabilities[start:end]
        top = np.flatnonzero(inside == inside.max())
        summits.append(int(top[len(top) // 2]))
        heights.append(float(inside.max()))
    height = np.array(heights, dtype=np.float64)
    return pd.DataFrame(
        {
            "chrom": chrom,
            "start": starts,
            "end": ends,
            "name": [f"{chrom}_{number}" for number in range(1, len(starts) + 1)],
            "score": np.rint(1000 * height).astype(int),
            "strand": ".",
            "signal_value": height.round(5),
            "p_value": -1,
            "q_value": -1,
            "peak": np.array(summits, dtype=int),
        },
        columns=NARROWPEAK,
    )


def write_narrowpeak(path: Path, peaks: pd.DataFrame) -> None:
    """Write called sites, ordered by chromosome name and start as bedtools expects."""
    ordered = peaks.sort_values(["chrom", "start"])
    ordered.to_csv(path, sep="\t", header=False, index=False)
