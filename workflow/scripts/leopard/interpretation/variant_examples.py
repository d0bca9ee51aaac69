"""The variants that change most, with the tracks of both alleles."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from leopard.genome.formats import new_file
from leopard.interpretation.haplotypes import Variant

EXAMPLES = 3
"""How many are kept, of gains and of losses each."""

DRAWN = 20
"""Bases to each side of an allele's first base whose contributions are drawn."""

SIGNS = {"gain": 1, "loss": -1}
"""Of scores, by direction."""


class Example(NamedTuple):
    """A variant with the tracks around it, bases of both alleles under each other.

    Attributes:
        chrom: The chromosome.
        number: Of the variant there, among those that are scored.
        variant: It.
        score: Difference of the sums of probabilities.
        flank: Bases of the tracks to its left.
        tracks: float64 [3, n]: probabilities of the reference and of the haplotype, and
            accessibility of the reference; 0 where there is no base.
    """

    chrom: str
    number: int
    variant: Variant
    score: float
    flank: int
    tracks: np.ndarray

    @property
    def key(self) -> str:
        """A name of it among all of a file's."""
        return f"{self.chrom}:{self.number}"


def choose_best(examples: Iterable[Example], direction: str) -> list[Example]:
    """The `EXAMPLES` that change most in a direction, the most first."""
    sign = SIGNS[direction]
    found = [x for x in examples if sign * x.score > 0]
    return sorted(found, key=lambda x: (-sign * x.score, x.chrom, x.number))[:EXAMPLES]


class Examples:
    """The best of what passes.

    Args:
        chrom: The chromosome of all of them.
        flank: Bases to each side of a variant.
    """

    def __init__(self, chrom: str, flank: int) -> None:
        self.chrom, self.flank = chrom, flank
        self.best: dict[str, list[Example]] = {direction: [] for direction in SIGNS}

    def add(
        self, first: int, variants: Sequence[Variant], scores: np.ndarray, tracks: np.ndarray
    ) -> None:
        """Let some variants pass.

        Args:
            first: Number of the first of them.
            variants: They.
            scores: Theirs, float64 [n].
            tracks: As in `Example`, float64 [3, n, columns].
        """
        for direction, sign in SIGNS.items():
            rows = np.argsort(-sign * scores, kind="stable")[:EXAMPLES]
            new = [
                Example(
                    self.chrom,
                    first + int(row),
                    variants[row],
                    float(scores[row]),
                    self.flank,
                    tracks[:, row],
                )
                for row in rows
            ]
            self.best[direction] = choose_best([*self.best[direction], *new], direction)

    def write(self, drawn: Path, background: Mapping[str, np.ndarray]) -> None:
        """Write them, and scores of random variants by kind, as an `.npz`; whole or not at all."""
        with new_file(drawn) as unfinished, unfinished.open("wb") as file:
            np.savez(file, allow_pickle=False, **background, **self._arrays())

    def _arrays(self) -> dict[str, np.ndarray]:
        """All of them, as arrays to be written."""
        found = [x for kept in self.best.values() for x in kept]
        arrays = {f"example_{i}": x.tracks for i, x in enumerate(found)}
        arrays |= {f"example_{i}_inserted": x.variant.inserted for i, x in enumerate(found)}
        rows = [(x.number, *x.variant[:2], x.score, x.flank) for x in found]
        named = {"example_chrom": np.array(self.chrom)}
        return arrays | named | {"examples": np.array(rows, np.float64).reshape(-1, 5)}


def read_background(drawn: Path) -> list[np.ndarray]:
    """Scores of the random variants that were written of a chromosome, of each kind."""
    with np.load(drawn) as arrays:
        return [arrays[name] for name in arrays if not name.startswith("example")]


def read_examples(drawn: Path) -> list[Example]:
    """Those that were written of a chromosome."""
    with np.load(drawn) as arrays:
        chrom = str(arrays["example_chrom"])
        return [
            Example(
                chrom,
                int(number),
                Variant(int(start), int(end), arrays[f"example_{i}_inserted"]),
                float(score),
                int(flank),
                arrays[f"example_{i}"],
            )
            for i, (number, start, end, score, flank) in enumerate(arrays["examples"])
        ]


def list_best(drawn: Sequence[Path]) -> list[Example]:
    """The largest gains and losses of all chromosomes, from their files."""
    found = [example for path in drawn for example in read_examples(path)]
    return [example for direction in SIGNS for example in choose_best(found, direction)]


def write_letters(path: Path, letters: Mapping[str, np.ndarray]) -> None:
    """Write contributions as an `.npz`; whole or not at all.

    Args:
        path: The file.
        letters: As from `leopard.interpretation.variant_contributions.explain_alleles`.
    """
    with new_file(path) as unfinished, unfinished.open("wb") as file:
        np.savez(file, allow_pickle=False, **letters)


def read_letters(path: Path) -> dict[str, np.ndarray]:
    """Read it."""
    with np.load(path) as arrays:
        return dict(arrays)
