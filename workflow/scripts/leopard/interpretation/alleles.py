"""The alleles of a file of variants: which can be scored, and why others cannot."""

import logging
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from leopard.errors import InputError
from leopard.genome.formats import check_length, examples, other_style
from leopard.genome.tracks import OTHER, Tracks, encode_sequence
from leopard.interpretation.haplotypes import Variant, normalise
from leopard.interpretation.variant_files import Record, VariantFile

log = logging.getLogger(__name__)

SAME_LENGTH, INDEL = "same_length", "indel"
KINDS = (SAME_LENGTH, INDEL)
"""Of variants that are scored: alleles of one length, or of two."""

REASONS = {
    "other_chromosome": "the chromosome is none that is scored",
    "reference_mismatch": "REF is not what the genome has there",
    "flipped": "REF is not what the genome has there, but ALT is",
    "missing": "no alternative allele",
    "overlapping_deletion": "* stands for a deletion that another record has",
    "symbolic": "no bases, but the name of a kind of variant, or a breakend",
    "not_acgt": "letters that are not A, C, G or T",
    "same": "both alleles are the same",
    "too_long": "an allele that is longer than what is scored",
}
"""Why an allele is not scored."""

MISMATCHES = ("reference_mismatch", "flipped")


@dataclass(frozen=True)
class Settings:
    """How variants are scored.

    Attributes:
        neighbourhood: Bases to each side of a variant over which alleles are compared.
        longest_allele: Bases of the longest allele that is scored.
        background: Random variants of each kind to compare scores with.
        seed: Of these.
    """

    neighbourhood: int = 100
    longest_allele: int = 50
    background: int = 2000
    seed: int = 1


class Allele(NamedTuple):
    """An alternative allele of a record: a variant to score, or the reason why it is none."""

    record: Record
    number: int
    variant: Variant | None
    reason: str | None

    @property
    def outcome(self) -> str:
        """The kind of the variant, or the reason."""
        if self.variant is None:
            return str(self.reason)
        return INDEL if self.variant.shift else SAME_LENGTH


def judge_record(
    record: Record, genome: Tracks, chromosomes: Collection[str], longest: int
) -> list[Allele]:
    """The alleles of a record.

    Args:
        record: It.
        genome: Reader of the genome.
        chromosomes: Those that are scored.
        longest: Bases of the longest allele that is scored, without what both share at an end.
    """
    found = []
    here = None
    if record.chrom in chromosomes and record.start >= 0:
        here = genome.codes(record.chrom, record.start, record.start + len(record.reference))
    for number, letters in enumerate(record.alternatives):
        variant, reason = None, _find_reason(record.reference, letters)
        if record.chrom not in chromosomes:
            reason = "other_chromosome"
        elif here is not None and (mismatch := _find_mismatch(record, letters, here, genome)):
            reason = mismatch
        if reason is None and here is None:
            reason = "symbolic"  # position 0, before the first base
        if reason is None:
            alternative = encode_sequence(letters)
            variant = normalise(
                record.start,
                encode_sequence(record.reference),
                alternative,
                lambda first, last: genome.codes(record.chrom, first, last),
            )
            if max(variant.end - variant.start, len(variant.inserted)) > longest:
                variant, reason = None, "too_long"
        found.append(Allele(record, number, variant, reason))
    return found


def _find_reason(reference: str, letters: str) -> str | None:
    """Why an allele cannot be scored, as its letters tell."""
    if letters in ("", ".", "<*>", "<NON_REF>"):
        return "missing"
    if letters == "*":
        return "overlapping_deletion"
    if re.search(r"[<>\[\].]", letters):
        return "symbolic"
    if re.search("[^ACGT]", letters + reference):
        return "not_acgt"
    return "same" if letters == reference else None


def _find_mismatch(record: Record, letters: str, here: np.ndarray, genome: Tracks) -> str | None:
    """Whether REF is not the genome's, and whether ALT is."""
    if np.array_equal(encode_sequence(record.reference), here):
        return None
    other = encode_sequence(letters)
    there = genome.codes(record.chrom, record.start, record.start + len(other))
    known = len(other) > 0 and (other < OTHER).all()
    return "flipped" if known and np.array_equal(other, there) else "reference_mismatch"


def iterate_alleles(
    variants: VariantFile, genome: Tracks, chromosomes: Collection[str], longest: int
) -> Iterator[Allele]:
    """All alleles of a file, in order; see `judge_record`."""
    for record in variants:
        yield from judge_record(record, genome, chromosomes, longest)


def check_variants(
    path: Path,
    genome: Tracks,
    chromosomes: Collection[str],
    longest: int,
    keep_mismatches: bool,
) -> pd.DataFrame:
    """Go through a file of variants before any is scored.

    Args:
        path: The file.
        genome: Reader of the genome.
        chromosomes: Those that are scored.
        longest: Bases of the longest allele that is scored.
        keep_mismatches: Whether records whose REF is not the genome's are passed over, not an
            error.

    Returns:
        chrom, outcome (one of `KINDS` or of `REASONS`), alleles: how many there are of each.

    Raises:
        InputError: The file cannot be read, is of another genome, or has nothing to score.
    """
    variants = VariantFile(path)
    sizes = genome.chrom_sizes
    for chrom, length in variants.contigs.items():
        if chrom in sizes:
            check_length(path, chrom, length, sizes[chrom])
    counts: Counter[tuple[str, str]] = Counter()
    first: dict[str, str] = {}
    for record in variants:
        end = record.start + len(record.reference)
        if record.chrom in sizes and end > sizes[record.chrom]:
            problem = f"{record.chrom} has {sizes[record.chrom]:,} bases in the genome, and this "
            problem += f"record ends at {end:,}: another assembly?"
            raise InputError(f"{path}:{record.number}", problem, "use files of one assembly")
        for allele in judge_record(record, genome, chromosomes, longest):
            counts[record.chrom, allele.outcome] += 1
            if allele.reason in MISMATCHES and allele.reason not in first:
                has = genome.codes(record.chrom, record.start, end)
                first[allele.reason] = _describe(record, has)
    _check_names(path, {chrom for chrom, _ in counts}, sizes)
    totals = Counter[str]()
    for (_, outcome), n in counts.items():
        totals[outcome] += n
    wrong = sum(totals[x] for x in MISMATCHES)
    if wrong:
        shown = next(iter(first.values()))
        problem = f"{wrong:,} of {totals.total():,} alleles have a REF that is not the genome's, "
        problem += (
            f"such as {shown}; {totals['flipped']:,} of them are flipped: ALT is the genome's"
        )
        if not keep_mismatches:
            remedy = "use the genome of the file, or say that such records are passed over"
            raise InputError(path, problem, f"{remedy} (mismatches: keep)")
        log.warning("%s: %s; not scored", path, problem)
    if not any(totals[kind] for kind in KINDS):
        listed = ", ".join(f"{n:,} {outcome}" for outcome, n in totals.most_common())
        raise InputError(path, f"no allele that can be scored ({listed})", "give other variants")
    rows = [(chrom, outcome, n) for (chrom, outcome), n in counts.items()]
    return pd.DataFrame(rows, columns=["chrom", "outcome", "alleles"])


def scored_chromosomes(counts: pd.DataFrame) -> list[str]:
    """Those with an allele that can be scored, of what `check_variants` returned."""
    return counts["chrom"][counts["outcome"].isin(KINDS)].unique().tolist()


def _describe(record: Record, has: np.ndarray) -> str:
    letters = "".join("ACGTN"[code] for code in has[:20])
    return f"{record.chrom}:{record.start + 1} {record.reference[:20]}, where it has {letters}"


def _check_names(path: Path, found: Collection[str], sizes: Mapping[str, int]) -> None:
    """Raise InputError unless some chromosome is the genome's."""
    if any(chrom in sizes for chrom in found):
        return
    problem = f"chromosomes are named {examples(sorted(found))}, the genome's {examples(sizes)}"
    styled = any(other_style(chrom) in sizes for chrom in found)
    remedy = "rename them to match" if styled else "use files of one assembly"
    raise InputError(path, problem, remedy)
