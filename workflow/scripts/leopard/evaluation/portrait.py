"""What a signal is like around a motif, and in what steps it counts: a portrait of a cell line.

Whether a new track is like those that networks were trained on shows without labels. Where a motif
is met, chromatin is open, and the factor leaves its print; and since motifs lie on both strands
alike, what is around them is the same to both sides, unless the track is shifted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from leopard.evaluation.motif_scores import cut, log_odds, measure_background, score_words
from leopard.genome.tracks import Region, Tracks

REACH = 150
"""Bases to each side of a hit's middle: a nucleosome."""

EVERY = 10_000
"""One hit in so many bases is looked at, the best of all."""

COMMON = 1_000
"""The same, of hits that a call may have: a call of 20 bases has one of them by chance in one case
of fifty."""

SEARCHED = 50_000_000
"""Bases of chromosomes that are searched, or a little more; the rest of a genome is alike."""

LEAST_HITS = 200
"""Fewer tell nothing."""

FARTHEST = 20
"""Bases; the largest shift that is looked for."""

DRAWS = 50
"""How often hits are drawn anew, to tell how far a shift is known."""

SMOOTH = 51
"""Bases, wider than a footprint, whose mean is taken away before sides are compared: what varies
over longer stretches lies beside a motif by chance."""

STEPS = 20
"""Values up to so many times the smallest tell whether all are multiples of it."""


@dataclass(frozen=True)
class Portrait:
    """A signal of a cell line.

    Attributes:
        unit: What all values are multiples of, 1 for counts; None where there is no such number.
        hits: How many hits of the motif were looked at.
        profile: Mean of the signal around them over its mean on the genome, by the distance from
            -REACH to REACH; none without a motif, or with too few hits.
        centre: What it is the same to both sides of, in bases from the hits' middle.
        error: Standard error of that, in bases.
    """

    unit: float | None = None
    hits: int = 0
    profile: Sequence[float] = field(default_factory=list)
    centre: float = 0.0
    error: float = 0.0

    @property
    def enrichment(self) -> float:
        """How many times the genome's mean the signal is within 50 bases of a hit."""
        return float(np.mean(self.profile[REACH - 50 : REACH + 51]))


def choose_searched(tracks: Tracks, chromosomes: Sequence[str]) -> list[str]:
    """The first of some chromosomes, until they have `SEARCHED` bases."""
    chosen: list[str] = []
    for chrom in chromosomes:
        if sum(tracks.chrom_sizes[x] for x in chosen) < SEARCHED:
            chosen.append(chrom)
    return chosen


def find_hits(
    tracks: Tracks, chromosomes: Sequence[str], motif: np.ndarray, every: int = EVERY
) -> pd.DataFrame:
    """The best hits of a motif on some chromosomes.

    Args:
        tracks: Reader of the genome; where bases are excluded, hits are passed over.
        chromosomes: Which.
        motif: Letter probabilities [4, width], rows A C G T.
        every: Bases to a hit; there may be fewer.

    Returns:
        chrom, middle (of the word, in bases; between two for an even width), score (bits), by
        chromosome and place.
    """
    odds = log_odds(motif, measure_background(tracks, chromosomes))
    wanted = sum(tracks.chrom_sizes[x] for x in chromosomes) // every
    half = (odds.shape[1] - 1) / 2
    found: list[pd.DataFrame] = []
    for chrom, start, end in cut(tracks, chromosomes):
        scores = score_words(tracks.codes(chrom, start, end + odds.shape[1] - 1), odds)
        at = np.flatnonzero(scores > 0)
        kept = at[np.argsort(-scores[at], kind="stable")[:wanted]]
        columns = {"chrom": chrom, "middle": start + kept + half, "score": scores[kept]}
        found.append(pd.DataFrame(columns))
    best = pd.concat(found).nlargest(wanted, "score")
    best = best[[not tracks.touches_excluded(*near) for near in _surround(best)]]
    order = best["chrom"].map(list(chromosomes).index)
    return best.assign(order=order).sort_values(["order", "middle"]).drop(columns="order")


def paint(tracks: Tracks, name: str, chromosomes: Sequence[str], hits: pd.DataFrame) -> Portrait:
    """The portrait of one signal.

    Args:
        tracks: Reader of the cell line.
        name: Which of its signals.
        chromosomes: Where it is looked at.
        hits: As from `find_hits` on them; none where no motif is known.
    """
    total, bases, sample = 0.0, 0, []
    for region in cut(tracks, chromosomes):
        values = tracks.signal(*region, name)[tracks.counted(*region)]
        total, bases = total + values.sum(dtype=np.float64), bases + len(values)
        sample.append(values[values > 0][:: max(len(values) // 10_000, 1)])
    mean = total / max(bases, 1)
    unit = find_unit(np.concatenate(sample))
    around = read_around(tracks, name, hits)
    if len(around) < LEAST_HITS or not mean:
        return Portrait(unit, len(around))
    # An even motif has its middle between two bases; windows begin at the one behind it.
    between = float(hits["middle"].iloc[0] % 1)
    rng = np.random.default_rng(len(around))
    draws = (rng.integers(0, len(around), len(around)) for _ in range(DRAWS))
    centres = [find_centre(around[draw].mean(axis=0)) for draw in draws]
    profile = around.mean(axis=0)
    return Portrait(
        unit,
        len(around),
        (profile / mean).round(4).tolist(),
        find_centre(profile) + between,
        round(float(np.std(centres)), 3),
    )


def read_around(tracks: Tracks, name: str, hits: pd.DataFrame) -> np.ndarray:
    """A signal around hits, float32 [n, 2 * REACH + 1], without those near an end."""
    rows = [
        tracks.signal(chrom, start, end, name)
        for chrom, start, end in _surround(hits)
        if start >= 0 and end <= tracks.chrom_sizes[chrom]
    ]
    return np.stack(rows) if rows else np.empty((0, 2 * REACH + 1), np.float32)


def _surround(hits: pd.DataFrame) -> Iterator[Region]:
    """The bases around each hit."""
    for chrom, middle in zip(hits["chrom"], np.ceil(hits["middle"]).astype(int), strict=True):
        yield chrom, middle - REACH, middle + REACH + 1


def find_centre(profile: np.ndarray) -> float:
    """What a profile is most alike to both sides of, in bases from its middle, by halves.

    Args:
        profile: float [2 * REACH + 1].

    Example:
        >>> x = np.arange(-REACH, REACH + 1)
        >>> find_centre(np.exp(-(((x - 4) / 15) ** 2)))
        4.0
    """
    padded = np.pad(profile, SMOOTH // 2, mode="edge")
    profile = profile - np.convolve(padded, np.full(SMOOTH, 1 / SMOOTH), "valid")
    inside = np.arange(-REACH + 2 * FARTHEST, REACH - 2 * FARTHEST + 1)
    doubled = np.arange(-2 * FARTHEST, 2 * FARTHEST + 1)
    mirrored = profile[REACH + doubled[:, None] - inside]
    here = profile[REACH + inside]
    with np.errstate(invalid="ignore"):
        alike = [np.corrcoef(here, other)[0, 1] for other in mirrored]
    return float(doubled[int(np.nanargmax(alike))]) / 2 if np.ptp(profile) else 0.0


def find_unit(values: np.ndarray) -> float | None:
    """What values are multiples of, if nearly all are: 1 of counts, less or more of scaled ones.

    Args:
        values: Above 0, float [n].

    Example:
        >>> find_unit(np.array([0.3, 0.6, 1.5, 0.9])), find_unit(np.array([0.3, 0.61, 1.73]))
        (0.3, None)
    """
    if not len(values):
        return None
    small = values[values <= STEPS * values.min()].astype(np.float64)
    steps = np.rint(small / values.min())
    if np.mean(np.abs(small / values.min() - steps) < 0.05) < 0.99:
        return None
    return float(f"{small.sum() / steps.sum():.5g}")


def share_with_motif(calls: pd.DataFrame, hits: pd.DataFrame) -> float:
    """Share of called sites, columns chrom, start and end, that the middle of a hit lies in.

    NaN where there are none on chromosomes that have hits.
    """
    found = total = 0
    for chrom, own in hits.groupby("chrom"):
        here = calls[calls["chrom"] == chrom]
        middles = np.sort(own["middle"].to_numpy())
        first, last = (np.searchsorted(middles, here[x].to_numpy()) for x in ("start", "end"))
        found += int((last > first).sum())
        total += len(here)
    return found / total if total else float("nan")
