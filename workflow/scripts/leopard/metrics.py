"""Every measure of how well binding is predicted, each defined once.

`ScoreCounts` gathers what they need over any number of bases in constant memory: counts add up
over chromosomes. `loss`, `pr_auc`, `dice_coef` and `binary_io_u` are named as in the competition;
:mod:`leopard.training.fit_metrics` has them for Keras.
"""

from dataclasses import dataclass, field, fields
from functools import partial

import numpy as np

from leopard.genome.tracks import MASKED

SMOOTH = 1.0
"""Added above and below in `dice_coef`, so that a batch without positives is defined."""

EPSILON = 1e-7
"""Probabilities are clipped to [EPSILON, 1 - EPSILON] before the logarithm, as Keras does."""

PR_AUC_THRESHOLDS = 1001


# A score's bin is the top of its float32 bit pattern: sign, exponent and the first 10 bits of the
# mantissa. For numbers >= 0 the pattern grows with the number, so the bins are sorted, need no
# range in advance, and are 0.1% wide everywhere. Probabilities are binned by their odds, which
# gives those near 1 the same resolution as those near 0.
_SHIFT = 13
VALUE_BINS = int(np.float32(np.inf).view(np.uint32) >> _SHIFT) + 1


def bin_values(scores: np.ndarray) -> np.ndarray:
    """The bin of each value, uint32; below 0 that of 0."""
    return np.maximum(scores, 0, dtype=np.float32).view(np.uint32) >> _SHIFT


def bin_edges(index: np.ndarray) -> np.ndarray:
    """The least value of each bin, float32."""
    return (np.asarray(index, np.uint32) << _SHIFT).view(np.float32)


def _odds(probabilities: np.ndarray) -> np.ndarray:
    p = probabilities.astype(np.float64)
    return (p / np.maximum(1 - p, np.finfo(np.float32).tiny)).astype(np.float32)


def bin_middles() -> np.ndarray:
    """The probability in the middle of each bin of probabilities, float64 [bins]."""
    edges = bin_edges(np.arange(VALUE_BINS)).astype(np.float64)
    edges[-1] = np.finfo(np.float32).max  # of the odds of what lies beyond
    odds = np.append(edges[:-1] + np.diff(edges) / 2, edges[-1])
    return odds / (1 + odds)


_bin_zeros = partial(np.zeros, VALUE_BINS, np.int64)
_pr_zeros = partial(np.zeros, PR_AUC_THRESHOLDS + 1, np.int64)


@dataclass
class ScoreCounts:
    """What scores and labels add up to.

    Attributes:
        probabilities: Whether the scores are probabilities; otherwise any number >= 0.
        positives, negatives: Bases by score bin, int64.
        pr_positives, pr_negatives: Bases by the thresholds of `pr_auc`, int64 [1002].
        cross_entropy: Sum of binary cross-entropy, in nats.
        dice: Sum over batches of `dice_coef`.
        expected: Sum of the probabilities: how many bases should be bound.
        batches: Number of batches.

    Example:
        >>> counts = ScoreCounts()
        >>> labels, scores = np.array([1, 0, 255], np.uint8), np.array([0.9, 0.2, 0.5], np.float32)
        >>> counts.update(labels, scores)
        >>> counts.n, counts.n_positive
        (2, 1)
    """

    probabilities: bool = True
    positives: np.ndarray = field(default_factory=_bin_zeros)
    negatives: np.ndarray = field(default_factory=_bin_zeros)
    pr_positives: np.ndarray = field(default_factory=_pr_zeros)
    pr_negatives: np.ndarray = field(default_factory=_pr_zeros)
    cross_entropy: float = 0.0
    dice: float = 0.0
    expected: float = 0.0
    batches: int = 0

    def update(self, labels: np.ndarray, scores: np.ndarray) -> None:
        """Add one batch: uint8 labels (255 = masked) and their float32 scores, of equal shape."""
        counted = labels != MASKED
        bound = labels[counted] == 1
        scores = scores[counted]
        bins = bin_values(_odds(scores) if self.probabilities else scores)
        self.positives += np.bincount(bins[bound], minlength=VALUE_BINS)
        self.negatives += np.bincount(bins[~bound], minlength=VALUE_BINS)
        if not self.probabilities:
            return
        inner = np.arange(1, PR_AUC_THRESHOLDS - 1, dtype=np.float32) / (PR_AUC_THRESHOLDS - 1)
        # Keras counts p > threshold; its first threshold lies below 0 and its last above 1.
        passed = np.searchsorted(inner, scores, side="left") + 1
        self.pr_positives += np.bincount(passed[bound], minlength=PR_AUC_THRESHOLDS + 1)
        self.pr_negatives += np.bincount(passed[~bound], minlength=PR_AUC_THRESHOLDS + 1)
        p = scores.astype(np.float64)
        clipped = np.clip(p, EPSILON, 1 - EPSILON)
        self.cross_entropy -= np.log(np.where(bound, clipped, 1 - clipped)).sum()
        self.expected += p.sum()
        self.dice += (2 * p[bound].sum() + SMOOTH) / (bound.sum() + p.sum() + SMOOTH)
        self.batches += 1

    def __add__(self, other: "ScoreCounts") -> "ScoreCounts":
        added = {f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)}
        return ScoreCounts(**{**added, "probabilities": self.probabilities})

    @property
    def n_positive(self) -> int:
        """Bound bases; counts of a sample may be weighted, hence rounded."""
        return round(float(self.positives.sum()))

    @property
    def n(self) -> int:
        """Bases counted."""
        return self.n_positive + round(float(self.negatives.sum()))


def _cumulative(counts: ScoreCounts) -> tuple[np.ndarray, np.ndarray]:
    """True and false positives at the lower edge of each bin, from the highest bin down."""
    return np.cumsum(counts.positives[::-1]), np.cumsum(counts.negatives[::-1])


def precision_recall_curve(counts: ScoreCounts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Precision, recall and threshold at each bin that holds a base, from the strictest down."""
    true, false = _cumulative(counts)
    kept = (counts.positives + counts.negatives)[::-1] > 0
    edges = bin_edges(np.arange(VALUE_BINS)[::-1][kept]).astype(np.float64)
    thresholds = edges / (1 + edges) if counts.probabilities else edges
    return true[kept] / (true + false)[kept], true[kept] / max(counts.n_positive, 1), thresholds


def average_precision(counts: ScoreCounts) -> float:
    """Sum over thresholds of (R_k - R_{k-1}) P_k; NaN without positives.

    Example:
        >>> counts = ScoreCounts()
        >>> counts.update(np.array([1, 0, 1], np.uint8), np.array([0.9, 0.5, 0.2], np.float32))
        >>> round(average_precision(counts), 4)
        0.8333
    """
    if not counts.n_positive:
        return float("nan")
    precision, recall, _ = precision_recall_curve(counts)
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def auroc(counts: ScoreCounts) -> float:
    """Probability that a bound base scores above one that is not, ties counting half."""
    n_negative = counts.n - counts.n_positive
    if not counts.n_positive or not n_negative:
        return float("nan")
    true, false = _cumulative(counts)
    return float(
        np.trapezoid(np.append(0, true), np.append(0, false)) / counts.n_positive / n_negative
    )


def pr_auc(counts: ScoreCounts) -> float:
    """Area under the precision-recall curve as `keras.metrics.AUC(curve="PR")` computes it.

    1001 evenly spaced thresholds, interpolated after Davis & Goadrich (ICML 2006).
    """
    # Position i: bases above the thresholds 0..i-1, so the tail sum counts those above i.
    true = np.cumsum(counts.pr_positives[::-1])[::-1][1:].astype(np.float64)
    false = np.cumsum(counts.pr_negatives[::-1])[::-1][1:].astype(np.float64)
    predicted = true + false
    d_true, d_predicted = true[:-1] - true[1:], predicted[:-1] - predicted[1:]
    slope = np.divide(d_true, d_predicted, out=np.zeros_like(d_true), where=d_predicted > 0)
    intercept = true[1:] - slope * predicted[1:]
    both = (predicted[:-1] > 0) & (predicted[1:] > 0)
    ratio = np.divide(predicted[:-1], predicted[1:], out=np.ones_like(slope), where=both)
    missed = (counts.n_positive - true)[1:]
    area = slope * (d_true + intercept * np.log(ratio))
    return float(
        np.sum(
            np.divide(area, true[1:] + missed, out=np.zeros_like(area), where=true[1:] + missed > 0)
        )
    )


def overlap_at(counts: ScoreCounts, threshold: float) -> tuple[float, float]:
    """Dice and IoU of the bases called at score >= threshold (to the width of a bin)."""
    score = np.array([threshold])  # float64: a bin's own edge must not round into the bin below
    first = int(bin_values(_odds(score) if counts.probabilities else score)[0])
    true, false = counts.positives[first:].sum(), counts.negatives[first:].sum()
    union = counts.n_positive + false
    return (
        float(2 * true / max(union + true, 1)),
        float(true / max(union, 1)),
    )


def best_threshold(counts: ScoreCounts) -> float:
    """The score at which calling bases bound gives the largest Dice."""
    true, false = _cumulative(counts)
    dice = 2 * true / np.maximum(counts.n_positive + true + false, 1)
    kept = (counts.positives + counts.negatives)[::-1] > 0
    best = VALUE_BINS - 1 - int(np.argmax(np.where(kept, dice, -1)))
    edge = float(bin_edges(np.array([best]))[0])
    return edge / (1 + edge) if counts.probabilities else edge


def summarise(counts: ScoreCounts, threshold: float) -> dict[str, float]:
    """All measures, by name; those that need probabilities are NaN for other scores.

    Args:
        counts: What to summarise.
        threshold: Chosen on validation data; gives `dice_best` and `binary_io_u_best`, which are
            NaN where it is NaN.
    """
    nan = float("nan")
    dice_best, iou_best = (nan, nan) if np.isnan(threshold) else overlap_at(counts, threshold)
    p = counts.probabilities
    dice_half, iou_half = overlap_at(counts, 0.5) if p else (nan, nan)
    return {
        "positive_rate": counts.n_positive / max(counts.n, 1),
        "loss": counts.cross_entropy / max(counts.n, 1) if p else nan,
        "pr_auc": pr_auc(counts) if p else nan,
        "average_precision": average_precision(counts),
        "auroc": auroc(counts),
        "dice_coef": counts.dice / max(counts.batches, 1) if p else nan,
        "binary_io_u": iou_half,
        "dice_half": dice_half,
        "dice_best": dice_best,
        "binary_io_u_best": iou_best,
        "threshold": threshold,
        "calibration": counts.expected / counts.n_positive if p and counts.n_positive else nan,
    }
