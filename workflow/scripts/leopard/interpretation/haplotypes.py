"""Alleles and haplotypes: what a chromosome would read with another allele in it.

A variant is kept as the bases [start, end) of the reference that it replaces and the bases that it
puts there, either of which may be none, with nothing that both share at an end. So that one variant
has one form, it lies as far to the left as it can (Tan, Abecasis & Kang, Bioinformatics 2015).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from leopard.genome.tracks import Tracks

STEP = 64
"""Bases of the reference that are read at once where a variant is moved to the left."""


class Variant(NamedTuple):
    """Reference bases [start, end) replaced by `inserted`, codes uint8 [any]."""

    start: int
    end: int
    inserted: np.ndarray

    @property
    def shift(self) -> int:
        """How many bases the haplotype is longer than the reference."""
        return len(self.inserted) - (self.end - self.start)


REFERENCE = Variant(0, 0, np.empty(0, np.uint8))
"""No variant."""


def normalise(
    start: int,
    reference: np.ndarray,
    alternative: np.ndarray,
    read: Callable[[int, int], np.ndarray],
) -> Variant:
    """The leftmost, shortest form of a variant.

    Args:
        start: First base, 0-based.
        reference: Codes of the allele that the reference has there, uint8 [n].
        alternative: Codes of the other allele, uint8 [m].
        read: Codes of the reference from a first base to before a second.

    Returns:
        The variant; of two alleles that are the same, none of whose bases are left.

    Example:
        >>> genome = np.array([0, 1, 2, 2, 2, 3], np.uint8)  # ACGGGT
        >>> read = lambda first, last: genome[first:last]
        >>> normalise(4, genome[4:5], np.array([2, 2], np.uint8), read)  # G>GG at the last G
        Variant(start=2, end=2, inserted=array([2], dtype=uint8))
    """
    one, other = reference, alternative
    while len(one) and len(other) and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    while len(one) and len(other) and one[0] == other[0]:
        one, other, start = one[1:], other[1:], start + 1
    if bool(len(one)) == bool(len(other)):
        return Variant(start, start + len(one), other)
    # Bases are only put in, or only left out: they may be turned round as far as the reference
    # before them repeats them.
    turned = one if len(one) else other
    moved, before = 0, np.empty(0, np.uint8)
    while moved < start:
        if moved % STEP == 0:
            before = read(max(start - moved - STEP, 0), start - moved)[::-1]
        if before[moved % STEP] != turned[-1 - moved % len(turned)]:
            break
        moved += 1
    turned = np.roll(turned, moved % len(turned))
    start -= moved
    if len(one):
        return Variant(start, start + len(one), other)
    return Variant(start, start, turned)


def read_haplotype(
    tracks: Tracks, chrom: str, variant: Variant, first: int, last: int
) -> tuple[np.ndarray, np.ndarray]:
    """Bases [first, last) of a chromosome with a variant in it.

    Signals are those of the reference, base by base. Of bases that a variant replaces, the first
    has the signal of the first, and so on; what is replaced by nothing goes, and what is put in
    beyond that has the signal of the base before it (of the base after it at the start of a
    chromosome). So what one variant puts in, the variant that takes it out again leaves as it was.

    Args:
        tracks: Reader of the cell line.
        chrom: The chromosome.
        variant: A variant of it.
        first: First base, in the haplotype.
        last: Base after the last; there are no known bases beyond the haplotype's end.

    Returns:
        Codes, uint8 [last - first], and signals, float32 [last - first, arrays].
    """
    at = np.arange(first, last)
    source = trace(variant, at)
    low, high = int(source[0]), int(source[-1]) + 1
    codes = tracks.codes(chrom, low, high)[source - low]
    signals = tracks.signals(chrom, low, high)[source - low]
    put = (at >= variant.start) & (at < variant.start + len(variant.inserted))
    codes[put] = variant.inserted[at[put] - variant.start]
    return codes, signals


def trace(variant: Variant, positions: np.ndarray) -> np.ndarray:
    """The reference base that each base of a haplotype has its signal from.

    Args:
        variant: What makes the haplotype.
        positions: int64 [n], in the haplotype.

    Returns:
        int64 [n], in the reference.

    Example:
        >>> insertion = Variant(3, 3, np.array([0, 0], np.uint8))
        >>> trace(insertion, np.arange(7))
        array([0, 1, 2, 2, 2, 3, 4])
    """
    after = variant.start + len(variant.inserted)
    kept = max(variant.end - 1, variant.start - 1, 0)
    inside = np.minimum(positions, kept)
    return np.where(positions < after, inside, positions - variant.shift)
