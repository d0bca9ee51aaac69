"""What of reads is counted, and where: cuts or fragments, shifted, smoothed, on one chromosome."""

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from leopard.errors import InputError
from leopard.genome.formats import examples

log = logging.getLogger(__name__)

TN5_SHIFT = (4, -5)
"""From a read's ends to the middle of the bases that Tn5 duplicates (Buenrostro et al. 2013)."""

ASSAYS: dict[str, tuple[str, tuple[int, int]]] = {
    "atac": ("cuts", TN5_SHIFT),
    "dnase": ("cuts", (0, 0)),
    "other": ("fragments", (0, 0)),
}
"""What is counted, and how it is shifted, where the config does not say it."""

REACH = 15
"""Largest distance in bases between cuts of the two strands that is looked at."""

DUPLICATED = TN5_SHIFT[0] - TN5_SHIFT[1]
"""Bases that Tn5 duplicates: in reads as aligned, ends of the two strands lie so far apart."""

ENOUGH = 2_000_000
"""Ends after which nothing new is learnt about how far apart the strands are."""


class Piece(NamedTuple):
    """Some reads of one chromosome, as aligned: 0-based, half-open.

    Attributes:
        chrom: The chromosome.
        starts: Where forward reads, or fragments, begin, int64 [n].
        ends: Where reverse reads, or fragments, end, int64 [m]; of fragments, m = n.
        weights: How often each fragment counts, int64 [n], or None for once.
    """

    chrom: str
    starts: np.ndarray
    ends: np.ndarray
    weights: np.ndarray | None = None


@dataclass(frozen=True)
class Counting:
    """Which reads count, and as what.

    Attributes:
        cuts: Whether cuts are counted, or else the bases of fragments.
        shift: What is added to starts and to ends, in bases.
        smoothing: Bases to each side of a cut that it counts on as well.
        min_mapping_quality: The least that counts.
        duplicates: Whether duplicates count.
        unpaired: Whether cuts of a pair's reads count that are not aligned as a pair.
        secondary: Whether secondary and supplementary alignments count.
        lag: How far apart the strands' cuts must lie if the shift is right; None if that is not
            to be looked at.
    """

    cuts: bool
    shift: tuple[int, int]
    smoothing: int
    min_mapping_quality: int
    duplicates: bool
    unpaired: bool
    secondary: bool
    lag: int | None


def choose_counting(kind: str, assay: str, settings: Mapping[str, Any]) -> Counting:
    """What a config and an assay come to.

    Fragments are shifted already, by the definition of their format.

    Args:
        kind: ``alignments`` or ``fragments``.
        assay: One of `ASSAYS`.
        settings: The section `reads` of a config.
    """
    counts, shift = ASSAYS[assay]
    lag = DUPLICATED if assay == "atac" else None
    if kind == "fragments":
        shift, lag = (0, 0), 0 if assay == "atac" else None
    if settings["shift"] is not None:
        (plus, minus), lag = settings["shift"], None
        shift = (plus, minus)
    if settings["counts"] != "assay":
        counts = settings["counts"]
    others = {k: v for k, v in settings.items() if k not in ("counts", "shift")}
    return Counting(counts == "cuts", shift, lag=lag, **others)


def add_piece(steps: np.ndarray, piece: Piece, counting: Counting) -> int:
    """Add what some reads count to a chromosome's steps, in place.

    A cut lies between two bases, and counts on the one behind it: on both strands, so that the two
    ends that one cut makes count on one base. Ends that a shift moves off the chromosome are lost.

    Args:
        steps: By how much the count of a base exceeds that of the one before, int32 [size + 1].
        piece: The reads.
        counting: How they count.

    Returns:
        How many cuts or fragments were added.
    """
    size, weights = len(steps) - 1, piece.weights
    starts, ends = piece.starts + counting.shift[0], piece.ends + counting.shift[1]
    if counting.cuts:
        cuts = np.concatenate([starts, ends])
        weights = None if weights is None else np.tile(weights, 2)
        inside = (cuts >= 0) & (cuts < size)
        starts, ends = cuts - counting.smoothing, cuts + counting.smoothing + 1
    else:
        inside = starts < ends
    starts, ends = starts.clip(0, size), ends.clip(0, size)
    inside &= starts < ends
    # Of the same data type, or numpy takes ten times as long.
    counts = steps.dtype.type(1) if weights is None else weights[inside].astype(steps.dtype)
    np.add.at(steps, starts[inside], counts)
    np.subtract.at(steps, ends[inside], counts)
    return int(np.count_nonzero(inside))


def count_lags(starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """How often an end of a read lies so far behind a start: int64 [2 * REACH + 1], -REACH first.

    Each position is taken once, however many reads it has.
    """
    starts, ends = np.unique(starts), np.unique(ends)
    lags = np.zeros(2 * REACH + 1, np.int64)
    if len(ends):
        for i, lag in enumerate(range(-REACH, REACH + 1)):
            at = np.searchsorted(ends, starts + lag).clip(max=len(ends) - 1)
            lags[i] = np.count_nonzero(ends[at] == starts + lag)
    return lags


def find_lag(lags: np.ndarray) -> int | None:
    """The one distance between strands that stands out, in bases; None where none does.

    Tn5 duplicates nine bases, and prefers a palindrome: where it cuts, forward reads start nine
    bases before reverse ones end. That is 9 in reads as they are aligned, and 0 or 1 in reads
    shifted by +4 and -5 or -4. Saturated samples, small ones and those of other enzymes tell
    nothing.
    """
    usual, most = float(np.median(lags)), int(lags.max())
    if most < 1.4 * usual or most - usual < 8 * np.sqrt(usual + 1):
        return None
    return int(lags.argmax()) - REACH


def check_lag(path: Path, lags: np.ndarray, counting: Counting) -> bool:
    """Notice reads that were shifted before, or fragments that were not.

    Returns:
        Whether nothing of that kind was noticed.

    Raises:
        InputError: They are, and their cuts are counted; of fragments, the log warns of it.
    """
    shifted = counting.lag == 0
    wrong = (DUPLICATED,) if shifted else (0, 1)
    if (lag := find_lag(lags)) is None or lag not in wrong:
        return True
    problem = f"reads are {'not' * shifted or 'already'} shifted, for ends of the two strands lie "
    problem += f"{lag} bases apart"
    values = list(TN5_SHIFT) if shifted else [0, 0]
    remedy = f"shift them by {values} (reads.shift in a config, --shift of leopard)"
    error = InputError(path, problem, remedy)
    if counting.cuts:
        raise error
    log.warning("%s", error)
    return False


def tell_barcodes(
    path: Path, wanted: Collection[str], found: Collection[str], other: Iterable[str]
) -> None:
    """Warn of barcodes that occur in no read.

    Args:
        path: The file of reads or fragments.
        wanted: The barcodes of a group.
        found: Those of them that occur.
        other: Some that occur and are not of the group.

    Raises:
        InputError: None of them occurs.
    """
    if not found:
        seen = examples(x or "none" for x in other)
        problem = f"none of the {len(wanted):,} barcodes of the group, such as "
        problem += f"{examples([min(wanted)])}, occurs; the file has {seen}".replace(";", ",")
        raise InputError(path, problem, "write them as the file does, to the last -1")
    if missing := sorted(set(wanted) - set(found)):
        problem = "%s: %d of %d barcodes of the group occur nowhere: %s"
        log.warning(problem, path, len(missing), len(wanted), examples(missing))
