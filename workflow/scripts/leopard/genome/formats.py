"""Readers of the small text formats: tables, narrowPeak and BED.

Coordinates are 0-based, half-open. Every error names the file, and the line where there is one.
"""

import gzip
import io
import logging
import re
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import pandas as pd

from leopard.errors import InputError
from leopard.genome.motif_files import FORMATS, parse_motif, split_motifs

log = logging.getLogger(__name__)

NARROWPEAK = [
    *("chrom", "start", "end", "name", "score", "strand"),
    *("signal_value", "p_value", "q_value", "peak"),
]
"""Columns of a narrowPeak; `peak` is the summit, in bases from the start."""

INTEGER = r"-?[0-9]{1,15}"
UNKNOWN = {"score": "0", "p_value": "-1", "q_value": "-1"}
"""What narrowPeak has where a tool writes "." for a number that it does not know."""

NAMES = (
    *("chrom", "cell_line", "model", "member", "factor", "tf", "scope", "split", "role", "path"),
    *("chr", "variant_id", "allele1", "allele2"),
    *("track", "note", "name", "strand", "value", "gpu_type", "replicate", "method"),
    *("pattern", "consensus", "match", "match_strand"),
)
"""Columns of tables that are text whatever is in them: 1, 007, 1e5, NA and True are names too."""

MISSING = ("", "NA", "NaN", "nan", "-")
TEXT = "utf-8-sig"  # UTF-8, and a byte-order mark before it is none of the text


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """Tell any error of reading (or writing) `path` in one line, as an `InputError`."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(path, "truncated or corrupt gzip", "fetch it again") from error
    except UnicodeDecodeError as error:
        raise InputError(path, "not a text file in UTF-8", "save it as that") from error
    except OSError as error:
        remedy = "check the path, its permissions and the space left there"
        raise InputError(error.filename or path, error.strerror or str(error), remedy) from error


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Where to write a file that is whole before it gets its name."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    yield unfinished
    unfinished.replace(path)


def open_compressed(path: Path) -> BinaryIO:
    """Open a plain, gzip or bgzip file, told apart by its first bytes, for reading."""
    with path.open("rb") as stream:
        compressed = stream.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, gzip.open(path)) if compressed else path.open("rb")


def examples(names: Iterable[str]) -> str:
    """Return the first three of `names`, as a message lists them, in one line."""
    first = [name if name.isprintable() else ascii(name) for name in names]
    return ", ".join(first[:3]) + (", ..." if len(first) > 3 else "")


def other_style(chrom: str) -> str:
    """Return `chrom` in the other naming style: "1" for "chr1", "chr1" for "1"."""
    return chrom.removeprefix("chr") if chrom.startswith("chr") else f"chr{chrom}"


def check_length(path: Path, chrom: str, found: int, wanted: int) -> None:
    """Raise InputError if a file's chromosome is not as long as the genome's."""
    if found != wanted:
        problem = f"{chrom} has {found:,} bases, in the FASTA {wanted:,}: wrong assembly?"
        raise InputError(path, problem, "use files of one assembly")


def natural_key(chrom: str) -> str:
    """Sorts chr2 before chr10."""
    return re.sub(r"\d+", lambda number: number[0].zfill(4), chrom)


def read_table(path: Path | str, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read a tab-separated table that the workflow wrote or is given.

    Args:
        path: The table; lines of text, a header first.
        columns: Names of the columns of a table without a header.

    Returns:
        The columns `NAMES` as text just as it stands; in all others, what is `MISSING` is NaN, and
        what can be read as numbers is.
    """
    if columns is None:
        columns = pd.read_csv(path, sep="\t", nrows=0, encoding=TEXT).columns
        header: dict[str, object] = {"header": 0}
    else:
        header = {"header": None}
    return pd.read_csv(
        path,
        sep="\t",
        encoding=TEXT,
        names=list(columns),
        dtype=dict.fromkeys([x for x in columns if x in NAMES], "str"),
        keep_default_na=False,
        na_values={x: list(MISSING) for x in columns if x not in NAMES},
        **header,
    )


def read_narrowpeak(
    path: Path, chrom_sizes: Mapping[str, int], used: Collection[str] | None = None
) -> pd.DataFrame:
    """Read the peaks on the genome's chromosomes; those elsewhere are dropped and counted.

    A peak that goes on past the end of its chromosome, as peak callers make them, is cut there.

    Args:
        path: A narrowPeak file, plain or gzip.
        chrom_sizes: Length in bases of every chromosome of the genome.
        used: Chromosomes on which a peak that begins past the end is an error: the peaks are of
            another assembly. On others it is dropped. None stands for all.

    Returns:
        One row per peak, in file order: the columns `NARROWPEAK`, with `summit` for `peak`: the
        position on the chromosome, and the peak's middle where the file gives none.

    Raises:
        InputError: Not a narrowPeak, a peak out of its chromosome, or no peak on any chromosome.

    Example:
        >>> peaks = read_narrowpeak(Path("peaks.narrowPeak"), {"chr1": 4096})
        >>> peaks[["chrom", "start", "end", "summit"]].values.tolist()
        [['chr1', 100, 200, 140]]
    """
    peaks = _read_table(path, NARROWPEAK, exact=True).rename(columns={"peak": "summit"})
    _to_integers(peaks, ["start", "end", "summit"], path)
    for column in ("score", "signal_value", "p_value", "q_value"):
        if column in UNKNOWN:
            peaks[column] = peaks[column].replace(".", UNKNOWN[column])
        peaks[column] = pd.to_numeric(peaks[column], errors="coerce")
        _require(peaks[column].notna(), path, f"{column} is not a number", "correct the line")
    _require(peaks["strand"].isin(list("+-.")), path, "strand is none of + - .", "correct the line")
    length = peaks["end"] - peaks["start"]
    _require((peaks["start"] >= 0) & (length > 0), path, "not 0 <= start < end", "correct the line")
    # ENCODE's own files hold summits at the very end, one base past the peak's last.
    offset = peaks["summit"].clip(upper=length - 1)
    ok = peaks["summit"].between(-1, length)
    _require(ok, path, "summit outside the peak", "correct the line")
    peaks["summit"] = peaks["start"] + offset.where(offset >= 0, length // 2)
    peaks = _on_genome(peaks, path, chrom_sizes)
    if peaks.empty:
        raise InputError(path, "no peaks on the genome's chromosomes", "check the file and genome")
    ends = peaks["chrom"].map(chrom_sizes)
    begins = peaks["start"] < ends
    problem, remedy = "peak past the chromosome's end", "use peaks and FASTA of one assembly"
    unused = ~peaks["chrom"].isin(list(chrom_sizes if used is None else used))
    _require(begins | unused, path, problem, remedy)
    if (cut := begins & (peaks["end"] > ends)).any():
        log.warning("%s: cut %d peaks at their chromosome's end", path, cut.sum())
    peaks["end"] = peaks["end"].clip(upper=ends)
    peaks["summit"] = peaks["summit"].clip(upper=peaks["end"] - 1)
    if not begins.all():
        names = examples(dict.fromkeys(peaks["chrom"][~begins]))
        log.warning("%s: dropped %d peaks past the end of %s", path, sum(~begins), names)
    return peaks[begins].reset_index(drop=True)


def read_bed(path: Path, chrom_sizes: Mapping[str, int]) -> pd.DataFrame:
    """Read intervals, clipped to the genome; those on no chromosome of it are dropped and counted.

    Args:
        path: A BED file of three columns or more, plain or gzip; it may be empty.
        chrom_sizes: Length in bases of every chromosome of the genome.

    Returns:
        One row per interval, in file order: chrom, start, end.

    Raises:
        InputError: Not a BED file, or its chromosomes are named in the other style.
    """
    bed = _read_table(path, ("chrom", "start", "end"), exact=False)
    _to_integers(bed, ["start", "end"], path)
    _require(bed["start"] <= bed["end"], path, "start past end", "correct the line")
    bed = _on_genome(bed, path, chrom_sizes)
    ends = bed["chrom"].map(chrom_sizes).astype("int64")
    bed["start"], bed["end"] = bed["start"].clip(lower=0), bed["end"].clip(upper=ends)
    return bed[bed["start"] < bed["end"]].reset_index(drop=True)


def read_motif(path: Path) -> tuple[str, np.ndarray]:
    """Read the first motif of a file, in any of the formats of `leopard.genome.motif_files`.

    Returns:
        Its name, and the probability of each base: float64 [4, width], rows A C G T.

    Raises:
        InputError: The file has no motif, or one that is not of DNA.

    Example:
        >>> name, matrix = read_motif(Path("motif.jaspar"))
        >>> name, matrix.shape
        ('example', (4, 3))
    """
    with file_errors(path):
        text = path.read_text(encoding=TEXT)
    try:
        name, matrix = parse_motif(text)
    except ValueError as error:
        raise InputError(path, f"malformed motif: {error}", f"use {FORMATS}, DNA") from error
    if not matrix.size:
        raise InputError(path, "motif file without motifs", f"give one of {FORMATS}")
    return name or path.stem, matrix


def read_motifs(path: Path) -> list[tuple[str, np.ndarray]]:
    """Read all motifs of a file, in the formats of `read_motif`.

    Returns:
        Their names, and the probability of each base: float64 [4, width], rows A C G T.

    Raises:
        InputError: The file has no motifs, or one that is not of DNA.
    """
    with file_errors(path):
        texts = split_motifs(path.read_text(encoding=TEXT))
    motifs = []
    for number, text in enumerate(texts, 1):
        try:
            name, matrix = parse_motif(text)
        except ValueError as error:
            problem = f"motif {number} of {len(texts)} is malformed: {error}"
            raise InputError(path, problem, f"use {FORMATS}, DNA") from error
        if matrix.size:
            motifs.append((name or f"motif_{number}", matrix))
    if not motifs:
        raise InputError(path, "motif file without motifs", f"give one of {FORMATS}")
    return motifs


def _read_table(path: Path, columns: Sequence[str], exact: bool) -> pd.DataFrame:
    """Return the leading `columns` of a BED-like file as text, indexed by line number."""
    rows = {}
    with file_errors(path), io.TextIOWrapper(open_compressed(path), encoding=TEXT) as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip() or line.startswith("#") or line.split()[0] in ("track", "browser"):
                continue
            fields = line.rstrip("\n").split("\t") if "\t" in line else line.split()
            if len(fields) < len(columns) or (exact and len(fields) > len(columns)):
                problem = f"{len(fields)} columns, not {len(columns)}"
                raise InputError(f"{path}:{number}", problem, "correct the line or the format")
            rows[number] = fields[: len(columns)]
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(columns), dtype="str")


def _to_integers(table: pd.DataFrame, columns: Sequence[str], path: Path) -> None:
    """Turn text `columns` to int64 in place."""
    for column in columns:
        ok = table[column].str.fullmatch(INTEGER)
        _require(ok, path, f"{column} is not an integer", "correct the line")
        table[column] = table[column].astype("int64")


def _require(ok: pd.Series, path: Path, problem: str, remedy: str) -> None:
    """Raise InputError at the first line, in the index of `ok`, where `ok` is false."""
    if not ok.all():
        raise InputError(f"{path}:{ok.index[~ok.astype(bool)][0]}", problem, remedy)


def _on_genome(table: pd.DataFrame, path: Path, chrom_sizes: Mapping[str, int]) -> pd.DataFrame:
    """Return the rows on known chromosomes; none known for their naming style is an error."""
    known = table["chrom"].isin(list(chrom_sizes))
    unknown = list(dict.fromkeys(table["chrom"][~known]))
    if not known.any() and any(other_style(chrom) in chrom_sizes for chrom in unknown):
        problem = f"chromosomes are named {examples(unknown)}, the genome's {examples(chrom_sizes)}"
        raise InputError(path, problem, "rename them to match")
    if unknown:
        names = examples(unknown)
        log.warning("%s: dropped %d rows on %s, not in the genome", path, sum(~known), names)
    return table[known].copy()
