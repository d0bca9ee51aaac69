"""Random variants of the same genome, to tell how large a score is by chance.

They are like those that are asked about: on the same chromosomes, as often of each kind, as long,
and where the genome is as accessible.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from leopard.genome.tracks import BASES, OTHER, STRETCH, Tracks, cut_chromosomes
from leopard.interpretation.haplotypes import Variant

ALIKE = 0.1
"""By which share of a variant's accessibility that of a random one's place may differ, at most."""

CHOICE = 20
"""Places to choose from, at least, if the genome has as many; else those that come nearest."""


class Model(NamedTuple):
    """What a random variant is to be like."""

    replaced: int
    inserted: int
    accessibility: float


class Sample:
    """A random sample of what passes, each as likely to be in it (Vitter's algorithm R, 1985).

    Args:
        size: Of the sample.
        rng: Source of the choice.
    """

    def __init__(self, size: int, rng: np.random.Generator) -> None:
        self.size, self.rng = size, rng
        self.passed = 0
        self.kept: list[Model] = []

    def add(self, model: Model) -> None:
        """Let one more pass."""
        self.passed += 1
        if len(self.kept) < self.size:
            self.kept.append(model)
        elif (place := int(self.rng.integers(self.passed))) < self.size:
            self.kept[place] = model


def map_accessibility(tracks: Tracks, chrom: str, width: int) -> np.ndarray:
    """Mean of the first signal of each `width` bases of a chromosome, float32 [bins].

    NaN where a base is unknown or excluded; the last bases, too few for a bin, are left out.
    """
    size = tracks.chrom_sizes[chrom] // width * width
    means = [np.empty(0, np.float32)]
    for _, start, end in cut_chromosomes({chrom: size}, STRETCH // width * width):
        known = (tracks.codes(chrom, start, end) < OTHER) & tracks.counted(chrom, start, end)
        mean = tracks.signal(chrom, start, end).reshape(-1, width).mean(axis=1)
        mean[~known.reshape(-1, width).all(axis=1)] = np.nan
        means.append(mean)
    return np.concatenate(means)


def draw_variants(
    tracks: Tracks,
    chrom: str,
    models: Sequence[Model],
    n: int,
    width: int,
    rng: np.random.Generator,
) -> list[Variant]:
    """Random variants of a chromosome, sorted.

    Each is like one of `models`, taken in turn: it replaces and inserts as many bases, in a bin
    whose accessibility differs by no more than `ALIKE` of its own. Bases are put in at random; one
    that takes another's place is never the same.

    Args:
        tracks: Reader of the cell line.
        chrom: The chromosome.
        models: What they are to be like; at least one.
        n: How many to draw.
        width: Bases over which accessibility is averaged.
        rng: Source of all choices.

    Returns:
        n variants, or none where no bin of the chromosome is usable.
    """
    means = map_accessibility(tracks, chrom, width)
    order = np.argsort(means, kind="stable")[: np.count_nonzero(~np.isnan(means))]
    if not len(order):
        return []
    drawn = []
    for number in range(n):
        model = models[number % len(models)]
        place = order[_choose(means[order], model.accessibility, rng)] * width
        start = int(place + rng.integers(width))
        end = min(start + model.replaced, tracks.chrom_sizes[chrom])
        inserted = rng.integers(len(BASES), size=model.inserted, dtype=np.uint8)
        if model.inserted == end - start:
            there = tracks.codes(chrom, start, end) % len(BASES)
            others = rng.integers(1, len(BASES), size=model.inserted, dtype=np.uint8)
            inserted = (there + others) % len(BASES)
        drawn.append(Variant(start, end, inserted))
    return sorted(drawn, key=lambda variant: variant[:2])


def _choose(values: np.ndarray, wanted: float, rng: np.random.Generator) -> int:
    """The place of a random one of sorted values that are about as large as is wanted."""
    low = int(np.searchsorted(values, wanted * (1 - ALIKE)))
    high = int(np.searchsorted(values, wanted * (1 + ALIKE), side="right"))
    if high - low < CHOICE:
        middle = int(np.searchsorted(values, wanted))
        low = max(min(middle - CHOICE // 2, len(values) - CHOICE), 0)
        high = min(low + CHOICE, len(values))
    return int(rng.integers(low, high))
