"""Patterns matched to known motifs by TOMTOM's method (Gupta et al. 2007), through memelite."""

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from memelite import tomtom
from scipy.stats import false_discovery_control

from leopard.genome.formats import new_file
from leopard.genome.motif_files import format_meme
from leopard.genome.tracks import BASES
from leopard.interpretation.motif_patterns import Pattern

log = logging.getLogger(__name__)

FEWEST = 25
"""Motifs of a database, below which p-values are of little worth, as memelite warns."""


class Match(NamedTuple):
    """The known motif most like a pattern.

    Attributes:
        name: As the database has it.
        p_value: Of the best alignment on either strand, corrected for the number of alignments.
        q_value: The same, of the false discovery rate among all motifs of the database.
        reverse: Whether the motif is the other way round than the pattern.
        first: The pattern's position, of all of them, that the motif's first column is at; it may
            lie before the pattern.
        columns: Columns of the motif that lie within the pattern.
        correlation: Pearson's r of the probabilities in these columns.
    """

    name: str
    p_value: float
    q_value: float
    reverse: bool
    first: int
    columns: int
    correlation: float


def match_patterns(
    patterns: Sequence[Pattern], known: Sequence[tuple[str, np.ndarray]]
) -> list[Match]:
    """Find the known motif of the smallest p-value for the motif of each pattern.

    Args:
        patterns: They.
        known: Names of motifs and letter probabilities, [4, width], rows A C G T.
    """
    if not patterns:
        return []
    if len(known) < FEWEST:
        log.warning(
            "%d known motifs are too few for p-values to mean much; name a whole database "
            "(explain.motif_database in the config)",
            len(known),
        )
    queries = [x.frequencies[:, slice(*x.motif)] for x in patterns]
    with warnings.catch_warnings(action="ignore"):  # of what was just told
        p_values, _, offsets, _, strands = tomtom(queries, [matrix for _, matrix in known])
    matches = []
    for row, pattern in enumerate(patterns):
        found = p_values[row].clip(0, 1)
        best = int(found.argmin())
        name, matrix = known[best]
        reverse = bool(strands[row, best])
        first = pattern.motif[0] - int(offsets[row, best])
        shown = matrix[::-1, ::-1] if reverse else matrix
        q_value = false_discovery_control(found)[best]
        agreement = correlate_aligned(pattern.frequencies, shown, first)
        matches.append(Match(name, found[best], q_value, reverse, first, *agreement))
    return matches


def correlate_aligned(frequencies: np.ndarray, matrix: np.ndarray, first: int) -> tuple[int, float]:
    """How many columns of a motif lie within a pattern, and Pearson's r of the numbers in them.

    Args:
        frequencies: The pattern, [4, width].
        matrix: The motif, [4, columns].
        first: The position of its first column in the pattern.

    Example:
        >>> columns, r = correlate_aligned(np.eye(4), np.eye(4)[:, 1:], 2)
        >>> columns, round(r, 2)
        (2, -0.33)
    """
    begin, end = max(first, 0), min(first + matrix.shape[1], frequencies.shape[1])
    shown = matrix[:, begin - first : end - first]
    r = np.corrcoef(frequencies[:, begin:end].ravel(), shown.ravel())[0, 1]
    return end - begin, float(r)


def write_table(patterns: Sequence[Pattern], matches: Sequence[Match], path: Path) -> None:
    """Write a row for each pattern: how often it was found, what it is, what it is most like."""
    total = sum(len(x.seqlets) for x in patterns)
    rows = [
        {
            "pattern": pattern.name,
            "seqlets": len(pattern.seqlets),
            "share": len(pattern.seqlets) / total,
            "sites": pattern.seqlets["site"].nunique(),
            "consensus": write_consensus(pattern),
            "match": match.name,
            "match_strand": "-" if match.reverse else "+",
            "p_value": match.p_value,
            "q_value": match.q_value,
            "correlation": match.correlation,
            "columns": match.columns,
            "first_column": match.first,
        }
        for pattern, match in zip(patterns, matches, strict=True)
    ]
    with new_file(path) as unfinished:
        table = pd.DataFrame(rows, columns=list(COLUMNS))
        table.to_csv(unfinished, sep="\t", index=False, float_format="%.6g")


COLUMNS = (
    *("pattern", "seqlets", "share", "sites", "consensus"),
    *("match", "match_strand", "p_value", "q_value", "correlation", "columns", "first_column"),
)
"""Of the table."""


def write_consensus(pattern: Pattern) -> str:
    """The most frequent bases of a pattern's motif; those below one half are small letters."""
    shown = pattern.frequencies[:, slice(*pattern.motif)]
    letters = zip(shown.argmax(axis=0), shown.max(axis=0), strict=True)
    return "".join(BASES[i] if share >= 0.5 else BASES[i].lower() for i, share in letters)


def write_meme(patterns: Sequence[Pattern], path: Path) -> None:
    """Write the cores of patterns, as letter probabilities, as a MEME file."""
    motifs = [(x.name, x.frequencies[:, slice(*x.core)] * len(x.seqlets)) for x in patterns]
    with new_file(path) as unfinished:
        unfinished.write_text(format_meme(motifs), encoding="utf-8")
