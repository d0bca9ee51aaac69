"""Large tab-separated files of intervals, read piece by piece: what fragments and bedGraphs share.

Neither needs an index, for both are read from end to end.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd

from leopard.errors import InputError
from leopard.genome.formats import file_errors, open_compressed
from leopard.inputs.genome_file import check_bgzf_end

CHUNK = 1 << 22
"""Bytes that are read at once."""

PREAMBLE = (b"#", b"track", b"browser")
"""What lines before the first interval begin with."""

INTERVAL = re.compile(rb"[^\t]+\t[0-9]{1,15}\t[0-9]{1,15}(\t|$)")


def read_chunks(path: Path) -> Iterator[tuple[int, bytes]]:
    """Pieces of a file, after its comments, that end where lines do, each with its line number.

    Raises:
        InputError: It is truncated, or has nothing but comments.
    """
    with file_errors(path):
        check_bgzf_end(path)
        with open_compressed(path) as stream:
            number, line = 1, stream.readline()
            while line.startswith(PREAMBLE) or (line and not line.strip()):
                number, line = number + 1, stream.readline()
            if not line:
                raise InputError(path, "no line but comments", "check which file is meant")
            if b"\t" not in line:
                problem = "columns that no tab separates"
                raise InputError(f"{path}:{number}", problem, "save it as tab-separated text")
            while chunk := line + stream.read(CHUNK) + stream.readline():
                yield number, chunk
                number, line = number + chunk.count(b"\n"), b""


def count_columns(path: Path) -> int:
    """How many columns the first row of a file has."""
    _, chunk = next(read_chunks(path))
    return chunk.split(b"\n", 1)[0].count(b"\t") + 1


def list_contigs(path: Path) -> list[str]:
    """The first column of a file, each name once, in the order in which they come.

    A bigWig has to know its chromosomes before their values come. A piece whose first and last rows
    are of one contig is not looked into, so that this costs little more than to uncompress it.
    """
    names: dict[bytes, None] = {}
    for _, chunk in read_chunks(path):
        body = chunk.strip(b"\r\n")
        first, last = (row.split(b"\t", 1)[0] for row in (body, body[body.rfind(b"\n") + 1 :]))
        rows = [first] if first == last else (x.split(b"\t", 1)[0] for x in body.split(b"\n"))
        names |= dict.fromkeys(rows)
    return [name.decode(errors="replace") for name in names if name.strip()]


def parse_intervals(
    path: Path, number: int, chunk: bytes, columns: Mapping[str, str]
) -> pd.DataFrame:
    """Columns of a piece of a file, the intervals of which are checked.

    Args:
        path: The file.
        number: Line number of the piece's first line.
        chunk: The piece, as of `read_chunks`.
        columns: Data types by name, of chrom, start, end and those that follow. Text becomes
            categorical.

    Raises:
        InputError: The first line that is none, with its number.
    """
    try:
        table = pd.read_csv(
            io.BytesIO(chunk),
            sep="\t",
            header=None,
            names=list(columns),
            usecols=range(len(columns)),
            dtype=dict(columns),
            na_filter=False,
            quoting=csv.QUOTE_NONE,
        )
    except (ValueError, OverflowError) as error:
        _refuse_line(path, number, chunk, len(columns), error)
    # Not when it is read, for then pandas would make a number of 007.
    for name in table.select_dtypes("str"):
        table[name] = table[name].astype("category")
    ok = (table["start"] >= 0) & (table["start"] < table["end"])
    if not ok.all():
        refuse_row(path, number, chunk, int(np.argmin(ok)), "not 0 <= start < end")
    return table


def split_contigs(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Runs of rows of one chromosome, with its name; the column chrom is categorical."""
    codes, names = table["chrom"].cat.codes.to_numpy(), table["chrom"].cat.categories
    firsts = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(codes)]
    for first, end in pairwise(firsts):
        yield str(names[codes[first]]), table.iloc[first:end]


def refuse_row(path: Path, number: int, chunk: bytes, row: int, problem: str) -> NoReturn:
    """Raise InputError for a row of a piece, which blank lines are none of."""
    filled = [i for i, line in enumerate(chunk.split(b"\n")) if line.strip(b"\r")]
    raise InputError(f"{path}:{number + filled[row]}", problem, "correct the line")


def _refuse_line(path: Path, number: int, chunk: bytes, wanted: int, error: Exception) -> NoReturn:
    """Raise InputError for the first line that a table cannot have."""
    problem, row = "a value that is none, in a line from here on", 0
    for i, line in enumerate(chunk.split(b"\n")):
        found = line.count(b"\t") + 1
        if line.strip(b"\r") and (found < wanted or not INTERVAL.match(line)):
            problem, row = "no chromosome, start and end, separated by tabs", i
            if found < wanted:
                problem = f"{found} columns separated by tabs, not {wanted}"
            break
    raise InputError(f"{path}:{number + row}", problem, "correct the line") from error
