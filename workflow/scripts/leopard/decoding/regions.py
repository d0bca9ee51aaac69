"""Some regions decoded as if the whole chromosome had been."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from leopard.decoding.decoder import Decoder, Tile
from leopard.decoding.peaks import find_sites
from leopard.errors import InputError
from leopard.genome.tracks import Region, Tracks

COLUMNS = ["chrom", "start", "end", "largest", "position", "mean", "called", "sites"]

CANDIDATES = 200
"""Lengths of tiles that are compared."""


def tile_region(size: int, start: int, end: int, length: int, halo: int, grid: int) -> list[Tile]:
    """Tiles whose exact parts are [start, end) of a chromosome, in order, every base once.

    Args:
        size: Bases of the chromosome.
        start: First base.
        end: Base after the last.
        length: Bases of a tile, a multiple of `grid` and more than `2 * halo + grid`; all of the
            chromosome, rounded up to the grid, where that is less.
        halo: Bases to each side that an output depends on, a multiple of `grid`.
        grid: What the network's tiles must begin at a multiple of.
    """
    padded = -(-size // grid) * grid
    length = min(length, padded)
    inside = length - 2 * halo - grid if length < padded else size
    tiles = []
    for kept in range(start, end, inside):
        first = min(max(kept - halo, 0) // grid * grid, padded - length)
        tiles.append(Tile(first, length, kept, min(kept + inside, end)))
    return tiles


def choose_length(spans: Sequence[int], most: int, halo: int, grid: int) -> int:
    """The length of tiles with which least is computed, what they overlap by included.

    Args:
        spans: Bases of each region; at least one.
        most: Bases that a tile may have.
        halo: As of `tile_region`.
        grid: As of `tile_region`.

    Example:
        >>> choose_length([1000] * 99 + [20_000], 65_536, 608, 32)
        2272
    """
    around = 2 * halo + grid
    n = np.array(spans)
    ends = np.append(-(-n // grid) * grid, most - around).clip(grid, max(most - around, grid))
    candidates = np.unique(np.quantile(ends, np.linspace(0, 1, CANDIDATES), method="nearest"))
    costs = [(-(-n // inside)).sum() * (inside + around) for inside in candidates]
    return int(candidates[int(np.argmin(costs))]) + around


def check_regions(regions: Sequence[Region], sizes: Mapping[str, int]) -> None:
    """Raise InputError for a region that is not on the genome, or is empty."""
    for chrom, start, end in regions:
        if not 0 <= start < end <= sizes.get(chrom, 0):
            problem = "no bases, or none of this genome"
            raise InputError(f"region {chrom}:{start}-{end}", problem, "correct or leave it out")


def decode_regions(
    decoder: Decoder, tracks: Tracks, regions: Sequence[Region]
) -> Iterator[np.ndarray]:
    """Decode regions, and nothing else but what they depend on.

    All tiles have one length, so that the network is compiled once, and as many are computed at
    once as have the bases of a batch of whole chromosomes.

    Args:
        decoder: The ensemble.
        tracks: Reader of the cell line.
        regions: On chromosomes of the genome, within their ends.

    Yields:
        The probabilities of each region, float32 [end - start], in the order given: those that
        `Decoder.decode` has there, but for the rounding of sums in tiles of another length.

    Raises:
        InputError: A region is not on the genome, or is empty.
    """
    check_regions(regions, tracks.chrom_sizes)
    if not regions:
        return
    grid, halo = decoder.grid, decoder.halo
    spans = [end - start for _, start, end in regions]
    length = choose_length(spans, decoder.tile_length, halo, grid)
    batch_size = max(decoder.batch_size * decoder.tile_length // length, 1)
    pieces = [
        (number, chrom, tile)
        for number, (chrom, start, end) in enumerate(regions)
        for tile in tile_region(tracks.chrom_sizes[chrom], start, end, length, halo, grid)
    ]
    tiles = [(chrom, tile) for _, chrom, tile in pieces]
    decoded = decoder.decode_tiles(tracks, tiles, batch_size)
    found: list[np.ndarray] = []
    for (number, _, tile), (*_, values) in zip(pieces, decoded, strict=True):
        found.append(values)
        if tile.keep_end == regions[number][2]:
            yield np.concatenate(found)
            found = []


def describe_region(region: Region, values: np.ndarray, threshold: float) -> list[object]:
    """What was found in a region.

    Args:
        region: chrom, start, end.
        values: Its probabilities, float32 [end - start].
        threshold: Least probability of a called base.

    Returns:
        A row of `COLUMNS`: chrom, start, end, largest (probability), position (of the first base
        that has it), mean, called (bases), sites (that these are in).
    """
    _, start, _ = region
    top = int(values.argmax())
    starts, _ = find_sites(values, threshold)
    called = int((values >= threshold).sum())
    return [*region, float(values[top]), start + top, float(values.mean()), called, len(starts)]
