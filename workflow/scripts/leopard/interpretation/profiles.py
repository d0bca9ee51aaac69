"""What sets two alleles apart, of the probabilities around a variant."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.spatial.distance import jensenshannon
from scipy.special import logit

from leopard.interpretation.haplotypes import Variant
from leopard.metrics import EPSILON

MEASURES = (
    *("allele1_max", "allele1_pos", "allele2_max", "allele2_pos"),
    *("logit_difference", "logit_difference.sd", "floored_difference"),
    *("allele1_sum", "allele2_sum", "sum_difference", "logfc", "jsd"),
    *("length_difference", "reference_accessibility"),
)
"""Names of what `compare_alleles` gives, and of the mean accessibility around a variant."""

SCORE = MEASURES.index("floored_difference")


def align_profiles(
    profiles: Sequence[np.ndarray],
    variants: Sequence[Variant],
    lengths: Sequence[int],
    firsts: Sequence[int],
    flank: int,
) -> np.ndarray:
    """Profiles of one allele of each variant, so that bases of both alleles are under each other.

    To the left of a variant, both alleles have the same bases, and to the right they have the same
    again; between, the shorter one has none where the longer one goes on.

    Args:
        profiles: By variant, [members, bases] of the haplotype.
        variants: They.
        lengths: Bases of the allele, by variant.
        firsts: First base of each profile, in the haplotype.
        flank: Bases to each side of a variant.

    Returns:
        [members, variants, 2 * flank + the longest allele]; 0 where there is no base.
    """
    widest = max(map(_widest, variants))
    aligned = np.zeros((len(profiles[0]), len(variants), 2 * flank + widest), profiles[0].dtype)
    rows = zip(profiles, variants, lengths, firsts, strict=True)
    for row, (profile, variant, length, first) in enumerate(rows):
        left = variant.start - first
        middle = left + length
        begin, after = flank - left, flank + _widest(variant)
        aligned[:, row, begin : begin + middle] = profile[:, :middle]
        aligned[:, row, after : after + profile.shape[1] - middle] = profile[:, middle:]
    return aligned


def locate_columns(columns: np.ndarray, variants: Sequence[Variant], flank: int) -> np.ndarray:
    """Bases of the reference that columns of aligned profiles are at, int64 [variants].

    A base that the reference does not have is where its signal is from (`haplotypes.trace`).

    Args:
        columns: int [variants].
        variants: They.
        flank: Bases to each side of a variant.
    """
    starts = np.array([x.start for x in variants])
    ends = np.array([x.end for x in variants])
    wide = np.array([_widest(x) for x in variants])
    last = np.maximum(np.maximum(ends, starts) - 1, 0)
    offsets = columns - flank
    before = np.minimum(starts + offsets, last)
    return np.where(offsets < wide, before, ends + offsets - wide)


def _widest(variant: Variant) -> int:
    """Bases of the longer allele."""
    return max(len(variant.inserted), variant.end - variant.start)


def add_mean(profiles: np.ndarray) -> np.ndarray:
    """Profiles of each member and, last, their mean.

    Args:
        profiles: [members, variants, columns].

    Returns:
        float64 [members + 1, variants, columns].
    """
    wide = profiles.astype(np.float64)
    return np.concatenate([wide, wide.mean(axis=0, keepdims=True)])


def calibrate_profiles(
    profiles: np.ndarray, calibrate: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Calibrated probabilities, of the shape of what is given; 0 where there is no base, as there.

    Args:
        profiles: 0 where there is no base.
        calibrate: The map of the ensemble's probabilities.
    """
    return np.where(profiles > 0, calibrate(profiles), 0)


def compare_alleles(
    profiles: Sequence[np.ndarray],
    means: Sequence[np.ndarray],
    floor: float,
    variants: Sequence[Variant],
    flank: int,
) -> np.ndarray:
    """All of `MEASURES` but the accessibility.

    Logits are of the networks' own probabilities, as contributions are. Calibration leaves their
    order as it is, but not the order of their differences: where it is steep, a difference weighs
    more. It is fitted to probabilities, and says nothing about what a change of them is worth.

    Logarithms are of what is not below `EPSILON`, nor above 1 - `EPSILON`. The Jensen-Shannon
    distance is the root of the divergence, in bits, of the two profiles, each divided by its sum
    (Lin, IEEE Transactions on Information Theory 1991; that the root is a metric: Endres &
    Schindelin, ibid. 2003).

    Args:
        profiles: Of the reference's alleles and of the others, as from `add_mean`.
        means: The last of each, as from `calibrate_profiles`, [variants, columns].
        floor: What the members' mean says of a base that is as likely to be bound as bases are on
            average. The floored difference takes all that is below for that.
        variants: They.
        flank: Bases to each side of a variant.

    Returns:
        float64 [variants, len(MEASURES) - 1]: all of the mean over members, but for the standard
        deviation, which is over the members' own differences. Places are 0-based.
    """
    logits = [_logit(x.max(axis=2)) for x in profiles]
    floored = [np.maximum(x[-1], _logit(np.array(floor))) for x in logits]
    differences = logits[1] - logits[0]
    columns = [x.argmax(axis=1) for x in means]
    largest = [x.max(axis=1) for x in means]
    places = [locate_columns(x, variants, flank) for x in columns]
    sums = [x.sum(axis=1) for x in means]
    safe = [np.maximum(x, EPSILON) for x in sums]
    shapes = [x / total[:, None] for x, total in zip(means, safe, strict=True)]
    # Of profiles that are the same, what rounding leaves may be below zero, and its root no number.
    distances = np.nan_to_num(jensenshannon(*shapes, base=2, axis=1))
    return np.stack(
        [
            *(largest[0], places[0], largest[1], places[1]),
            *(differences[-1], differences[:-1].std(axis=0), floored[1] - floored[0]),
            *(sums[0], sums[1], sums[1] - sums[0], np.log2(safe[1] / safe[0]), distances),
            [x.shift for x in variants],
        ],
        axis=1,
    )


def _logit(probabilities: np.ndarray) -> np.ndarray:
    return logit(probabilities.clip(EPSILON, 1 - EPSILON))
