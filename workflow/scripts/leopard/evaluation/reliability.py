"""Whether probabilities mean what they say: what was predicted beside what was observed."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from leopard.genome.tracks import Tracks
from leopard.metrics import ScoreCounts, bin_middles

PARTS = 10
"""Of the called bases, equally many in each."""

COLUMNS = [
    *("bases", "lower", "upper", "n", "bound"),
    *("uncalibrated", "predicted", "observed", "standard_error"),
]

BELOW = (1e-4, 1e-3, 1e-2, 1e-1)
"""Where bases that are not called are cut, as far as the threshold."""


def tabulate_reliability(
    counts: ScoreCounts,
    threshold: float,
    site: float,
    invert: Callable[[np.ndarray], np.ndarray] = np.asarray,
) -> pd.DataFrame:
    """Predicted and observed rates of bases with about the same probability.

    Args:
        counts: Of probabilities.
        threshold: From which on bases are called.
        site: Mean length of a bound site, in bases.
        invert: Gives the probabilities before they were calibrated.

    Returns:
        Rows of all bases, of those that are not called, cut at `BELOW`, and of called ones in
        `PARTS` parts; none for a part without a base. Columns: bases ("all", "not called",
        "called"), lower and upper (the part's probabilities, lower <= p < upper but for the last
        part), n, bound, uncalibrated and predicted (mean probabilities, before and after
        calibration), observed (share of n that is bound) and standard_error, what the observed
        rate would have at most if the predicted one were right: as if all bases of a site were in
        one part, bound or not together.
    """
    middles = bin_middles()
    kept = counts.positives + counts.negatives > 0
    p, bound = middles[kept], counts.positives[kept]
    n = bound + counts.negatives[kept]
    said = invert(p)
    called = p >= threshold
    edges = [0.0, *(x for x in BELOW if x < threshold), threshold]
    part = np.searchsorted(edges, p, side="right") - 1
    passed = np.cumsum(n * called) - n / 2
    part[called] = len(edges) - 1 + (PARTS * passed / max(n[called].sum(), 1))[called].astype(int)

    def row(name: str, lower: float, upper: float, here: np.ndarray) -> dict[str, object]:
        total = n[here].sum()
        predicted = p[here] @ n[here] / total
        return {
            "bases": name,
            "lower": lower,
            "upper": upper,
            "n": total,
            "bound": bound[here].sum(),
            "uncalibrated": said[here] @ n[here] / total,
            "predicted": predicted,
            "observed": bound[here].sum() / total,
            "standard_error": np.sqrt(predicted * (1 - predicted) * min(site / total, 1)),
        }

    rows = [row("all", 0.0, 1.0, np.ones(len(p), bool))] if len(p) else []
    found = np.unique(part)
    starts = [edges[x] if x < len(edges) else p[part == x][0] for x in found]
    for index, lower, upper in zip(found, starts, [*starts, 1.0][1:], strict=True):
        name = "not called" if index < len(edges) - 1 else "called"
        rows.append(row(name, lower, upper, part == index))
    return pd.DataFrame(rows, columns=COLUMNS)


def mean_site(tracks: Tracks, chromosomes: Sequence[str]) -> float:
    """Mean length of the runs of bound bases on some chromosomes, in bases; 1 if there are none."""
    sites = tracks.sites(chromosomes)
    if sites.empty:
        return 1.0
    begins = (sites["start"] != sites["end"].shift()) | (sites["chrom"] != sites["chrom"].shift())
    return float((sites["end"] - sites["start"]).sum() / begins.sum())
