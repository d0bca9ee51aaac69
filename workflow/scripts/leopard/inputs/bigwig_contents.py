"""What a bigWig holds, read once, and whether it can be used on a genome."""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pybigtools
import pyBigWig

from leopard.errors import InputError
from leopard.genome.formats import (
    check_length,
    examples,
    file_errors,
    other_style,
)

log = logging.getLogger(__name__)

BIGWIG_SIGNATURE = (0x888FFC26).to_bytes(4, "little")
LABELS = (-1, 0, 1)  # masked, not bound, bound
POSITIVE = 0.5  # label values from here on are positives
BASES_A_READ = 1 << 24


class Contents(NamedTuple):
    """What a bigWig holds of the chromosomes that were read.

    Attributes:
        covered: Share of their bases that have a value.
        lowest: The smallest value; 0 where there is none.
        highest: The largest.
        bound: Share of the bases that would be bound if these were labels.
        other: A value that no label has, if there is one.
        positive: Those of the chromosomes with a base that would be bound.
    """

    covered: float
    lowest: float
    highest: float
    bound: float
    other: float | None
    positive: set[str]


def find_present(
    path: Path, chrom_sizes: Mapping[str, int], chromosomes: Sequence[str]
) -> list[str]:
    """Those chromosomes of a genome that a bigWig has; on the others it counts as 0, which is said.

    What has no reads is in no bigWig, as chrY where the cells are a woman's.

    Args:
        path: The bigWig.
        chrom_sizes: Length in bases of every contig of the FASTA.
        chromosomes: Those that are used.

    Returns:
        They, in order; all of a file that cannot be read, for whoever reads it to refuse.

    Raises:
        InputError: A bigWig of another genome, or of less than half of it.
    """
    try:
        with path.open("rb") as stream:
            sizes = pybigtools.open(stream).chroms()
    except (OSError, ValueError, pybigtools.BBIReadError):
        return list(chromosomes)
    present = [chrom for chrom in chromosomes if chrom in sizes]
    missing = [chrom for chrom in chromosomes if chrom not in sizes]
    bases = sum(chrom_sizes[chrom] for chrom in chromosomes)
    if 2 * sum(chrom_sizes[chrom] for chrom in present) < bases:
        present = list(chromosomes)  # to be refused, with what is missing
    match_chromosomes(path, sizes, chrom_sizes, present)
    if missing:
        log.warning("%s: without %s, where it counts as 0", path, examples(missing))
    return present


def check_bigwig(
    path: Path, chrom_sizes: Mapping[str, int], chromosomes: Sequence[str]
) -> Contents:
    """Check that a bigWig is whole and has the `chromosomes`, of the FASTA's names and lengths.

    Args:
        path: The bigWig.
        chrom_sizes: Length in bases of every contig of the FASTA.
        chromosomes: Those that are used.

    Returns:
        What it holds there: from the data, as not every program writes sums into the header.

    Raises:
        InputError: The first problem found.
    """
    with file_errors(path), path.open("rb") as stream:
        if stream.read(4) != BIGWIG_SIGNATURE:
            raise InputError(path, "not a bigWig", "convert it, e.g. with bedGraphToBigWig")
        # The format ends with its signature again. libBigWig does not check, and may crash.
        stream.seek(-4, os.SEEK_END)
        if stream.read() != BIGWIG_SIGNATURE:
            remedy = "fetch or make it again, e.g. with bedGraphToBigWig"
            raise InputError(path, "truncated bigWig: no signature at its end", remedy)
    try:
        with pyBigWig.open(str(path)) as bigwig:
            sizes = bigwig.chroms()
            match_chromosomes(path, sizes, chrom_sizes, chromosomes)
            # Of the whole file: pyBigWig crashes on the header of one where it is no number.
            with path.open("rb") as stream:
                finite = np.isfinite(pybigtools.open(stream).info()["summary"]["sum"])
            # Every block: seconds now, or hours lost later.
            found = _read_contents(bigwig, {chrom: sizes[chrom] for chrom in chromosomes})
    except (RuntimeError, ValueError, pybigtools.BBIReadError) as error:
        raise InputError(path, "corrupt bigWig", "fetch or make it again") from error
    if not (finite and np.isfinite([found.lowest, found.highest]).all()):
        raise InputError(path, "values that are NaN or infinite", "make it again")
    return found


def _read_contents(bigwig: "pyBigWig.bigWigFile", sizes: Mapping[str, int]) -> Contents:
    """Read all of some chromosomes, piece by piece."""
    covered = bound = 0
    lowest, highest, other = np.inf, -np.inf, None
    positive = set()
    for chrom, size in sizes.items():
        for start in range(0, size, BASES_A_READ):
            values = bigwig.values(chrom, start, min(start + BASES_A_READ, size), numpy=True)
            values = values[~np.isnan(values)]
            if not len(values):
                continue
            covered += len(values)
            lowest, highest = min(lowest, values.min()), max(highest, values.max())
            if above := np.count_nonzero(values >= POSITIVE):
                positive.add(chrom)
                bound += int(above)
            if other is None and len(odd := values[~np.isin(values, LABELS)]):
                other = float(odd[0])
    bases = max(sum(sizes.values()), 1)
    if not covered:
        lowest = highest = 0.0
    return Contents(covered / bases, float(lowest), float(highest), bound / bases, other, positive)


def match_chromosomes(
    path: Path, sizes: Mapping[str, int], chrom_sizes: Mapping[str, int], chromosomes: Sequence[str]
) -> None:
    """Raise InputError where `chromosomes` are not in `sizes`, or not of the FASTA's length."""
    if missing := [chrom for chrom in chromosomes if chrom not in sizes]:
        if all(other_style(chrom) in sizes for chrom in missing):
            problem = f'named "{other_style(missing[0])}" where the FASTA has "{missing[0]}"'
            raise InputError(path, problem, "rename the chromosomes of one of the two")
        problem = f"without chromosomes {examples(missing)}"
        raise InputError(path, problem, "use a bigWig with them, or other chromosomes")
    for chrom in chromosomes:
        check_length(path, chrom, sizes[chrom], chrom_sizes[chrom])
