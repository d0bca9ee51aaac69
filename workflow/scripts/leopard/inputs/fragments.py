"""Fragments of single cells or of a bulk sample, in the format of 10x Genomics.

Tab-separated: chromosome, start, end, barcode, and how many read pairs are duplicates of this one;
bulk files may end after the third. Both ends are where the transposase cut, shifted already.
"""

import io
import logging
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import numpy as np

from leopard.errors import InputError
from leopard.genome.formats import TEXT, examples, file_errors, open_compressed
from leopard.inputs.counting import Piece, tell_barcodes
from leopard.inputs.interval_text import (
    count_columns,
    parse_intervals,
    read_chunks,
    refuse_row,
    split_contigs,
)

log = logging.getLogger(__name__)

COLUMNS = {"chrom": "str", "start": "int64", "end": "int64"}


def read_barcodes(path: Path, group: str) -> frozenset[str]:
    """The barcodes of one group.

    Args:
        path: Two columns, barcode and group, tab-separated, plain or gzip; a header of these two
            names may come first.
        group: Its name.

    Raises:
        InputError: It is no such table, it has two groups for a barcode, or no such group.
    """
    groups: dict[str, str] = {}
    with file_errors(path), io.TextIOWrapper(open_compressed(path), encoding=TEXT) as lines:
        for number, line in enumerate(lines, 1):
            row = line.rstrip("\r\n").split("\t")
            if row == [""] or (number == 1 and row == ["barcode", "group"]):
                continue
            if len(row) != 2 or not all(row):
                problem = "not two columns, barcode and group, with a tab between"
                raise InputError(f"{path}:{number}", problem, "correct the line")
            barcode, name = row
            if groups.setdefault(barcode, name) != name:
                problem = f"barcode {examples([barcode])} is of two groups, "
                problem += f"{examples([name])} and {examples([groups[barcode]])}"
                raise InputError(f"{path}:{number}", problem, "keep one of the two")
    chosen = frozenset(barcode for barcode, name in groups.items() if name == group)
    if not chosen:
        names = examples(dict.fromkeys(groups.values())) or "none at all"
        problem = f"no barcode is of group {group}; its groups are {names}"
        raise InputError(path, problem.replace(";", ","), "name the cell line as one of its groups")
    return chosen


def read_fragments(
    path: Path,
    sizes: Mapping[str, int],
    duplicates: bool,
    barcodes: Collection[str] | None,
) -> Iterator[Piece]:
    """Fragments piece by piece, on the chromosomes of `sizes`.

    Args:
        path: Plain, gzip or bgzip.
        sizes: Length in bases of each chromosome that is wanted.
        duplicates: Whether a fragment counts as often as its column 5 says.
        barcodes: Those that count, or None for all.

    Raises:
        InputError: A malformed line, a fragment past its chromosome's end, or none with a barcode
            of those that count.
    """
    width = count_columns(path)
    columns = dict(COLUMNS)
    if barcodes is not None or (duplicates and width > 4):
        columns["barcode"] = "str"
    if duplicates and width > 4:
        columns["count"] = "int64"
    if barcodes is not None and width < 4:
        problem = f"{width} columns, and barcodes would be the fourth"
        raise InputError(path, problem, "leave the sheet's barcodes out, or give a file with them")
    found: set[str] = set()
    other: dict[str, None] = {}
    for number, chunk in read_chunks(path):
        table = parse_intervals(path, number, chunk, columns)
        if "count" in columns and not (ok := table["count"] > 0).all():
            refuse_row(path, number, chunk, int(np.argmin(ok)), "a count that is not above 0")
        for chrom, rows in split_contigs(table):
            if barcodes is not None:
                names = rows["barcode"].cat.categories
                codes = rows["barcode"].cat.codes.to_numpy()
                wanted = names.isin(barcodes)
                found.update(names[np.unique(codes[wanted[codes]])])
                other |= dict.fromkeys(names[~wanted][:3])
                rows = rows[wanted[codes]]
            if chrom not in sizes:
                continue
            if rows["end"].max() > sizes[chrom]:
                problem = f"a fragment of {chrom} ends at {rows['end'].max():,}, past its "
                problem += f"{sizes[chrom]:,} bases in the FASTA: wrong assembly?"
                raise InputError(path, problem, "use files of one assembly")
            weights = rows["count"].to_numpy() if "count" in columns else None
            yield Piece(chrom, rows["start"].to_numpy(), rows["end"].to_numpy(), weights)
    if barcodes is not None:
        tell_barcodes(path, barcodes, found, other)
