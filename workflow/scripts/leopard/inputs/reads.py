"""From reads, fragments or a bedGraph to the bigWig of one row of the sheet of signals.

bam2bw does a part of this, and counts the same cuts (benchmarks/reads.py times both). It is not
used, for it knows no mapping quality, duplicates, proper pairs, barcodes or fragments of pairs,
reads no CRAM, goes on where files are of another assembly, and holds the cuts of the whole genome
in dictionaries. pysam, which it reads with too, does for all of that.
"""

import logging
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyBigWig

from leopard import PROGRESS, PROGRESS_INTERVAL
from leopard.errors import InputError
from leopard.genome.formats import check_length, examples, other_style
from leopard.genome.tracks import STRETCH, add_runs, cut_chromosomes, new_bigwig
from leopard.inputs.alignments import is_paired, read_alignments, read_contigs
from leopard.inputs.counting import (
    ENOUGH,
    REACH,
    Counting,
    Piece,
    add_piece,
    check_lag,
    choose_counting,
    count_lags,
)
from leopard.inputs.fragments import read_barcodes, read_fragments
from leopard.inputs.interval_text import (
    list_contigs,
    parse_intervals,
    read_chunks,
    refuse_row,
    split_contigs,
)
from leopard.study.reads import kind_of

log = logging.getLogger(__name__)

BEDGRAPH = {"chrom": "str", "start": "int64", "end": "int64", "value": "float64"}


def count_reads(
    path: Path,
    source: Path,
    sizes: Mapping[str, int],
    assay: str | None,
    settings: Mapping[str, Any],
    barcodes: Path | None = None,
    group: str = "",
    threads: int = 1,
) -> None:
    """Write what reads, fragments or a bedGraph come to as a bigWig.

    Args:
        path: The bigWig, of all chromosomes of `sizes`, in the order of the source.
        source: A BAM or CRAM, 10x fragments or a bedGraph, by the end of its name.
        sizes: Length in bases of each chromosome that is wanted, as the genome has it.
        assay: One of `leopard.inputs.counting.ASSAYS`; of a bedGraph, None will do.
        settings: The section `reads` of a config.
        barcodes: A file of barcodes and groups, of which one group counts.
        group: Its name.
        threads: Of htslib, which uncompresses.

    Raises:
        InputError: The file is unsorted, truncated, malformed, of another assembly or shifted by
            something else; or nothing is left.
    """
    kind = kind_of(source.name)
    if kind is None:
        problem = "neither BAM, CRAM, fragments nor bedGraph by its name"
        raise InputError(source, problem, "give it an ending such as .bam or .tsv.gz")
    if kind == "bedGraph":
        copy_bedgraph(path, source, sizes)
        return
    counting = choose_counting(kind, str(assay), settings)
    chosen = read_barcodes(barcodes, group) if barcodes else None
    if kind == "fragments":
        sizes = _order_contigs(source, sizes)
        pieces = read_fragments(source, sizes, counting.duplicates, chosen)
    else:
        sizes = _check_lengths(source, read_contigs(source), sizes)
        if not is_paired(source) and not counting.cuts:
            log.warning("%s: single-end, of which no fragments are known: cuts are counted", source)
            counting = replace(counting, cuts=True)
        pieces = read_alignments(source, sizes, counting, chosen, threads)
    _write_counts(path, source, sizes, counting, pieces)


def copy_bedgraph(path: Path, source: Path, sizes: Mapping[str, int]) -> None:
    """Write the values of a bedGraph, plain or gzip, as a bigWig.

    Raises:
        InputError: A malformed line, or one that overlaps that before it; or another assembly.
    """
    kept = _order_contigs(source, sizes)
    with new_bigwig(path, kept) as bigwig:
        last, ended = "", 0
        for number, chunk in read_chunks(source):
            table = parse_intervals(source, number, chunk, BEDGRAPH)
            if not (ok := np.isfinite(table["value"])).all():
                row = int(np.argmin(ok))
                refuse_row(source, number, chunk, row, "a value that is NaN or infinite")
            for chrom, rows in split_contigs(table):
                if chrom not in sizes:
                    continue
                if chrom != last:
                    _check_order(source, list(kept), last, chrom)
                    last, ended = chrom, 0
                starts, ends = rows["start"].to_numpy(), rows["end"].to_numpy()
                late = starts < np.append(ended, ends[:-1])
                if late.any():
                    row = int(rows.index[late.argmax()])
                    problem = f"begins before the end of the line above it, at {starts[late][0]:,}"
                    refuse_row(source, number, chunk, row, f"{problem}: unsorted or overlapping")
                ended = int(ends[-1])
                if ended > sizes[chrom]:
                    problem = f"{chrom} goes on to {ended:,}, past its {sizes[chrom]:,} bases"
                    raise InputError(source, f"{problem}: wrong assembly?", "use one assembly")
                values = rows["value"].to_numpy()
                some = values != 0
                if some.any():
                    chroms = np.full(np.count_nonzero(some), chrom)
                    bigwig.addEntries(chroms, starts[some], ends=ends[some], values=values[some])


def _write_counts(
    path: Path,
    source: Path,
    sizes: Mapping[str, int],
    counting: Counting,
    pieces: Iterable[Piece],
) -> None:
    """Write what pieces count, chromosome by chromosome, in the order of `sizes`."""
    told, counted = time.monotonic(), 0
    lags, ends, looked_at = np.zeros(2 * REACH + 1, np.int64), 0, counting.lag is not None
    with new_bigwig(path, sizes) as bigwig:
        last, steps = "", np.zeros(0, np.int32)
        for piece in pieces:
            if piece.chrom != last:
                _check_order(source, list(sizes), last, piece.chrom)
                _write_chromosome(bigwig, last, steps)
                last, steps = piece.chrom, np.zeros(sizes[piece.chrom] + 1, np.int32)
            counted += add_piece(steps, piece, counting)
            if looked_at:
                ends += len(piece.ends)
                lags += count_lags(piece.starts, piece.ends)
                looked_at = check_lag(source, lags, counting) and ends < ENOUGH
            if time.monotonic() - told > PROGRESS_INTERVAL:
                told = time.monotonic()
                log.log(PROGRESS, "%s: %s, %.1f million counted", source, last, counted / 1e6)
        _write_chromosome(bigwig, last, steps)
        if not counted:
            problem = "no read is left on the chromosomes of the study"
            remedy = "check the file, and whether min_mapping_quality, unpaired or duplicates"
            raise InputError(source, problem, f"{remedy} leave them all out")
    log.info("%s: %d %s", source, counted, "cuts" if counting.cuts else "fragments")


def _write_chromosome(bigwig: "pyBigWig.bigWigFile", chrom: str, steps: np.ndarray) -> None:
    """Add a chromosome's counts, given their steps, int32 [size + 1], which are used up."""
    for _, start, end in cut_chromosomes({chrom: len(steps) - 1}, STRETCH):
        values = np.cumsum(steps[start:end], out=steps[start:end])
        steps[end] += values[-1]
        add_runs(bigwig, chrom, values, start)


def _check_order(source: Path, chroms: Sequence[str], last: str, chrom: str) -> None:
    """Raise InputError if a chromosome comes again, or before its turn."""
    if chrom not in chroms or (last and chroms.index(chrom) <= chroms.index(last)):
        problem = f"unsorted: rows of {chrom} after those of {last or 'another contig'}"
        remedy = "sort it: samtools sort, or for text sort -k1,1 -k2,2n"
        raise InputError(source, problem, remedy)


def _order_contigs(source: Path, sizes: Mapping[str, int]) -> dict[str, int]:
    """The chromosomes of `sizes`, first those that a text has, in its order."""
    contigs = list_contigs(source)
    _check_shared(source, contigs, sizes)
    found = [chrom for chrom in contigs if chrom in sizes]
    if missing := [chrom for chrom in sizes if chrom not in found]:
        log.warning("%s: nothing on %s", source, examples(missing))
    return {chrom: sizes[chrom] for chrom in [*found, *missing]}


def _check_shared(source: Path, contigs: Collection[str], sizes: Mapping[str, int]) -> None:
    """Raise InputError if no chromosome is named as in the genome."""
    if not set(contigs).intersection(sizes):
        problem = f"it has {examples(contigs)}, where the FASTA has {examples(sizes)}"
        named = any(other_style(chrom) in sizes for chrom in contigs)
        remedy = "rename the chromosomes of one of the two" if named else "use one assembly"
        raise InputError(source, problem, remedy)


def _check_lengths(
    source: Path, contigs: Mapping[str, int], sizes: Mapping[str, int]
) -> dict[str, int]:
    """The chromosomes of `sizes`, in the order of a header, which must be of the genome."""
    _check_shared(source, contigs, sizes)
    for chrom, size in sizes.items():
        if chrom not in contigs:
            problem = f"aligned to a genome without {chrom}"
            raise InputError(source, problem, "align to this genome, or use other chromosomes")
        check_length(source, chrom, contigs[chrom], size)
    return {chrom: size for chrom, size in contigs.items() if chrom in sizes}
