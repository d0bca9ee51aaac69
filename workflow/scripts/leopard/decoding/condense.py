"""The form of probabilities in a track: fine where something binds, coarse where nothing does."""

import numpy as np

from leopard.genome.bigwig_writer import Steps
from leopard.genome.tracks import find_runs

BLOCK, LARGEST = 8, 64
"""Bases of background that share one value, at least and at most (docs/performance.md: what it
costs and saves). Powers of 2."""

ALIKE = 2
"""Blocks share a value where the largest of their means is so many times the least, or less."""

GAP = 64
"""So many blocks of background in a row, or fewer, repeat their value at every base: to end a
section of a bigWig and begin another would take more."""

DIGITS, BACKGROUND_DIGITS = 14, 5
"""Binary digits of what is written, which count from the first that is not 0: small probabilities
differ as much as large ones, and are ranked. 14 are as exact as four decimals near 1."""


def round_digits(values: np.ndarray, digits: int) -> np.ndarray:
    """Round to so many significant binary digits, half up, float32.

    Args:
        values: At least 0, float32 [n].
        digits: From 1 to 23.

    Example:
        >>> round_digits(np.array([0, 1, 1.2, 1.3, 80], np.float32), 2)
        array([ 0. ,  1. ,  1. ,  1.5, 96. ], dtype=float32)
    """
    dropped = 24 - digits  # of the 24 that float32 has, the first of which is not stored
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32) + np.uint32(1 << dropped - 1)
    bits &= np.uint32(2**32 - (1 << dropped))
    return bits.view(np.float32)


def _join_blocks(join: np.ufunc, values: np.ndarray) -> np.ndarray:
    """Join the values of each block, [n * BLOCK] to [n]; by halves, as short axes are slow."""
    for _ in range(BLOCK.bit_length() - 1):
        values = join(values[::2], values[1::2])
    return values


def _join_alike(means: np.ndarray, low: np.ndarray) -> np.ndarray:
    """Blocks of background, alike, have the mean of all; as many as make `LARGEST` bases.

    Args:
        means: Of each block, float32 [n].
        low: Whether it is background, bool [n].

    Returns:
        What each block is given, float32 [n].
    """
    given, blocks = means.copy(), 1
    least, largest = means, np.where(low, means, np.float32(np.inf))
    while blocks * BLOCK < LARGEST:
        left, right = slice(0, len(means) // 2 * 2, 2), slice(1, None, 2)
        means = (means[left] + means[right]) / 2
        least = np.minimum(least[left], least[right])
        largest = np.maximum(largest[left], largest[right])
        blocks *= 2
        alike = largest <= ALIKE * least
        given[: len(means) * blocks].reshape(-1, blocks)[alike] = means[alike, None]
    return given


def condense(probabilities: np.ndarray, background: float, start: int = 0) -> list[Steps]:
    """Probabilities as they are written: rounded, and the background in blocks of 8 to 64 bases.

    Nearly all of a genome is background, where probabilities differ from base to base by less
    than they mean. A block in which none reaches `background` gets its mean, or that of the 16,
    32 or 64 bases around it where blocks are alike; everywhere else every base keeps its own.

    Args:
        probabilities: float32 [n].
        background: Where background ends; 0 keeps all values.
        start: Base of the first of them.

    Returns:
        Pieces that make up the n bases, by start.

    Example:
        >>> [piece.span for piece in condense(np.zeros(1000, np.float32), background=0.02)]
        [8]
    """
    whole = len(probabilities) // BLOCK * BLOCK
    low = _join_blocks(np.maximum, probabilities[:whole]) < background
    sums = _join_blocks(np.add, probabilities[:whole])
    means = round_digits(_join_alike(sums / np.float32(BLOCK), low), BACKGROUND_DIGITS)

    def spell_out(first: int, end: int) -> Steps:
        """Values of every base of these blocks."""
        values = round_digits(probabilities[first * BLOCK : end * BLOCK], DIGITS)
        here = low[first:end]
        values.reshape(-1, BLOCK)[here] = means[first:end][here, None]
        return Steps(start + first * BLOCK, 1, values)

    runs = find_runs(low)
    pieces, done = [], 0
    for first, end in runs[runs[:, 1] - runs[:, 0] > GAP].tolist():
        pieces.append(spell_out(done, first))
        pieces.append(Steps(start + first * BLOCK, BLOCK, means[first:end]))
        done = end
    pieces.append(spell_out(done, len(low)))
    pieces.append(Steps(start + whole, 1, round_digits(probabilities[whole:], DIGITS)))
    return [piece for piece in pieces if len(piece.values)]
