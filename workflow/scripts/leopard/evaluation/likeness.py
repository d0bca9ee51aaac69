"""Whether a new track is one that a bundle can be used with: a rule, and what it rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from leopard.evaluation.portrait import Portrait

DEPTH = 3.0
"""A track is shallow with less than its share of the depth of the shallowest training line."""

RANGE = 2.0
"""How many times above or below the training lines other measures may be."""

SHIFT = 2.0
"""Bases from which on a track is shifted, if that is also `SURE` standard errors."""

SURE = 3.0

OPEN = 0.5
"""Least share of the training lines' excess around hits over the genome's mean."""

ALIKE = 0.5
"""Least correlation of the profile around hits with that of some training line."""

MOTIFS = 0.7
"""Least share, of the training lines' own, of calls with a motif; of `CALLS` at least."""

CALLS = 50

COMPARED = ("q99", "q99.9")
"""Quantiles that are compared, over the mean."""

NOT_KNOWN = float("nan")

FITS, DOUBTFUL = "like the training cell lines", "doubtful"

RULE = (
    f"A track is doubtful if it has less than 1/{DEPTH:g} of the depth of the shallowest training "
    "cell line; if its values are multiples of another number than theirs, which is to say that it "
    "was scaled, or, where there is no such number, its mean is more than "
    f"{DEPTH:g} times theirs; if the share of bases that it covers, or a quantile over the mean "
    f"({', '.join(COMPARED)}), is more than {RANGE:g} times above or below theirs. Around the best "
    f"hits of the motif, it is if what is alike to both sides lies {SHIFT:g} bases or more, and "
    f"{SURE:g} standard errors, from where theirs lies; if the excess over the genome's mean is "
    f"less than {OPEN:g} times theirs; or if the profile has a correlation below {ALIKE:g} with "
    f"each of theirs. Last, if the share of calls with a motif is less than {MOTIFS:g} times "
    "theirs. What cannot be measured does not count."
)


@dataclass(frozen=True)
class Likeness:
    """A track of a cell line, as it is judged.

    Attributes:
        measures: As from `leopard.inputs.signals.measure_signal`.
        portrait: As from `leopard.evaluation.portrait.paint`.
        calls: How many sites were called with it.
        with_motif: The share of them with a motif; NaN where it is not known.
    """

    measures: Mapping[str, float]
    portrait: Portrait
    calls: int = 0
    with_motif: float = NOT_KNOWN

    @property
    def depth(self) -> float:
        """The mean, in what values are multiples of."""
        return self.measures["mean"] / (self.portrait.unit or 1)


def judge_track(new: Likeness, trained: Sequence[Likeness]) -> tuple[str, list[str]]:
    """The verdict by `RULE`, and what speaks against a track.

    Args:
        new: It.
        trained: The same track of the cell lines that networks were trained on; at least one.
    """
    against = [*_judge_depth(new, trained), *_judge_spread(new, trained)]
    against += _judge_profile(new.portrait, [x.portrait for x in trained])
    theirs = [x.with_motif for x in trained if not np.isnan(x.with_motif)]
    if theirs and new.calls >= CALLS and new.with_motif < MOTIFS * min(theirs):
        against.append(
            f"{new.with_motif:.0%} of the called sites have a motif, of the training lines' "
            f"{min(theirs):.0%} and more"
        )
    return (DOUBTFUL, against) if against else (FITS, [])


def outside(value: float, others: Sequence[float]) -> float:
    """How many times the nearest of the range of others a value is: 1 within it.

    Example:
        >>> outside(9, [1, 3]), outside(2, [1, 3]), outside(0.5, [1, 3])
        (3.0, 1.0, 0.5)
    """
    nearest = min(max(value, min(others)), max(others))
    return float(value / nearest) if nearest else float("nan")


def _judge_depth(new: Likeness, trained: Sequence[Likeness]) -> list[str]:
    units = [x.portrait.unit for x in trained]
    known = new.portrait.unit is not None and None not in units
    against = []
    if known:
        ratio = outside(new.portrait.unit or 1, [x or 1 for x in units])
        if abs(ratio - 1) > 0.01:
            against.append(
                f"values are multiples of {new.portrait.unit:.3g}, in training of {units[0]:.3g}: "
                "it was scaled"
            )
    depths = [x.depth if known else x.measures["mean"] for x in trained]
    ratio = outside(new.depth if known else new.measures["mean"], depths)
    if ratio < 1 / DEPTH:
        against.append(f"it has {ratio:.2g} times the depth of the shallowest training line")
    elif ratio > DEPTH and not known:
        against.append(f"its mean is {ratio:.2g} times that of the deepest training line")
    return against


def _judge_spread(new: Likeness, trained: Sequence[Likeness]) -> list[str]:
    against = []
    ratio = outside(new.measures["covered"], [x.measures["covered"] for x in trained])
    if not 1 / RANGE <= ratio <= RANGE:
        against.append(f"it covers {ratio:.2g} times the share of the genome")
    for name in COMPARED:
        own, *others = (x.measures[name] / (x.measures["mean"] or 1) for x in (new, *trained))
        ratio = outside(own, others)
        if not 1 / RANGE <= ratio <= RANGE:
            against.append(f"its {name[1:]}% quantile is {ratio:.2g} times as far above its mean")
    return against


def _judge_profile(new: Portrait, trained: Sequence[Portrait]) -> list[str]:
    theirs = [x for x in trained if x.profile]
    if not (new.profile and theirs):
        return []
    against = []
    nearest = min(theirs, key=lambda x: abs(new.centre - x.centre))
    shift = new.centre - nearest.centre
    if abs(shift) >= max(SHIFT, SURE * np.hypot(new.error, nearest.error)):
        against.append(f"around motifs it is shifted by {shift:+.1f} bases")
    excess = (new.enrichment - 1) / max(min(x.enrichment for x in theirs) - 1, 1e-3)
    if excess < OPEN:
        against.append(
            f"around motifs it is {new.enrichment:.2f} times its mean: hardly open there"
        )
    alike = max(float(np.corrcoef(new.profile, x.profile)[0, 1]) for x in theirs)
    if not alike >= ALIKE:
        against.append(f"around motifs its profile is another one (correlation {alike:.2f})")
    return against
