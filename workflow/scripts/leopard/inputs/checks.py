"""Inputs checked by themselves and against each other, in seconds, before hours are spent."""

import logging
import re
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path

import pandas as pd

from leopard.errors import InputError
from leopard.genome.chromosomes import choose_chromosomes
from leopard.genome.formats import (
    examples,
    file_errors,
    read_bed,
    read_motif,
    read_narrowpeak,
)
from leopard.genome.tracks import read_chrom_sizes
from leopard.inputs.bigwig_contents import Contents, check_bigwig, find_present

log = logging.getLogger(__name__)

Row = tuple[str, str, str, Path, int, str]  # role, cell line, track, path, chromosomes, note


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
        decoded: The chromosomes to predict; none stand for those that the genome's names tell.
        window_length: Bases.
        exclusions: BED files of bases that count nowhere, such as a blacklist, each with an
            interval on a chromosome of the genome.
        regions: BED files of what is evaluated, each with an interval on a chromosome of the study.

    Returns:
        One row per file: role, cell_line, track, path, size (bytes), chromosomes (on how many
        of those configured it has values, positives or intervals) and note.

    Raises:
        InputError: The first problem found.
    """
    with file_errors(fasta):
        sizes = read_chrom_sizes(fasta)
    _check_chromosomes(fasta, sizes, chromosomes, window_length)
    decoded = decoded or choose_chromosomes(sizes)
    _check_chromosomes(fasta, sizes, {"prediction": decoded}, 0)
    used = {*chain.from_iterable(chromosomes.values()), *decoded}
    rows: list[Row] = [("genome", "", "", fasta, len(used), f"{sum(sizes.values()):,} bases")]
    for role, paths in (("exclusions", exclusions), ("regions", regions)):
        for path in paths:
            bed = read_bed(path, sizes)
            on_used = len(used.intersection(bed["chrom"]))
            # A blacklist may lie where this study never looks, as on chrM; not so what is judged.
            if bed.empty or (role == "regions" and not on_used):
                problem = f"no interval on a chromosome of the study ({examples(sorted(used))})"
                remedy = "name its chromosomes as the FASTA does, or leave it out"
                raise InputError(path, problem, remedy)
            rows.append((role, "", "", path, on_used, f"{len(bed):,} intervals"))
    return tabulate(rows)


def check_signals(
    fasta: Path,
    cell_line: str,
    track: str,
    paths: Sequence[Path],
    chromosomes: Sequence[str],
    some_missing: bool = False,
) -> pd.DataFrame:
    """Check that each bigWig of a cell line's signal has all `chromosomes` of the study.

    Args:
        fasta: The indexed genome, which has them.
        cell_line: Its name.
        track: The signal's name.
        paths: The bigWigs.
        chromosomes: Those of all splits, and those to predict.
        some_missing: Whether a bigWig may lack some, as `find_present` has it.

    Returns:
        As `check_genome`.

    Raises:
        InputError: The first problem found.
    """
    sizes, rows = read_chrom_sizes(fasta), []
    for path in paths:
        present = find_present(path, sizes, chromosomes) if some_missing else chromosomes
        found = check_bigwig(path, sizes, present)
        if found.lowest < 0:
            problem = f"values below 0, down to {found.lowest:g}, as of a log ratio"
            raise InputError(path, problem, "give coverage, cut sites or a ratio without logarithm")
        if not found.highest:
            problem = "no signal on the chromosomes of the study"
            raise InputError(path, problem, "check which track is meant, or leave it out")
        note = _coverage(found)
        if missing := [chrom for chrom in chromosomes if chrom not in present]:
            note += f"; 0 on {examples(missing)}, which it lacks"
        rows.append(("signal", cell_line, track, path, len(present), note))
    return tabulate(rows)


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
    return tabulate([("labels", cell_line, "", path, len(positive & used), note)])


def check_motif(path: Path) -> pd.DataFrame:
    """Check that a file has a motif.

    Returns:
        As `check_genome`.

    Raises:
        InputError: The first problem found.
    """
    name, matrix = read_motif(path)
    return tabulate([("motif", "", "", path, 0, f"{name}, {matrix.shape[1]} bases")])


def tabulate(rows: Sequence[Row]) -> pd.DataFrame:
    """Return the table of checked files, with their sizes."""
    table = pd.DataFrame(
        rows, columns=["role", "cell_line", "track", "path", "chromosomes", "note"]
    )
    table.insert(4, "size", [path.stat().st_size for path in table["path"]])
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
