"""Reads aligned to a genome, BAM or CRAM, read from end to end by htslib.

No index is needed, and a stale one does no harm. htslib uncompresses in threads of its own. Of a
CRAM it takes apart only what is counted, so that no reference is needed.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import numpy as np
import pysam

from leopard.errors import InputError
from leopard.genome.formats import file_errors
from leopard.inputs.counting import Counting, Piece, tell_barcodes

PAIRED, PROPER, UNMAPPED, REVERSE = 0x1, 0x2, 0x4, 0x10
SECONDARY, FAILED, DUPLICATE, SUPPLEMENTARY = 0x100, 0x200, 0x400, 0x800

FLAGS = 0x10000
"""How many combinations of flags there may be: their field has two bytes."""

START, END, BOTH = 1, 2, 3
"""Which ends of what was sequenced a read tells."""

FIELDS, TAGS = 0x1FE, 0x800
"""What CRAM is decoded for: everything before the sequence but names; tags only for barcodes."""

BARCODE = "CB"
"""The tag of a read's barcode, once it is corrected."""

LOOKED_AT = 1000
"""Reads by which a sample is known for single-end."""

CHUNK = 1 << 18
"""Reads that are handed on at once."""


@contextmanager
def _open(path: Path, tags: bool = False, threads: int = 1) -> "Iterator[pysam.AlignmentFile]":
    """Open a BAM or CRAM, and tell whatever is wrong with it in one line."""
    fields = f"required_fields={FIELDS | TAGS * tags}"
    with file_errors(path):  # htslib's own message gives no reason
        path.open("rb").close()
    try:
        with pysam.AlignmentFile(str(path), threads=threads, format_options=[fields]) as reads:
            yield reads
    except OSError as error:
        raise InputError(path, "truncated or corrupt", "fetch or make it again") from error
    except (ValueError, TypeError) as error:
        problem = "not a BAM or CRAM that can be read"
        raise InputError(path, problem, "look at it with samtools quickcheck") from error


def read_contigs(path: Path) -> dict[str, int]:
    """Lengths in bases of the contigs that a file's header lists, in its order."""
    with _open(path) as reads:
        return dict(zip(reads.references, reads.lengths, strict=True))


def is_paired(path: Path) -> bool:
    """Whether any of the first reads has a mate.

    Raises:
        InputError: There is no read.
    """
    with _open(path) as reads:
        first = [read.is_paired for read in islice(reads, LOOKED_AT)]
    if not first:
        raise InputError(path, "no reads", "check which file is meant")
    return any(first)


def _use_flags(counting: Counting) -> list[int]:
    """What a read of each combination of flags tells: `START`, `END`, `BOTH`, or 0 for nothing."""
    unwanted = UNMAPPED | FAILED
    unwanted |= DUPLICATE * (not counting.duplicates)
    unwanted |= (SECONDARY | SUPPLEMENTARY) * (not counting.secondary)

    def use(flag: int) -> int:
        if flag & unwanted:
            return 0
        if flag & PAIRED and not flag & PROPER and not (counting.cuts and counting.unpaired):
            return 0
        if not counting.cuts:
            return BOTH if flag & PAIRED else 0
        return END if flag & REVERSE else START

    return [use(flag) for flag in range(FLAGS)]


def _pack(chrom: str, starts: list[int], ends: list[int | None]) -> Iterator[Piece]:
    """What was gathered of a chromosome, if that is anything."""
    if starts or ends:
        yield Piece(chrom, np.array(starts, np.int64), np.array(ends, np.int64))


def read_alignments(
    path: Path,
    sizes: Mapping[str, int],
    counting: Counting,
    barcodes: Collection[str] | None,
    threads: int,
) -> Iterator[Piece]:
    """Reads piece by piece, on the chromosomes of `sizes`.

    Cuts are the starts of forward reads and the ends of reverse ones, so that the two are not as
    many. Of a fragment, the left read of a proper pair tells both, and is the one whose mapping
    quality and flags are looked at.

    Args:
        path: A BAM or CRAM, sorted by position.
        sizes: Length in bases of each chromosome that is wanted.
        counting: Which reads count, and as what.
        barcodes: Those that count, or None for all.
        threads: Of htslib.

    Raises:
        InputError: The file is truncated or corrupt, or has no read with a barcode that counts.
    """
    least, uses = counting.min_mapping_quality, _use_flags(counting)
    starts: list[int] = []
    ends: list[
        int | None
    ] = []  # None, of a read without CIGAR, is refused when it becomes an array
    contig, chrom, wanted = -1, "", False
    found: set[str] = set()
    other: dict[str, None] = {}
    with _open(path, barcodes is not None, threads) as reads:
        more = True
        while more:
            more = False
            for read in islice(reads, CHUNK):
                more, use = True, uses[read.flag]
                if not use or read.mapping_quality < least:
                    continue
                if read.reference_id != contig:
                    yield from _pack(chrom, starts, ends)
                    starts, ends = [], []
                    contig, chrom = read.reference_id, str(read.reference_name)
                    wanted = chrom in sizes
                if barcodes is not None:
                    barcode = str(read.get_tag(BARCODE)) if read.has_tag(BARCODE) else ""
                    if barcode not in barcodes:
                        if len(other) < 3:
                            other[barcode] = None
                        continue
                    found.add(barcode)
                if not wanted:
                    continue
                if use == START:
                    starts.append(read.reference_start)
                elif use == END:
                    ends.append(read.reference_end)
                elif (length := read.template_length) > 0:
                    starts.append(read.reference_start)
                    ends.append(read.reference_start + length)
            yield from _pack(chrom, starts, ends)
            starts, ends = [], []
    if barcodes is not None:
        tell_barcodes(path, barcodes, found, other)
