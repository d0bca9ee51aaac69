"""Chromosomes in memory, for who reads them at random, many times a second."""

import logging
from collections.abc import Sequence

import numpy as np

from leopard.genome.tracks import STRETCH, Tracks, cut_chromosomes

log = logging.getLogger(__name__)


class LoadedTracks:
    """What `Tracks` reads of some chromosomes, the same numbers, as views of arrays in memory.

    Any number of threads may read at once. Two bytes a base, and four for each signal.

    Args:
        tracks: The reader, with labels.
        chroms: Which chromosomes.
    """

    def __init__(self, tracks: Tracks, chroms: Sequence[str]) -> None:
        self.arrays = tracks.arrays
        self.sites = tracks.sites
        self._codes, self._signals, self._labels = {}, {}, {}
        for chrom in chroms:
            size = tracks.chrom_sizes[chrom]
            self._codes[chrom] = np.empty(size, np.uint8)
            self._signals[chrom] = np.empty((size, len(self.arrays)), np.float32)
            self._labels[chrom] = np.empty(size, np.uint8)
            for _, start, end in cut_chromosomes({chrom: size}, STRETCH):
                self._codes[chrom][start:end] = tracks.codes(chrom, start, end)
                self._signals[chrom][start:end] = tracks.signals(chrom, start, end)
                self._labels[chrom][start:end] = tracks.labels(chrom, start, end)
            log.info("%s: %d bases in memory", chrom, size)

    @staticmethod
    def size(tracks: Tracks, chroms: Sequence[str]) -> int:
        """Bytes that these chromosomes would take."""
        return sum(tracks.chrom_sizes[chrom] for chrom in chroms) * (2 + 4 * len(tracks.arrays))

    def codes(self, chrom: str, start: int, end: int) -> np.ndarray:
        """Sequence codes, uint8 [end - start], of bases inside the chromosome."""
        return self._codes[chrom][start:end]

    def signals(self, chrom: str, start: int, end: int) -> np.ndarray:
        """All signals, in the order of `arrays`, float32 [end - start, arrays]."""
        return self._signals[chrom][start:end]

    def labels(self, chrom: str, start: int, end: int) -> np.ndarray:
        """Labels, uint8 [end - start], as of `Tracks`."""
        return self._labels[chrom][start:end]
