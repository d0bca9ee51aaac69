"""The one reader of the genome: (chromosome, start, end) to sequence, accessibility and labels.

Window extraction, fresh training windows and whole-genome decoding all call it, so that a model
meets the same numbers wherever it is used.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pybigtools
import pyBigWig
import pysam

from leopard.errors import InputError

BASES = "ACGT"
OTHER = len(BASES)
"""Code of every letter that is not A, C, G or T: N, IUPAC ambiguity, and what lies past an end."""

MASKED = 255
"""Label of a base that counts neither in the loss nor in any metric."""

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
    """Codes of a DNA sequence, uint8 [length]: A C G T = 0 1 2 3 in either case, the rest 4."""
    return np.frombuffer(sequence.encode("ascii", "replace").translate(_CODES), np.uint8)


def reverse_complement(codes: np.ndarray) -> np.ndarray:
    """Codes of the opposite strand, read along the last axis in its 5' to 3' direction."""
    flipped = codes[..., ::-1]
    return np.where(flipped < OTHER, OTHER - 1 - flipped, flipped).astype(np.uint8)


def find_runs(mask: np.ndarray) -> np.ndarray:
    """Half-open runs of what is true in a mask [n], int64 [k, 2]."""
    return np.flatnonzero(np.diff(mask, prepend=False, append=False)).reshape(-1, 2)


def read_bigwig(bigwig: "pyBigWig.bigWigFile", chrom: str, start: int, end: int) -> np.ndarray:
    """Values of [start, end), float32 [end - start]; bases without a value (NaN) are 0."""
    values = bigwig.values(chrom, start, end, numpy=True)
    if not len(values):  # pyBigWig's answer where the whole file has no entry
        return np.zeros(end - start, np.float32)
    return np.nan_to_num(values, copy=False, nan=0.0)


def add_runs(bigwig: "pyBigWig.bigWigFile", chrom: str, values: np.ndarray, first: int = 0) -> None:
    """Add the runs of equal, non-zero values to a bigWig being written; `first` is their base."""
    starts = np.append(0, np.flatnonzero(np.diff(values)) + 1)
    ends = np.append(starts[1:], len(values))
    kept = values[starts] != 0
    starts, ends = starts[kept], ends[kept]
    if len(starts):
        chroms = np.full(len(starts), chrom)
        heights = values[starts].astype(float)
        bigwig.addEntries(chroms, first + starts, ends=first + ends, values=heights)


def mean_signal(bigwigs: Sequence[Path]) -> float:
    """Mean of the summed tracks over all their bases, from the bigWig headers alone."""
    total = 0.0
    for path in bigwigs:
        with pyBigWig.open(str(path)) as bigwig:
            total += bigwig.header()["sumData"] / sum(bigwig.chroms().values())
    return total


def _open(path: Path) -> "pybigtools.BBIReader":
    """Open a bigWig for random access, which pybigtools does several times faster than pyBigWig."""
    try:
        return pybigtools.open(Path(path).open("rb"))  # a path would have to end in .bw or .bigWig
    except (ValueError, pybigtools.BBIReadError) as error:
        raise InputError(path, "not a bigWig, or one without any value", "look at it") from error


class Tracks:
    """Sequence, accessibility and labels of one cell line, opened for random access.

    Not safe to share between threads: give each its own.

    Args:
        fasta: Genome with a `.fai` index beside it.
        signals: Accessibility bigWigs, one per replicate, summed.
        labels: bigWig of labels at 1 bp, if they will be read.
        scaling: "mean" divides the summed accessibility by its genome-wide mean, so that cell
            lines sequenced to different depths agree; "none" leaves it as it is.
        average: bigWig of the mean over cell lines, scaled as they are, for networks that see Δ.

    Raises:
        InputError: Scaling by the mean of a track that is zero everywhere.
    """

    def __init__(
        self,
        fasta: Path,
        signals: Sequence[Path] = (),
        labels: Path | None = None,
        scaling: str = "none",
        average: Path | None = None,
    ) -> None:
        self.chrom_sizes = read_chrom_sizes(fasta)
        self.files = [Path(fasta), *map(Path, signals), *([average] if average else [])]
        self.scale = np.float32(1.0)
        if scaling == "mean" and signals:
            mean = mean_signal(signals)
            if not mean > 0:
                raise InputError(signals[0], "no signal anywhere", "check the track")
            self.scale = np.float32(1 / mean)
        self._fasta = pysam.FastaFile(str(fasta))
        self._signals = [_open(path) for path in signals]
        self._labels = _open(labels) if labels else None
        self._average = _open(average) if average else None

    def codes(self, chrom: str, start: int, end: int) -> np.ndarray:
        """Sequence codes, uint8 [end - start]; positions past the chromosome's end are 4."""
        codes = np.full(end - start, OTHER, np.uint8)
        inside = encode_sequence(self._fasta.fetch(chrom, start, end))
        codes[: len(inside)] = inside
        return codes

    def signal(self, chrom: str, start: int, end: int) -> np.ndarray:
        """Accessibility, float32 [end - start]: replicates summed, NaN and past the end 0."""
        signal = self._sum(self._signals, chrom, start, end)
        signal *= self.scale
        return signal

    def average(self, chrom: str, start: int, end: int) -> np.ndarray:
        """Mean accessibility over cell lines, float32 [end - start]."""
        if self._average is None:
            raise ValueError("opened without an average")
        return self._sum([self._average], chrom, start, end)

    def _sum(
        self, bigwigs: Sequence["pybigtools.BBIReader"], chrom: str, start: int, end: int
    ) -> np.ndarray:
        total = np.zeros(end - start, np.float32)
        inside = total[: min(end, self.chrom_sizes[chrom]) - start]
        for bigwig in bigwigs:
            inside += bigwig.values(chrom, start, start + len(inside), fillna=0.0)
        return total

    def accessibility(self, chrom: str, start: int, end: int) -> np.ndarray:
        """What a network is given beside the sequence.

        Returns:
            The signal, float32 [end - start]; if opened with an average, float32
            [end - start, 2], the signal and that.
        """
        signal = self.signal(chrom, start, end)
        if self._average is None:
            return signal
        return np.stack([signal, self.average(chrom, start, end)], axis=-1)

    def sites(self, chroms: Sequence[str]) -> pd.DataFrame:
        """Bound intervals on the chromosomes: chrom, start, end, runs of equal labels."""
        if self._labels is None:
            raise ValueError("opened without labels")
        rows = [
            (chrom, start, end)
            for chrom in chroms
            for start, end, value in self._labels.records(chrom)
            if value >= 0.5
        ]
        return pd.DataFrame(rows, columns=["chrom", "start", "end"])

    def labels(self, chrom: str, start: int, end: int) -> np.ndarray:
        """Labels, uint8 [end - start]: 1 bound, 0 not, 255 masked (a value below -0.5)."""
        if self._labels is None:
            raise ValueError("opened without labels")
        labels = np.full(end - start, MASKED, np.uint8)
        inside = min(end, self.chrom_sizes[chrom]) - start
        values = self._labels.values(chrom, start, start + inside, fillna=0.0)
        labels[:inside] = np.where(values < -0.5, MASKED, values >= 0.5)
        return labels


def open_reader(kind: str, *args: Any, **kwargs: Any) -> Callable[[str, int, int], np.ndarray]:
    """Open `Tracks(*args, **kwargs)` and return its method `kind`, such as codes or labels."""
    return getattr(Tracks(*args, **kwargs), kind)
