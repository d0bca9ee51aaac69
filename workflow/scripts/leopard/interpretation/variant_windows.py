"""Alleles through the networks: pieces of haplotypes, no longer than a variant can reach.

What a variant can change lies within the halo of its bases, and what that depends on within
another halo. The reference is computed once for all variants of a neighbourhood.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice, pairwise
from typing import NamedTuple

import numpy as np

from leopard.decoding.decoder import Decoder, Tile, predict_windows
from leopard.decoding.regions import tile_region
from leopard.genome.tracks import Tracks
from leopard.interpretation.haplotypes import REFERENCE, Variant, read_haplotype

CHUNK = 1024
"""Variants that are held in memory at once."""


class Piece(NamedTuple):
    """A tile of a haplotype."""

    variant: Variant
    tile: Tile


class Predicted(NamedTuple):
    """What is known of the bases of a haplotype from `first` on.

    Attributes:
        first: First base, in the haplotype.
        probabilities: float32 [members, n], as the networks say.
        signal: float32 [n], the first one.
    """

    first: int
    probabilities: np.ndarray
    signal: np.ndarray


def piece_length(decoder: Decoder, flank: int, longest: int) -> int:
    """Bases of a piece: a neighbourhood, a halo to each side, and what the grid asks for."""
    needed = 2 * flank + longest + 2 * decoder.halo + decoder.grid
    return -(-needed // decoder.grid) * decoder.grid


def merge_neighbourhoods(variants: Sequence[Variant], flank: int, size: int) -> np.ndarray:
    """Stretches of the reference around variants, those that overlap in one: int64 [k, 2]."""
    around = sorted((max(x.start - flank, 0), min(x.end + flank, size)) for x in variants)
    merged = [list(around[0])]
    for start, end in around[1:]:
        if start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    return np.array(merged)


class Alleles:
    """Both alleles of variants, predicted around them.

    Args:
        decoder: The ensemble.
        tracks: Reader of the cell line.
        chrom: The chromosome of all variants.
        flank: Bases to each side of a variant that are wanted.
        longest: Bases of the longest allele.
    """

    def __init__(
        self, decoder: Decoder, tracks: Tracks, chrom: str, flank: int, longest: int
    ) -> None:
        self.decoder, self.tracks, self.chrom, self.flank = decoder, tracks, chrom, flank
        self.size = tracks.chrom_sizes[chrom]
        self.length = piece_length(decoder, flank, longest)
        # As many bases at once as whole chromosomes are decoded by.
        self.batch = max(decoder.tile_length * decoder.batch_size // self.length, 1)

    def predict(
        self, variants: Iterable[Variant]
    ) -> Iterator[tuple[list[Variant], list[Predicted], list[Predicted]]]:
        """Predict both alleles of variants, some at a time.

        Args:
            variants: Of the chromosome, in about its order; taken as they are needed.

        Yields:
            Up to `CHUNK` variants, and of each the neighbourhood in the reference, and in the
            haplotype that has the variant.
        """
        chunks: list[tuple[list[Variant], np.ndarray, int]] = []

        def list_pieces() -> Iterator[Piece]:
            coming = iter(variants)
            while some := list(islice(coming, CHUNK)):
                regions = merge_neighbourhoods(some, self.flank, self.size)
                pieces = [x for start, end in regions for x in self._cut(REFERENCE, start, end)]
                chunks.append((some, regions, len(pieces)))
                yield from pieces
                for variant in some:
                    start = max(variant.start - self.flank, 0)
                    end = variant.start + len(variant.inserted) + self.flank
                    yield from self._cut(variant, start, min(end, self.size + variant.shift))

        predicted = self._compute(list_pieces())
        for first in predicted:
            some, regions, n = chunks.pop(0)
            pieces = chain([first], predicted)
            reference = _join(list(islice(pieces, n)), regions)
            starts = regions[:, 0]
            own = []
            for variant in some:
                whole = reference[int(np.searchsorted(starts, variant.start, side="right")) - 1]
                start = max(variant.start - self.flank, 0)
                inside = slice(start - whole.first, variant.end + self.flank - whole.first)
                own.append(Predicted(start, whole.probabilities[:, inside], whole.signal[inside]))
            yield some, own, list(islice(pieces, len(some)))

    def _cut(self, variant: Variant, start: int, end: int) -> Iterator[Piece]:
        """Pieces of a haplotype whose exact parts are [start, end)."""
        decoder, size = self.decoder, self.size + variant.shift
        for tile in tile_region(
            size, int(start), int(end), self.length, decoder.halo, decoder.grid
        ):
            yield Piece(variant, tile)

    def _compute(self, pieces: Iterator[Piece]) -> Iterator[Predicted]:
        """What the networks say of the exact part of each piece, in order."""
        for group, codes, signals in self._read_ahead(self._batch(pieces)):
            said = [
                predict_windows([network], codes, signals, self.decoder.both_strands)
                for network in self.decoder.networks
            ]
            values = np.stack(said)
            for row, (_, tile) in enumerate(group):
                kept = slice(tile.keep_start - tile.start, tile.keep_end - tile.start)
                yield Predicted(tile.keep_start, values[:, row, kept], signals[row, kept, 0])

    def _batch(self, pieces: Iterator[Piece]) -> Iterator[list[Piece]]:
        """Groups of pieces of one length."""
        group: list[Piece] = []
        for piece in pieces:
            if group and (len(group) == self.batch or piece.tile.length != group[0].tile.length):
                yield group
                group = []
            group.append(piece)
        if group:
            yield group

    def _read(self, group: list[Piece], rows: int) -> tuple[np.ndarray, np.ndarray]:
        """Codes and signals of pieces, the last one again up to so many rows."""
        found = [
            read_haplotype(self.tracks, self.chrom, variant, tile.start, tile.start + tile.length)
            for variant, tile in group
        ]
        found += found[-1:] * (rows - len(found))
        codes, signals = zip(*found, strict=True)
        return np.stack(codes), np.stack(signals)

    def _read_ahead(
        self, groups: Iterator[list[Piece]]
    ) -> Iterator[tuple[list[Piece], np.ndarray, np.ndarray]]:
        """Groups with their arrays; the next one is read while the caller uses this one."""
        rows = 0
        with ThreadPoolExecutor(1, "reader") as reader:
            pending: tuple[list[Piece], Future] | None = None
            for group in groups:
                # All of one shape, so that the network is compiled once, but for a few variants.
                rows = rows or len(group)
                following = group, reader.submit(self._read, group, rows)
                if pending:
                    yield pending[0], *pending[1].result()
                pending = following
            if pending:
                yield pending[0], *pending[1].result()


def _join(predicted: Sequence[Predicted], regions: np.ndarray) -> list[Predicted]:
    """The pieces of each region put together."""
    firsts = [x.first for x in predicted]
    bounds = np.append(np.searchsorted(firsts, regions[:, 0]), len(firsts))
    joined = []
    for start, end in pairwise(bounds):
        some = predicted[start:end]
        joined.append(
            Predicted(
                some[0].first,
                np.concatenate([x.probabilities for x in some], axis=1),
                np.concatenate([x.signal for x in some]),
            )
        )
    return joined
