"""The genome's FASTA, checked, uncompressed and indexed."""

import codecs
import logging
import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pysam

from leopard import PROGRESS, PROGRESS_INTERVAL
from leopard.errors import InputError
from leopard.genome.formats import (
    examples,
    file_errors,
    open_compressed,
)

log = logging.getLogger(__name__)
BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
CHUNK = 1 << 22  # bytes


def prepare_genome(source: Path, destination: Path) -> None:
    """Write `source` uncompressed to `destination`, and its index to `destination`.fai.

    Args:
        source: A FASTA file: plain, gzip or bgzip.
        destination: The plain FASTA file to make; it appears only once it is whole and indexed.

    Raises:
        InputError: `source` is truncated, no FASTA, or repeats a name; or the disk is full.
    """
    part = destination.with_name(destination.name + ".part")
    part_index = part.with_name(part.name + ".fai")
    names: Counter[bytes] = Counter()
    try:
        with file_errors(part):
            with part.open("wb") as output:
                for chunk in _read_lines(source):
                    # Only newline and ">" together open a record; ">" alone may be in its title.
                    names.update(re.findall(rb"\n>[ \t]*(\S*)", b"\n" + chunk))
                    output.write(chunk)
            _check_names(source, names)
            try:
                pysam.faidx(str(part))
            except pysam.SamtoolsError as error:
                problem = "no regular FASTA: a record's lines differ in length, or it has no bases"
                raise InputError(source, problem, "rewrite it, e.g. with seqkit seq") from error
            part_index.replace(f"{destination}.fai")
            part.replace(destination)
    finally:
        part.unlink(missing_ok=True)
        part_index.unlink(missing_ok=True)


def _read_lines(source: Path) -> Iterator[bytes]:
    """Yield `source`, uncompressed, in chunks that end where lines do."""
    with file_errors(source):
        check_bgzf_end(source)
        size, last = 0, time.monotonic()
        with open_compressed(source) as stream:
            while chunk := stream.read(CHUNK) + stream.readline():
                chunk = chunk if size else chunk.removeprefix(codecs.BOM_UTF8)
                if not size and not chunk.lstrip().startswith(b">"):
                    raise InputError(source, "not a FASTA file", "give one, plain or gzip")
                size += len(chunk)
                if time.monotonic() - last > PROGRESS_INTERVAL:
                    last = time.monotonic()
                    log.log(PROGRESS, "%s: %.0f MB", source, size / 1e6)
                yield chunk


def check_bgzf_end(source: Path) -> None:
    """Raise InputError if a bgzip file lacks its end: cut between two blocks, it is still gzip."""
    with source.open("rb") as stream:
        bgzf = stream.read(14)[12:] == b"BC"
        stream.seek(-min(len(BGZF_END), source.stat().st_size), os.SEEK_END)
        if bgzf and stream.read() != BGZF_END:
            raise InputError(source, "truncated bgzip: no end-of-file block", "fetch it again")


def _check_names(source: Path, names: Counter[bytes]) -> None:
    """Raise InputError if there are no names, or not one of its own for every contig."""
    if not names:
        raise InputError(source, "empty FASTA", "give one with sequences")
    if b"" in names:
        raise InputError(source, "a contig without a name", "give every contig a name")
    if repeated := [name.decode(errors="replace") for name, n in names.items() if n > 1]:
        problem = f"contigs that share a name: {examples(repeated)}"
        raise InputError(source, problem, "give every contig a name of its own")
