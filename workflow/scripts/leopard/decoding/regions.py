"""Some regions decoded as if the whole chromosome had been."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from leopard.decoding.decoder import Decoder, Tile
from leopard.decoding.peaks import call_peaks
from leopard.errors import InputError
from leopard.genome.tracks import Region, Tracks


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

    Tiles are as short as the longest region lets them be, and all of one length, so that the
    network is compiled once.

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
    longest = max((end - start for _, start, end in regions), default=0)
    grid, halo = decoder.grid, decoder.halo
    length = -(-(longest + 2 * halo + grid) // grid) * grid
    length = max(min(length, decoder.tile_length), 2 * halo + 2 * grid)
    pieces = [
        (number, chrom, tile)
        for number, (chrom, start, end) in enumerate(regions)
        for tile in tile_region(tracks.chrom_sizes[chrom], start, end, length, halo, grid)
    ]
    decoded = decoder.decode_tiles(tracks, [(chrom, tile) for _, chrom, tile in pieces])
    found: list[np.ndarray] = []
    for (number, _, tile), (*_, values) in zip(pieces, decoded, strict=True):
        found.append(values)
        if tile.keep_end == regions[number][2]:
            yield np.concatenate(found)
            found = []


def tabulate_regions(
    regions: Sequence[Region], decoded: Iterator[np.ndarray], threshold: float
) -> pd.DataFrame:
    """What was found in each region.

    Args:
        regions: chrom, start, end.
        decoded: Their probabilities, as from `decode_regions`.
        threshold: Least probability of a called base.

    Returns:
        chrom, start, end, largest (probability), position (of the first base that has it), mean,
        called (bases), sites (that these are in).
    """
    rows = []
    for (chrom, start, end), values in zip(regions, decoded, strict=True):
        top = int(values.argmax())
        called, sites = int((values >= threshold).sum()), len(call_peaks(chrom, values, threshold))
        found = [float(values[top]), start + top, float(values.mean()), called, sites]
        rows.append([chrom, start, end, *found])
    columns = ["chrom", "start", "end", "largest", "position", "mean", "called", "sites"]
    return pd.DataFrame(rows, columns=columns)
