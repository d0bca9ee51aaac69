"""The one reader of the genome: (chromosome, start, end) to sequence, signals and labels.

Window extraction, fresh training windows and whole-genome decoding all call it, so that a model
meets the same numbers wherever it is used.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pybigtools
import pyBigWig
import pysam

from leopard.errors import InputError
from leopard.study.tracks import ACCESSIBILITY

BASES = "ACGT"
OTHER = len(BASES)
"""Code of every letter that is not A, C, G or T: N, IUPAC ambiguity, and what lies past an end."""

MASKED = 255
"""Label of a base that counts neither in the loss nor in any metric."""

Region = tuple[str, int, int]
"""Chromosome, start, end."""

STRETCH = 1 << 22
"""Bases that are read at once where a whole chromosome is gone through: memory stays small."""

_CODES = bytes(BASES.find(chr(letter).upper()) % (OTHER + 1) for letter in range(256))


def read_chrom_sizes(fasta: Path) -> dict[str, int]:
    """Chromosome lengths in bases from the index (`.fai`) beside a FASTA file, in its order.

    Raises:
        InputError: Not such an index.
    """
    index = Path(f"{fasta}.fai")
    try:
        with index.open(encoding="utf-8") as lines:
            return {name: int(length) for name, length, *_ in (x.split("\t") for x in lines)}
    except ValueError as error:
        raise InputError(index, "not the index of a FASTA file", "delete it, run again") from error


def encode_sequence(sequence: str) -> np.ndarray:
    """Codes of a DNA sequence, uint8 [length]: A C G T = 0 1 2 3 in either case, the rest 4.

    Example:
        >>> encode_sequence("ACgtN")
        array([0, 1, 2, 3, 4], dtype=uint8)
    """
    return np.frombuffer(sequence.encode("ascii", "replace").translate(_CODES), np.uint8)


def reverse_complement(codes: np.ndarray) -> np.ndarray:
    """Codes of the opposite strand, read along the last axis in its 5' to 3' direction.

    Example:
        >>> reverse_complement(encode_sequence("AACGN"))
        array([4, 1, 2, 3, 3], dtype=uint8)
    """
    return np.minimum(np.uint8(OTHER - 1) - codes[..., ::-1], np.uint8(OTHER))  # 4 comes to 255


def find_runs(mask: np.ndarray) -> np.ndarray:
    """Half-open runs of what is true in a mask [n], int64 [k, 2]."""
    return np.flatnonzero(np.diff(mask, prepend=False, append=False)).reshape(-1, 2)


def read_bigwig(bigwig: "pyBigWig.bigWigFile", chrom: str, start: int, end: int) -> np.ndarray:
    """Values of [start, end), float32 [end - start]; bases without a value (NaN) are 0."""
    values = bigwig.values(chrom, start, end, numpy=True)
    if not len(values):  # pyBigWig's answer where the whole file has no entry
        return np.zeros(end - start, np.float32)
    return np.nan_to_num(values, copy=False, nan=0.0)


@contextmanager
def new_bigwig(path: Path, sizes: Mapping[str, int]) -> "Iterator[pyBigWig.bigWigFile]":
    """A bigWig to write, with chromosomes of these sizes; complete before it gets its name."""
    unfinished = path.with_suffix(".unfinished")
    with pyBigWig.open(str(unfinished), "w") as bigwig:
        bigwig.addHeader(list(sizes.items()))
        yield bigwig
    unfinished.replace(path)


def add_runs(
    bigwig: "pyBigWig.bigWigFile",
    chrom: str,
    values: np.ndarray,
    first: int = 0,
    zeros: bool = False,
) -> None:
    """Add the runs of equal values to a bigWig being written.

    Args:
        bigwig: It.
        chrom: The chromosome.
        values: [n].
        first: Base of the first of them.
        zeros: Whether those of 0 are written, too, or left without a value.
    """
    starts = np.append(0, np.flatnonzero(np.diff(values)) + 1)
    ends = np.append(starts[1:], len(values))
    kept = (values[starts] != 0) | zeros
    starts, ends = starts[kept], ends[kept]
    if len(starts):
        chroms = np.full(len(starts), chrom)
        heights = values[starts].astype(float)
        bigwig.addEntries(chroms, first + starts, ends=first + ends, values=heights)


def read_intervals(bed: Path) -> dict[str, np.ndarray]:
    """Intervals of a BED that is sorted and has none that overlap: int64 [k, 2] by chromosome."""
    columns = {"chrom": str, "start": np.int64, "end": np.int64}
    table = pd.read_csv(bed, sep="\t", names=list(columns), dtype=columns, na_filter=False)
    groups = table.groupby("chrom", sort=False)
    return {str(chrom): rows[["start", "end"]].to_numpy() for chrom, rows in groups}


def cut_chromosomes(sizes: Mapping[str, int], step: int) -> Iterator[tuple[str, int, int]]:
    """Chromosomes in stretches of so many bases: chromosome, start, end."""
    for chrom, size in sizes.items():
        for start in range(0, size, step):
            yield chrom, start, min(start + step, size)


def iterate_regions(regions: pd.DataFrame) -> Iterator[tuple[str, int, int]]:
    """Rows of a table as (chrom, start, end)."""
    return zip(regions["chrom"], regions["start"], regions["end"], strict=True)


def read_chromosome(
    read: Callable[[str, int, int], np.ndarray], chrom: str, size: int
) -> np.ndarray:
    """All values of a chromosome, [size], read in stretches: readers need more than they give."""
    return np.concatenate([read(*region) for region in cut_chromosomes({chrom: size}, STRETCH)])


def _open(path: Path) -> "pybigtools.BBIReader":
    """Open a bigWig for random access, which pybigtools does several times faster than pyBigWig."""
    try:
        return pybigtools.open(Path(path).open("rb"))  # a path would have to end in .bw or .bigWig
    except (ValueError, pybigtools.BBIReadError) as error:
        raise InputError(path, "not a bigWig, or one without any value", "look at it") from error


class Signal(NamedTuple):
    """What a signal is read from.

    Attributes:
        files: bigWigs, one per replicate, summed.
        scale: What the sum is multiplied by, so that cell lines sequenced to different depths
            agree (`leopard.inputs.signals.read_scale`).
    """

    files: Sequence[Path]
    scale: float = 1.0


class Tracks:
    """Sequence, signals and labels of one cell line, opened for random access.

    Not safe to share between threads: give each its own.

    Args:
        fasta: Genome with a `.fai` index beside it.
        signals: By name, in order, as `leopard.study.tracks.Track.arrays` has them; or the bigWigs
            of accessibility alone, not scaled.
        labels: bigWig of labels at 1 bp, if they will be read.
        excluded: BED of bases that count nowhere, as `leopard.inputs.exclusions` writes it.

    Example:
        >>> tracks = Tracks(Path("genome.fa"), [Path("accessibility.bigWig")])
        >>> tracks.chrom_sizes
        {'chr1': 4096, 'chr2': 1000}
        >>> tracks.codes("chr1", 0, 5)
        array([0, 1, 2, 3, 4], dtype=uint8)
        >>> tracks.signal("chr1", 98, 102)
        array([0., 0., 7., 7.], dtype=float32)
        >>> tracks.arrays, tracks.signals("chr1", 98, 102).shape
        (['accessibility'], (4, 1))
    """

    def __init__(
        self,
        fasta: Path,
        signals: Mapping[str, Signal] | Sequence[Path] = (),
        labels: Path | None = None,
        excluded: Path | None = None,
    ) -> None:
        self.chrom_sizes = read_chrom_sizes(fasta)
        if not isinstance(signals, Mapping):
            signals = {ACCESSIBILITY: Signal(signals)}
        self.arrays = list(signals)
        self.files = [Path(fasta), *(Path(x) for own in signals.values() for x in own.files)]
        self.scales = {name: float(np.float32(own.scale)) for name, own in signals.items()}
        self._fasta = pysam.FastaFile(str(fasta))
        self._signals = {
            name: [(x, frozenset(x.chroms())) for x in map(_open, own.files)]
            for name, own in signals.items()
        }
        self._labels = _open(labels) if labels else None
        self._excluded = read_intervals(excluded) if excluded else {}

    def codes(self, chrom: str, start: int, end: int) -> np.ndarray:
        """Sequence codes, uint8 [end - start]; positions past the chromosome's end are 4."""
        codes = np.full(end - start, OTHER, np.uint8)
        inside = encode_sequence(self._fasta.fetch(chrom, start, end))
        codes[: len(inside)] = inside
        return codes

    def signal(self, chrom: str, start: int, end: int, name: str | None = None) -> np.ndarray:
        """One signal, the first by default, float32 [end - start].

        Replicates are summed; bases without a value, on a chromosome that a file lacks, and past
        the chromosome's end, have 0.
        """
        name = self.arrays[0] if name is None else name
        total = np.zeros(end - start, np.float32)
        inside = total[: min(end, self.chrom_sizes[chrom]) - start]
        for bigwig, has in self._signals[name]:
            if chrom not in has:
                continue
            inside += bigwig.values(chrom, start, start + len(inside), fillna=0.0)
        total *= np.float32(self.scales[name])
        return total

    def signals(self, chrom: str, start: int, end: int) -> np.ndarray:
        """All signals, in the order of `arrays`, float32 [end - start, arrays]."""
        return np.stack([self.signal(chrom, start, end, x) for x in self.arrays], axis=-1)

    def sites(self, chroms: Sequence[str]) -> pd.DataFrame:
        """Bound intervals: chrom, start, end, runs of equal labels that touch no excluded base."""
        if self._labels is None:
            raise ValueError("opened without labels")
        rows = [
            (chrom, start, end)
            for chrom in chroms
            for start, end, value in self._labels.records(chrom)
            if value >= 0.5 and not self.touches_excluded(chrom, start, end)
        ]
        return pd.DataFrame(rows, columns=["chrom", "start", "end"])

    def labels(self, chrom: str, start: int, end: int) -> np.ndarray:
        """Labels, uint8 [end - start]: 1 bound, 0 not, 255 masked (excluded, or below -0.5)."""
        if self._labels is None:
            raise ValueError("opened without labels")
        labels = np.full(end - start, MASKED, np.uint8)
        inside = min(end, self.chrom_sizes[chrom]) - start
        values = self._labels.values(chrom, start, start + inside, fillna=0.0)
        labels[:inside] = np.where(values < -0.5, MASKED, values >= 0.5)
        for first, last in self._excluded_in(chrom, start, end):
            labels[max(first - start, 0) : last - start] = MASKED
        return labels

    def counted(self, chrom: str, start: int, end: int) -> np.ndarray:
        """Which bases are not excluded, bool [end - start]."""
        counted = np.ones(end - start, bool)
        for first, last in self._excluded_in(chrom, start, end):
            counted[max(first - start, 0) : last - start] = False
        return counted

    def touches_excluded(self, chrom: str, start: int, end: int) -> bool:
        """Whether any base of [start, end) is excluded."""
        return self._excluded_in(chrom, start, end).size > 0

    def _excluded_in(self, chrom: str, start: int, end: int) -> np.ndarray:
        """Excluded intervals that overlap [start, end), int64 [k, 2]."""
        intervals = self._excluded.get(chrom, np.empty((0, 2), np.int64))
        first = np.searchsorted(intervals[:, 1], start, side="right")
        return intervals[first : np.searchsorted(intervals[:, 0], end)]
