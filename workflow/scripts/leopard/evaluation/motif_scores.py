"""A motif's score at every base, against the genome's own base composition."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from leopard.genome.tracks import OTHER, Tracks, add_runs, cut_chromosomes, new_bigwig

STRETCH = 1 << 20
"""Bases scanned at once: memory stays small on any chromosome."""

PSEUDOCOUNT = 0.01
"""Share of the background in each column of a motif, so that no base is impossible."""


def measure_background(tracks: Tracks, chromosomes: Sequence[str]) -> np.ndarray:
    """Shares of A, C, G and T on both strands of some chromosomes, float64 [4]."""
    counts = np.zeros(OTHER + 1, np.int64)
    for region in cut(tracks, chromosomes):
        counts += np.bincount(tracks.codes(*region), minlength=OTHER + 1)
    both = counts[:OTHER] + counts[OTHER - 1 :: -1]
    return both / max(both.sum(), 1)


def cut(tracks: Tracks, chromosomes: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Chromosomes in stretches: chromosome, start, end."""
    return cut_chromosomes({chrom: tracks.chrom_sizes[chrom] for chrom in chromosomes}, STRETCH)


def log_odds(motif: np.ndarray, background: np.ndarray) -> np.ndarray:
    """How much likelier each base is in the motif than in the background, in bits.

    Args:
        motif: Letter probabilities [4, width], rows A C G T.
        background: Of A, C, G and T, as from `measure_background`.

    Returns:
        float32 [4, width].
    """
    # Where the background lacks a base, that base cannot be met either.
    shares = np.maximum(background, np.finfo(np.float32).tiny)[:, None]
    mixed = (motif + PSEUDOCOUNT * shares) / (1 + PSEUDOCOUNT)
    return np.log2(mixed / shares).astype(np.float32)


def score_words(codes: np.ndarray, odds: np.ndarray) -> np.ndarray:
    """The motif's score at every position: its log-odds on the better strand, 0 where negative.

    Args:
        codes: Sequence codes, uint8 [length].
        odds: As from `log_odds`, [4, width].

    Returns:
        float32 [length - width + 1] (none if that is negative), by the first base of the word; 0
        where it holds a base other than A, C, G, T.
    """
    width = odds.shape[1]
    best = np.zeros(max(len(codes) - width + 1, 0), np.float32)
    for strand in (odds, odds[::-1, ::-1]):
        table = np.vstack([strand, np.full(width, -np.inf, np.float32)])
        total = np.zeros_like(best)
        for column, here in enumerate(table.T):
            total += here[codes[column : column + len(best)]]
        np.maximum(best, total, out=best)
    return best


def slide_maximum(values: np.ndarray, width: int) -> np.ndarray:
    """The largest of each `width` neighbours, [n - width + 1], in log2(width) passes."""
    done = 1
    while 2 * done <= width:
        values = np.maximum(values[:-done], values[done:])
        done *= 2
    rest = width - done
    return np.maximum(values[: len(values) - rest], values[rest:])


@dataclass(frozen=True)
class MotifSearch:
    """A motif, and the bases for which its hit counts.

    Attributes:
        odds: As from `log_odds`, float32 [4, width].
        before: A hit counts from so many bases before its middle one, base width // 2 of the word,
        after: to so many behind it.
    """

    odds: np.ndarray
    before: int = 0
    after: int = 0

    @classmethod
    def over_itself(cls, odds: np.ndarray) -> "MotifSearch":
        """A search whose hits count for their own bases."""
        width = odds.shape[1]
        return cls(odds, width // 2, width - 1 - width // 2)

    def read(self, tracks: Tracks, chrom: str, start: int, end: int) -> np.ndarray:
        """The best score of the hits that count for each base, else 0, float32 [end - start]."""
        width = self.odds.shape[1]
        first = start - self.after - width // 2
        last = end + self.before + width - 1 - width // 2
        codes = tracks.codes(chrom, max(first, 0), last)
        codes = np.pad(codes, (max(-first, 0), 0), constant_values=OTHER)
        return slide_maximum(score_words(codes, self.odds), self.before + self.after + 1)


def write_scores(
    path: Path,
    tracks: Tracks,
    chromosomes: Sequence[str],
    read: Callable[[str, int, int], np.ndarray],
) -> None:
    """Write scores of whole chromosomes as a bigWig; bases of score 0 are left out.

    Args:
        path: The bigWig.
        tracks: Reader of the genome.
        chromosomes: Which.
        read: Gives the scores of (chromosome, start, end).
    """
    sizes = {chrom: size for chrom, size in tracks.chrom_sizes.items() if chrom in chromosomes}
    with new_bigwig(path, sizes) as bigwig:
        for region in cut_chromosomes(sizes, STRETCH):
            add_runs(bigwig, region[0], read(*region), region[1])
