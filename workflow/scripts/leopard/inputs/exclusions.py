"""Bases that nobody can know, as one BED: they count in no loss, no measure and no mean."""

from collections.abc import Sequence
from pathlib import Path

import bioframe
import pandas as pd

from leopard.errors import InputError
from leopard.genome.formats import read_bed
from leopard.genome.tracks import OTHER, Tracks, find_runs, read_chromosome

COLUMNS = ["chrom", "start", "end"]


def find_unknown(tracks: Tracks, chrom: str) -> pd.DataFrame:
    """Runs of bases other than A, C, G, T on a chromosome: chrom, start, end."""
    codes = read_chromosome(tracks.codes, chrom, tracks.chrom_sizes[chrom])
    runs = find_runs(codes == OTHER)
    return pd.DataFrame({"chrom": chrom, "start": runs[:, 0], "end": runs[:, 1]})


def merge(tables: Sequence[pd.DataFrame], chrom_sizes: dict[str, int]) -> pd.DataFrame:
    """Intervals of all tables, those that overlap or touch as one, in the order of the genome."""
    tables = [table[COLUMNS] for table in tables if len(table)]
    if not tables:
        return pd.DataFrame(columns=COLUMNS)
    merged = bioframe.merge(pd.concat(tables, ignore_index=True))[COLUMNS]
    order = merged["chrom"].map({chrom: i for i, chrom in enumerate(chrom_sizes)})
    return merged.assign(order=order).sort_values(["order", "start"])[COLUMNS]


def list_excluded(
    fasta: Path, beds: Sequence[Path], chromosomes: Sequence[str], unknown: bool
) -> pd.DataFrame:
    """All excluded bases of a genome.

    Args:
        fasta: The indexed genome.
        beds: Blacklists and the like.
        chromosomes: Where bases other than A, C, G, T are looked for.
        unknown: Whether those are excluded.

    Returns:
        chrom, start, end: sorted intervals that neither overlap nor touch.
    """
    tracks = Tracks(fasta)
    tables = [read_bed(path, tracks.chrom_sizes) for path in beds]
    if unknown:
        tables += [find_unknown(tracks, chrom) for chrom in chromosomes]
    return merge(tables, tracks.chrom_sizes)


def exclude_outside(
    fasta: Path, excluded: pd.DataFrame, regions: Path, chromosomes: Sequence[str]
) -> pd.DataFrame:
    """Excluded bases, and all of some chromosomes outside the regions that are evaluated.

    Args:
        fasta: The indexed genome.
        excluded: As from `list_excluded`.
        regions: BED of what is evaluated.
        chromosomes: Those of validation and test.

    Returns:
        As `list_excluded`.

    Raises:
        InputError: A chromosome without a region.
    """
    sizes = Tracks(fasta).chrom_sizes
    bed = read_bed(regions, sizes)
    if missing := [chrom for chrom in chromosomes if chrom not in set(bed["chrom"])]:
        remedy = "add regions there, or choose other validation and test chromosomes"
        raise InputError(regions, f"no region on {', '.join(missing)}", remedy)
    kept = bioframe.merge(bed[bed["chrom"].isin(chromosomes)])[COLUMNS]
    view = pd.DataFrame({"chrom": chromosomes, "start": 0, "end": [sizes[x] for x in chromosomes]})
    return merge([excluded, bioframe.subtract(view, kept)], sizes)


def write_bed(path: Path, intervals: pd.DataFrame) -> None:
    """Write intervals as a BED of three columns, without a header."""
    intervals.to_csv(path, sep="\t", header=False, index=False)
