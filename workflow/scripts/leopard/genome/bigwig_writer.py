"""bigWig files of many values, written at a network's pace.

pyBigWig writes half a million intervals a second, in one thread, and reads the file again for its
zoom levels. Here most of the work, to compress and to summarise, is a function of its arguments
alone (`pack`) that runs outside Python's lock, so that threads can share it. Values come in fixed
steps, which take a third of what intervals do.

The format is that of Kent et al., Bioinformatics 2010, whose supplement has its tables: blocks of
compressed values, an R-tree of where they are, and the same of summaries at each zoom level.
"""

import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

MAGIC, NAMES_MAGIC, INDEX_MAGIC = 0x888FFC26, 0x78CA8C91, 0x2468ACE0
VERSION, FIXED_STEP = 4, 3

FANOUT = 256
"""Children of a node of a tree."""

BLOCK_VALUES, BLOCK_SUMMARIES = 4096, 512
"""What is compressed together, and therefore read together."""

LEVEL = 1
"""Of compression; 6 takes five times as long and saves a tenth."""

REDUCTIONS = [2048 * 4**level for level in range(7)]
"""Bases to a summary at each zoom level. A browser that shows fewer to a pixel reads the values."""

HEADER, ZOOM, TOTAL = struct.Struct("<IHHQQQHHQQIQ"), struct.Struct("<IIQQ"), struct.Struct("<Q4d")
NAMES, INDEX = struct.Struct("<4IQQ"), struct.Struct("<IIQ4IQII")
NODE, SECTION = struct.Struct("<BBH"), struct.Struct("<5IBBH")

_EXTENT = [("chrom", "<u4"), ("start", "<u4"), ("last_chrom", "<u4"), ("end", "<u4")]
_OFFSET = [("offset", "<u8")]
PLACE = np.dtype([*_EXTENT, *_OFFSET, ("size", "<u8")])
SUMMARY = np.dtype(
    [(name, "<u4") for name in ("chrom", "start", "end", "valid")]
    + [(name, "<f4") for name in ("least", "largest", "sum", "squares")]
)
"""Of the bases from start to end: how many have a value, and what is to be told of these."""


class Steps(NamedTuple):
    """Values, float32 [n], for `span` bases each, one after the other from `start` on."""

    start: int
    span: int
    values: np.ndarray


class Packed(NamedTuple):
    """Values as they lie in a file: blocks, PLACE [blocks] without offsets, and SUMMARY [n]."""

    blocks: list[bytes]
    places: np.ndarray
    summaries: np.ndarray


def pack(chrom: int, pieces: Sequence[Steps]) -> Packed:
    """Compress values of a chromosome, and summarise them at the first zoom level.

    Args:
        chrom: Its index in the file.
        pieces: At least one, in order, none overlapping. Summaries are not joined over calls, so
            that calls should begin at multiples of the first of `REDUCTIONS`.
    """
    blocks, places = [], []
    for start, span, values in pieces:
        for first in range(0, len(values), BLOCK_VALUES):
            part = values[first : first + BLOCK_VALUES].astype("<f4", copy=False)
            begin, end = start + span * first, start + span * (first + len(part))
            head = SECTION.pack(chrom, begin, end, span, span, FIXED_STEP, 0, len(part))
            blocks.append(zlib.compress(head + part.tobytes(), LEVEL))
            places.append((chrom, begin, chrom, end, 0, len(blocks[-1])))
    return Packed(blocks, np.array(places, PLACE), _summarize_values(chrom, pieces))


def _summarize_values(chrom: int, pieces: Sequence[Steps]) -> np.ndarray:
    counts = np.array([len(piece.values) for piece in pieces])
    begins, spans = np.array([piece[:2] for piece in pieces], np.uint32).T
    before = (np.cumsum(counts) - counts).astype(np.uint32)
    span = np.repeat(spans, counts)
    start = np.repeat(begins - before * spans, counts)  # below 0 wraps, and comes back in the sum
    start += np.arange(len(span), dtype=np.uint32) * span
    values = np.concatenate([piece.values for piece in pieces])
    sums = span * values
    summaries = {
        "start": start,
        "end": start + span,
        "valid": span,
        "least": values,
        "largest": values,
        "sum": sums,
        "squares": sums * values,
    }
    return summarize(chrom, summaries, REDUCTIONS[0])


def summarize(
    chrom: int, summaries: np.ndarray | Mapping[str, np.ndarray], bases: int
) -> np.ndarray:
    """Join the summaries, fields of SUMMARY [n], that begin in the same `bases` of a chromosome."""
    first = np.flatnonzero(np.diff(summaries["start"] // np.uint32(bases), prepend=-1))
    joined = np.empty(len(first), SUMMARY)
    joined["chrom"] = chrom
    joined["start"] = summaries["start"][first]
    joined["end"] = summaries["end"][np.append(first[1:], len(summaries["end"])) - 1]
    for name, join, kind in (
        ("valid", np.add, np.uint32),
        ("least", np.minimum, np.float32),
        ("largest", np.maximum, np.float32),
        ("sum", np.add, np.float64),
        ("squares", np.add, np.float64),
    ):
        joined[name] = join.reduceat(summaries[name], first, dtype=kind)
    return joined


class _Level:
    """Packed summaries of one zoom level; in memory, as they follow all values in the file."""

    def __init__(self, bases: int) -> None:
        self.bases, self.n = bases, 0
        self.blocks: list[bytes] = []
        self.places: list[tuple[int, ...]] = []

    def add(self, summaries: np.ndarray) -> np.ndarray:
        """Add a chromosome's, from those of the level before, and return them."""
        chrom = summaries["chrom"][0]
        joined = summarize(chrom, summaries, self.bases)
        self.n += len(joined)
        for first in range(0, len(joined), BLOCK_SUMMARIES):
            part = joined[first : first + BLOCK_SUMMARIES]
            self.blocks.append(zlib.compress(part.tobytes(), LEVEL))
            size = len(self.blocks[-1])
            self.places.append((chrom, part["start"][0], chrom, part["end"][-1], 0, size))
        return joined


class BigWigWriter:
    """A bigWig that `open_writer` opens, and completes.

    Args:
        file: To write to.
        sizes: Chromosomes and their lengths in bases; a chromosome's index is its place in it.
    """

    def __init__(self, file: BinaryIO, sizes: Mapping[str, int]) -> None:
        self._file, self._sizes = file, sizes
        self._places: list[np.ndarray] = []
        self._summaries: list[np.ndarray] = []  # of the chromosome being written
        self._levels = [_Level(bases) for bases in REDUCTIONS]
        self._total = np.array([0, np.inf, -np.inf, 0, 0])
        file.write(bytes(HEADER.size + ZOOM.size * len(REDUCTIONS) + TOTAL.size))
        self._names = file.tell()
        self._write_names()
        self._data = file.tell()
        file.write(bytes(8))

    def write(self, packed: Packed) -> None:
        """Add values: chromosomes in the order of their indices, and each from its start on."""
        if self._summaries and self._summaries[0]["chrom"][0] != packed.summaries["chrom"][0]:
            self._finish_chromosome()
        self._summaries.append(packed.summaries)
        self._places.append(_write_blocks(self._file, packed.blocks, packed.places))

    def _finish_chromosome(self) -> None:
        summaries = np.concatenate(self._summaries)
        self._summaries = []
        for level in self._levels:
            summaries = level.add(summaries)
        valid, sums, squares = (
            summaries[name].sum(dtype=np.float64) for name in ("valid", "sum", "squares")
        )
        _, least, largest, *_ = self._total
        self._total += [valid, 0, 0, sums, squares]
        self._total[1] = min(least, summaries["least"].min())
        self._total[2] = max(largest, summaries["largest"].max())

    def finish(self) -> None:
        """Write what comes last: zoom levels and indices, and the header that tells where."""
        self._finish_chromosome()
        file, places = self._file, np.concatenate(self._places)
        index = file.tell()
        _write_index(file, places, BLOCK_VALUES)
        zooms = b""
        for level in self._levels:
            data = file.tell()
            file.write(struct.pack("<I", level.n))
            placed = _write_blocks(file, level.blocks, np.array(level.places, PLACE))
            zooms += ZOOM.pack(level.bases, 0, data, file.tell())
            _write_index(file, placed, BLOCK_SUMMARIES)
        file.write(struct.pack("<I", MAGIC))
        largest = max(SECTION.size + 4 * BLOCK_VALUES, SUMMARY.itemsize * BLOCK_SUMMARIES)
        total = HEADER.size + len(zooms)
        file.seek(0)
        head = MAGIC, VERSION, len(self._levels), self._names, self._data, index
        file.write(HEADER.pack(*head, 0, 0, 0, total, largest, 0) + zooms)
        file.write(TOTAL.pack(int(self._total[0]), *self._total[1:]))
        file.seek(self._data)
        file.write(struct.pack("<Q", len(places)))

    def _write_names(self) -> None:
        """The tree of chromosomes: sorted by name, as it is searched for one."""
        rows = [(name.encode(), i, size) for i, (name, size) in enumerate(self._sizes.items())]
        longest = max(len(name) for name, *_ in rows)
        key = ("key", f"S{longest}")
        leaves = np.array(sorted(rows), np.dtype([key, ("chrom", "<u4"), ("size", "<u4")]))
        self._file.write(NAMES.pack(NAMES_MAGIC, FANOUT, longest, 8, len(rows), 0))
        _write_tree(self._file, leaves, np.dtype([key, *_OFFSET]), [])


def _write_blocks(file: BinaryIO, blocks: list[bytes], places: np.ndarray) -> np.ndarray:
    """Write blocks and return their PLACE, with offsets."""
    ends = np.cumsum(places["size"])
    places["offset"] = file.tell() + ends - places["size"]
    file.writelines(blocks)
    return places


def _write_index(file: BinaryIO, places: np.ndarray, items: int) -> None:
    """Write the R-tree of where blocks of so many items are, PLACE [n]."""
    first, last = places[0], places[-1]
    extent = first["chrom"], first["start"], last["last_chrom"], last["end"]
    file.write(INDEX.pack(INDEX_MAGIC, FANOUT, len(places), *extent, file.tell(), items, 0))
    _write_tree(file, places, np.dtype([*_EXTENT, *_OFFSET]), ["last_chrom", "end"])


def _write_tree(file: BinaryIO, leaves: np.ndarray, branch: np.dtype, ends: list[str]) -> None:
    """Write a tree, root first.

    Args:
        file: To write to.
        leaves: Sorted.
        branch: Of what stands for a node in the one above: an offset, and fields of leaves.
        ends: Those of the fields that are of a node's last child; others are of its first.
    """
    levels = [leaves]
    while len(levels[0]) > FANOUT:
        below = levels[0]
        nodes = np.empty(-(-len(below) // FANOUT), branch)
        last = np.minimum(np.arange(1, len(nodes) + 1) * FANOUT, len(below)) - 1
        for name in set(branch.names or ()) - {"offset"}:
            nodes[name] = below[name][last] if name in ends else below[name][::FANOUT]
        levels.insert(0, nodes)
    offset = file.tell()
    for level, below in pairwise(levels):
        offset += NODE.size * -(-len(level) // FANOUT) + level.nbytes
        level["offset"] = offset + np.arange(len(level)) * (NODE.size + FANOUT * below.itemsize)
    for level in levels:
        for start in range(0, len(level), FANOUT):
            node = level[start : start + FANOUT]
            file.write(NODE.pack(level is leaves, 0, len(node)) + node.tobytes())


@contextmanager
def open_writer(path: Path, sizes: Mapping[str, int]) -> Iterator[BigWigWriter]:
    """A bigWig to write, with chromosomes of these sizes; complete before it gets its name."""
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("wb") as file:
        writer = BigWigWriter(file, sizes)
        yield writer
        writer.finish()
    unfinished.replace(path)
