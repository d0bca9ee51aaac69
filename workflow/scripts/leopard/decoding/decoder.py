"""Whole chromosomes through a network, exactly as if in one pass."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import groupby
from typing import NamedTuple

import keras
import numpy as np

from leopard.errors import InputError
from leopard.genome.tracks import Tracks, reverse_complement
from leopard.models import seen_arrays
from leopard.models.reach import derive_reach


class Tile(NamedTuple):
    """Bases [start, start + length) to compute, of which [keep_start, keep_end) are exact."""

    start: int
    length: int
    keep_start: int
    keep_end: int


def tile_chromosome(size: int, length: int, halo: int, grid: int) -> list[Tile]:
    """Cut a chromosome into tiles that overlap by twice the halo.

    Every tile starts at a multiple of `grid`, so that pooling sees the same pairs as in one pass,
    and is equally long. The first begins and the last ends where the chromosome, rounded up to
    the grid, does: there the zero padding of a tile is that of the one pass.

    Args:
        size: Bases of the chromosome.
        length: Bases of a tile, a multiple of `grid`.
        halo: Bases to each side that an output depends on, a multiple of `grid`.
        grid: What the network's tiles must begin at a multiple of.

    Raises:
        InputError: The tiles are too short for the halo.
    """
    padded = -(-size // grid) * grid
    length = min(length, padded)
    if length < padded and length <= 2 * halo:
        problem = f"tiles of {length} bases leave nothing inside a halo of {halo}"
        raise InputError("config (prediction.tile_length)", problem, f"give more than {2 * halo}")
    tiles: list[Tile] = []
    start = kept = 0
    while kept < size:
        start = min(start, padded - length)
        end = size if start + length == padded else start + length - halo
        tiles.append(Tile(start, length, kept, end))
        kept = end
        start = kept - halo
    return tiles


def predict_windows(
    networks: Sequence[keras.Model], codes: np.ndarray, signal: np.ndarray, both_strands: bool
) -> np.ndarray:
    """Mean probabilities, float32 [batch, length], of codes and signals.

    Args:
        networks: Members of an ensemble.
        codes: uint8 [batch, length].
        signal: float32 [batch, length, arrays], of what `leopard.models.seen_arrays` names.
        both_strands: Average with the prediction on the reverse complement.
    """
    strands = [(codes, signal, 1)]
    if both_strands:
        strands.append((reverse_complement(codes), signal[:, ::-1], -1))
    answers = (
        network.predict_on_batch([letters, _fit(network, seen)])[:, ::direction, 0]
        for network in networks
        for letters, seen, direction in strands
    )
    passes = len(networks) * len(strands)
    if passes == 1:
        return next(answers)
    total = np.zeros(codes.shape, np.float32)
    for answer in answers:
        total += answer
    total /= passes
    return total


def _fit(network: keras.Model, signal: np.ndarray) -> np.ndarray:
    """Signals as a network takes them: those of version 0.2 and before have no axis for one."""
    return signal[..., 0] if len(network.inputs[1].shape) == 2 else signal


class Decoder:
    """The mean of an ensemble's networks over whole chromosomes.

    Args:
        networks: Members of the ensemble.
        tile_length: Bases a tile; rounded down to the networks' grid.
        batch_size: Tiles at once.
        both_strands: Average with the prediction on the reverse complement.

    Raises:
        InputError: What an output of a network depends on cannot be derived.

    Example:
        >>> from leopard import Tracks, load
        >>> decoder = Decoder([load(Path("model.keras"))], 2048, batch_size=2, both_strands=False)
        >>> tracks = Tracks(Path("genome.fa"), [Path("accessibility.bigWig")])
        >>> sum(len(probabilities) for *_, probabilities in decoder.decode(tracks, {"chr1": 4096}))
        4096
    """

    def __init__(
        self,
        networks: Sequence[keras.Model],
        tile_length: int,
        batch_size: int,
        both_strands: bool,
    ) -> None:
        self.networks = networks
        reaches = [derive_reach(network) for network in networks]
        self.grid = math.lcm(*(reach.grid for reach in reaches))
        self.halo = max(-(-reach.halo // self.grid) * self.grid for reach in reaches)
        self.tile_length = tile_length // self.grid * self.grid
        self.batch_size = batch_size
        self.both_strands = both_strands

    def predict(self, codes: np.ndarray, signal: np.ndarray) -> np.ndarray:
        """Probabilities, float32 [batch, length], of codes and signal as in `predict_windows`."""
        return predict_windows(self.networks, codes, signal, self.both_strands)

    def decode(
        self, tracks: Tracks, chrom_sizes: Mapping[str, int]
    ) -> Iterator[tuple[str, Tile, np.ndarray]]:
        """Decode chromosomes, reading ahead while the network computes.

        Returns:
            A chromosome, a tile, and the probabilities of its bases [keep_start, keep_end), in
            the order of the genome: every base once.

        Raises:
            InputError: The signals are not those that the networks were trained on.
        """
        for network in self.networks:
            if (wanted := seen_arrays(network)) != tracks.arrays:
                problem = f"it was trained on {', '.join(wanted)}, not {', '.join(tracks.arrays)}"
                raise InputError(f"network {network.name}", problem, "give it those, in that order")
        tiles = [
            (chrom, tile)
            for chrom, size in chrom_sizes.items()
            for tile in tile_chromosome(size, self.tile_length, self.halo, self.grid)
        ]
        return self.decode_tiles(tracks, tiles, self.batch_size)

    def decode_tiles(
        self, tracks: Tracks, tiles: Sequence[tuple[str, Tile]], batch_size: int
    ) -> Iterator[tuple[str, Tile, np.ndarray]]:
        """Decode tiles of chromosomes; yields as `decode` does, in the order given."""
        for group, codes, signal in _read_ahead(tracks, _batch_tiles(tiles, batch_size)):
            for (chrom, tile), values in zip(group, self.predict(codes, signal), strict=False):
                yield chrom, tile, values[tile.keep_start - tile.start : tile.keep_end - tile.start]


class Batch(NamedTuple):
    """Tiles to compute together, and how many to compute: the last one again to make up for it."""

    tiles: Sequence[tuple[str, Tile]]
    size: int


def _batch_tiles(tiles: Sequence[tuple[str, Tile]], batch_size: int) -> Iterator[Batch]:
    """Batches of tiles of one length, across the ends of chromosomes.

    All have one shape, so that the network is compiled once; their size is such that little is
    computed twice to fill up the last one.
    """
    for _, same in groupby(tiles, key=lambda item: item[1].length):
        run = list(same)
        batches = -(-len(run) // batch_size)
        size = -(-len(run) // batches)
        for first in range(0, len(run), size):
            yield Batch(run[first : first + size], size)


def _read_ahead(
    tracks: Tracks, batches: Iterable[Batch]
) -> Iterator[tuple[Sequence[tuple[str, Tile]], np.ndarray, np.ndarray]]:
    """Batches with their arrays; the next one is read while the caller uses this one."""

    def read(batch: Batch) -> tuple[Sequence[tuple[str, Tile]], np.ndarray, np.ndarray]:
        regions = [(chrom, tile.start, tile.start + tile.length) for chrom, tile in batch.tiles]
        regions += regions[-1:] * (batch.size - len(regions))
        codes = np.stack([tracks.codes(*region) for region in regions])
        return batch.tiles, codes, np.stack([tracks.signals(*region) for region in regions])

    with ThreadPoolExecutor(1, "reader") as reader:
        pending: Future | None = None
        for batch in batches:
            following = reader.submit(read, batch)
            if pending:
                yield pending.result()
            pending = following
        if pending:
            yield pending.result()
