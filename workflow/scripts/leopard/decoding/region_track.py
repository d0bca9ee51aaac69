"""The track and the table of some regions, decoded alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from leopard.decoding.condense import LARGEST, condense
from leopard.decoding.decoder import Decoder
from leopard.decoding.regions import (
    COLUMNS,
    check_regions,
    decode_regions,
    describe_region,
)
from leopard.errors import InputError
from leopard.genome.bigwig_writer import Steps, open_writer, pack
from leopard.genome.formats import new_file
from leopard.genome.tracks import Region, Tracks


class Stretch(NamedTuple):
    """Bases of a chromosome in one piece, and the regions that lie in it, by their numbers."""

    region: Region
    inside: list[int]


def join_regions(regions: Sequence[Region], sizes: Mapping[str, int]) -> list[Stretch]:
    """Regions that overlap or touch joined, in the order of the chromosomes.

    They are widened to the largest blocks of `leopard.decoding.condense`, so that their track is
    that of the whole chromosome.

    Example:
        >>> regions = [("chr2", 0, 9), ("chr1", 140, 160), ("chr1", 90, 150)]
        >>> [stretch.region for stretch in join_regions(regions, {"chr1": 999, "chr2": 10})]
        [('chr1', 64, 192), ('chr2', 0, 10)]
    """
    rank = {chrom: number for number, chrom in enumerate(sizes)}

    def place(number: int) -> tuple[int, int]:
        chrom, start, _ = regions[number]
        return rank[chrom], start

    joined: list[Stretch] = []
    for number in sorted(range(len(regions)), key=place):
        chrom, start, end = regions[number]
        start, end = start // LARGEST * LARGEST, min(-(-end // LARGEST) * LARGEST, sizes[chrom])
        if joined and joined[-1].region[0] == chrom and start <= joined[-1].region[2]:
            (_, first, last), inside = joined.pop()
            joined.append(Stretch((chrom, first, max(last, end)), [*inside, number]))
        else:
            joined.append(Stretch((chrom, start, end), [number]))
    return joined


def write_regions(
    decoder: Decoder,
    tracks: Tracks,
    regions: Sequence[Region],
    background: float,
    threshold: float,
    track: Path,
    table: Path,
    calibrate: Callable[[np.ndarray], np.ndarray],
) -> list[Region]:
    """Decode regions, and nothing else but what they depend on, into a track and a table.

    Args:
        decoder: The ensemble.
        tracks: Reader of the cell line.
        regions: Of the genome; they may overlap, and are then decoded once.
        background: As of `leopard.decoding.track.decode_genome`.
        threshold: Least probability of a called base.
        track: The bigWig: of regions, widened as by `join_regions`, with no value elsewhere.
        table: What was found in each region, in the order given; see `describe_region`.
        calibrate: An increasing map of the probabilities.

    Returns:
        What the track has values for, in order, without overlaps.

    Raises:
        InputError: There are no regions, or one is not on the genome.
    """
    if not regions:
        raise InputError("regions", "there are none on this genome", "name its chromosomes")
    check_regions(regions, tracks.chrom_sizes)
    background = min(background, float(calibrate(np.array(background))))
    joined = join_regions(regions, tracks.chrom_sizes)
    decoded = map(calibrate, decode_regions(decoder, tracks, [x.region for x in joined]))
    rows: dict[int, list[object]] = {}
    chromosomes = {x.region[0]: tracks.chrom_sizes[x.region[0]] for x in joined}

    def pieces_of(stretches: Iterator[Stretch]) -> Iterator[Steps]:
        for (_, first, _), inside in stretches:
            values = next(decoded)
            for number in inside:
                _, start, end = regions[number]
                own = values[start - first : end - first]
                rows[number] = describe_region(regions[number], own, threshold)
            yield from condense(values, background, first)

    with open_writer(track, chromosomes) as bigwig:
        groups = groupby(joined, key=lambda x: x.region[0])
        for number, (_, stretches) in enumerate(groups):
            bigwig.write(pack(number, list(pieces_of(stretches))))
    with new_file(table) as unfinished:
        found = pd.DataFrame([rows[number] for number in sorted(rows)], columns=COLUMNS)
        found.to_csv(unfinished, sep="\t", index=False, float_format="%.4g")
    return [stretch.region for stretch in joined]
