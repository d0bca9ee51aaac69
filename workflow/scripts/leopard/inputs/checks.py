"""Inputs checked by themselves and against each other, in seconds, before hours are spent."""

import logging
import os
import re
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pybigtools
import pyBigWig

from leopard.errors import InputError
from leopard.genome.formats import (
    examples,
    file_errors,
    other_style,
    read_bed,
    read_motif,
    read_narrowpeak,
)
from leopard.genome.tracks import read_chrom_sizes

log = logging.getLogger(__name__)

BIGWIG_SIGNATURE = (0x888FFC26).to_bytes(4, "little")
POSITIVE = 0.5  # label values from here on are positives
LABELS = (-1, 0, 1)  # masked, not bound, bound
BASES_A_READ = 1 << 24

Row = tuple[str, str, Path, int, str]  # role, cell line, path, chromosomes, note


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
            _check_chromosomes_match(path, sizes, chrom_sizes, chromosomes)
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


def _check_chromosomes_match(
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
        if sizes[chrom] != chrom_sizes[chrom]:
            problem = f"{chrom} has {sizes[chrom]:,} bases, in the FASTA {chrom_sizes[chrom]:,}"
            raise InputError(path, f"{problem}: wrong assembly?", "use files of one assembly")


def check_genome(
    fasta: Path,
    chromosomes: Mapping[str, Sequence[str]],
    decoded: Sequence[str],
    window_length: int,
    exclusions: Sequence[Path] = (),
    regions: Sequence[Path] = (),
) -> pd.DataFrame:
    """Check that a genome has the chromosomes of a study, and the regions given fit it.

    Args:
        fasta: The indexed genome, as `prepare_genome` makes it.
        chromosomes: The chromosomes of every split.
        decoded: The chromosomes to predict.
        window_length: Bases.
        exclusions: BED files of bases that count nowhere, such as a blacklist, each with an
            interval on a chromosome of the genome.
        regions: BED files of what is evaluated, each with an interval on a chromosome of the study.

    Returns:
        One row per file: role, cell_line, path, size (bytes), chromosomes (on how many of
        those configured it has values, positives or intervals) and note.

    Raises:
        InputError: The first problem found.
    """
    with file_errors(fasta):
        sizes = read_chrom_sizes(fasta)
    _check_chromosomes(fasta, sizes, chromosomes, window_length)
    _check_chromosomes(fasta, sizes, {"prediction": decoded}, 0)
    used = {*chain.from_iterable(chromosomes.values()), *decoded}
    rows: list[Row] = [("genome", "", fasta, len(used), f"{sum(sizes.values()):,} bases")]
    for role, paths in (("exclusions", exclusions), ("regions", regions)):
        for path in paths:
            bed = read_bed(path, sizes)
            on_used = len(used.intersection(bed["chrom"]))
            # A blacklist may lie where this study never looks, as on chrM; not so what is judged.
            if bed.empty or (role == "regions" and not on_used):
                problem = f"no interval on a chromosome of the study ({examples(sorted(used))})"
                remedy = "name its chromosomes as the FASTA does, or leave it out"
                raise InputError(path, problem, remedy)
            rows.append((role, "", path, on_used, f"{len(bed):,} intervals"))
    return _tabulate(rows)


def check_signals(
    fasta: Path, cell_line: str, paths: Sequence[Path], chromosomes: Sequence[str]
) -> pd.DataFrame:
    """Check that each accessibility bigWig of a cell line has all `chromosomes` of the study.

    Args:
        fasta: The indexed genome, which has them.
        cell_line: Its name.
        paths: The bigWigs.
        chromosomes: Those of all splits, and those to predict.

    Returns:
        As `check_genome`.

    Raises:
        InputError: The first problem found.
    """
    sizes, rows = read_chrom_sizes(fasta), []
    for path in paths:
        found = check_bigwig(path, sizes, chromosomes)
        if found.lowest < 0:
            problem = (
                f"values below 0, down to {found.lowest:g}, as of a log ratio: no accessibility"
            )
            raise InputError(path, problem, "give coverage, cut sites or a ratio without logarithm")
        if not found.highest:
            problem = "no signal on the chromosomes of the study"
            raise InputError(path, problem, "check which track is meant, or leave it out")
        rows.append(("signal", cell_line, path, len(chromosomes), _coverage(found)))
    return _tabulate(rows)


def check_labels(
    fasta: Path,
    cell_line: str,
    path: Path,
    mode: str,
    chromosomes: Sequence[str],
    needed: Mapping[str, Sequence[str]],
) -> pd.DataFrame:
    """Check a cell line's labels, which must have positives in every split of `needed`.

    Args:
        fasta: The indexed genome.
        cell_line: Its name.
        path: The labels.
        mode: ``bigwig``, or ``peaks`` or ``motif``, which take narrowPeaks.
        chromosomes: Those of all splits, and those to predict.
        needed: The chromosomes of each split for which the cell line's labels serve.

    Returns:
        As `check_genome`.

    Raises:
        InputError: The first problem found.
    """
    sizes, used = read_chrom_sizes(fasta), set(chromosomes)
    if mode == "bigwig":
        found = check_bigwig(path, sizes, list(dict.fromkeys(chain.from_iterable(needed.values()))))
        if found.other is not None:
            problem = (
                f"values other than -1, 0 and 1, such as {found.other:g}: as labels they would "
            )
            problem += f"make {found.bound:.1%} of the bases bound"
            raise InputError(path, problem, "give labels, or peaks with labels.mode: peaks")
        positive, kind, note = found.positive, "base bound", _coverage(found)
    else:
        peaks = read_narrowpeak(path, sizes, used)
        positive = set(peaks["chrom"])
        kind, note = "peak", f"{len(peaks):,} peaks"
    for split, chroms in needed.items():
        if positive.isdisjoint(chroms):
            problem = f"no {kind} on the chromosomes of split {split} ({examples(chroms)})"
            raise InputError(path, problem, "choose other chromosomes, or other labels")
    return _tabulate([("labels", cell_line, path, len(positive & used), note)])


def check_motif(path: Path) -> pd.DataFrame:
    """Check that a file has a motif.

    Returns:
        As `check_genome`.

    Raises:
        InputError: The first problem found.
    """
    name, matrix = read_motif(path)
    return _tabulate([("motif", "", path, 0, f"{name}, {matrix.shape[1]} bases")])


def _tabulate(rows: Sequence[Row]) -> pd.DataFrame:
    """Return the table of checked files, with their sizes."""
    table = pd.DataFrame(rows, columns=["role", "cell_line", "path", "chromosomes", "note"])
    table.insert(3, "size", [path.stat().st_size for path in table["path"]])
    return table


def _check_chromosomes(
    fasta: Path,
    sizes: Mapping[str, int],
    chromosomes: Mapping[str, Sequence[str]],
    window_length: int,
) -> None:
    """Raise InputError for a configured chromosome that cannot be used."""
    for split, chroms in chromosomes.items():
        for chrom in chroms:
            if chrom not in sizes:
                problem = f"without {chrom} (split {split}), but with {examples(sizes)}"
                raise InputError(fasta, problem, "name the chromosomes as the FASTA does")
            if not re.fullmatch(r"[A-Za-z0-9._-]+", chrom):  # names become file names
                problem = f"{chrom} (split {split}) has characters other than A-Z a-z 0-9 . _ -"
                raise InputError(fasta, problem, "rename it, or leave it out")
            if sizes[chrom] < window_length:
                problem = f"{chrom} (split {split}) has {sizes[chrom]:,} bases, fewer than a window"
                raise InputError(fasta, problem, f"leave it out ({window_length:,} are needed)")


def _coverage(found: Contents) -> str:
    """Return which part of the chromosomes that were read has values in a bigWig."""
    return f"{found.covered:.1%} of the chromosomes covered"
