"""What a network needs: a motif set into many random sequences, as open as one likes; and two."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from leopard.decoding.decoder import Decoder
from leopard.errors import InputError
from leopard.genome.formats import new_file
from leopard.genome.tracks import OTHER, Tracks, reverse_complement
from leopard.interpretation.contribution_sites import choose_calls

log = logging.getLogger(__name__)

LEVELS = (0, 0.03125, 0.0625, 0.125, 0.25, 0.5, 1, 2, 4)
"""Times the accessibility of a typical called site."""

BACKGROUNDS, PAIRED = 50, 10
"""Random sequences that one motif is set into, and those of them that two are."""

GAPS = 100
"""Numbers of bases between two motifs: from none on."""

NEAR = 10
"""Bases to each side of the (first) motif over which the largest probability is taken."""

TYPICAL = 500
"""The best called sites of a cell line, at most, of which accessibility is averaged."""

TRIES = 10_000
"""Places that are looked at for backgrounds, before there are too few."""

ORIENTATIONS = {"same way": (False, False), "towards": (False, True), "apart": (True, False)}
"""Whether the first and the second motif are turned around, for a motif that reads to the right."""

COLUMNS = ("experiment", "motifs", "level", "gap", "background", "probability")


@dataclass(frozen=True)
class Window:
    """How windows are laid out, so that all is inside that a probability at the motif depends on.

    Attributes:
        length: Bases, a multiple of the networks' grid.
        anchor: Where the first motif begins, if it is not shifted.
        grid: By how many bases less than this it may be shifted to the right.
    """

    length: int
    anchor: int
    grid: int


def lay_out(decoder: Decoder, width: int) -> Window:
    """The windows for a motif of so many bases."""
    anchor = decoder.halo + NEAR
    needed = anchor + decoder.grid + 2 * width + GAPS + NEAR + decoder.halo
    return Window(-(-needed // decoder.grid) * decoder.grid, anchor, decoder.grid)


def draw_backgrounds(
    tracks: Tracks, chromosomes: Sequence[str], length: int, seed: int
) -> np.ndarray:
    """Random places of the genome, without unknown or excluded bases: uint8 [n, length].

    Raises:
        InputError: There are hardly any.
    """
    rng = np.random.default_rng(seed)
    sizes = np.array([max(tracks.chrom_sizes[x] - length, 0) for x in chromosomes], float)
    found = []
    for _ in range(TRIES if sizes.sum() else 0):
        chrom = chromosomes[rng.choice(len(sizes), p=sizes / sizes.sum())]
        start = int(rng.integers(tracks.chrom_sizes[chrom] - length))
        codes = tracks.codes(chrom, start, start + length)
        if (codes < OTHER).all() and not tracks.touches_excluded(chrom, start, start + length):
            found.append(codes)
            if len(found) == BACKGROUNDS:
                return np.stack(found)
    problem = f"hardly any {length} bases in a row that are known and not excluded"
    raise InputError(tracks.files[0], problem, "use longer chromosomes")


def measure_profile(lines: Sequence[tuple[Tracks, Path]], reach: int) -> np.ndarray:
    """The mean signals around the middles of the best called sites of some cell lines.

    Args:
        lines: Reader of a cell line, and its called sites.
        reach: Bases to each side.

    Returns:
        float32 [2 * reach, arrays].

    Raises:
        InputError: No cell line has a called site far enough from an end of its chromosome.
    """
    means = []
    for tracks, calls in lines:
        total, sites = np.zeros((2 * reach, len(tracks.arrays)), np.float64), 0
        for chrom, start, end, *_ in choose_calls(calls, TYPICAL).itertuples(index=False):
            middle = (start + end) // 2
            if reach <= middle <= tracks.chrom_sizes[chrom] - reach:
                total += tracks.signals(chrom, middle - reach, middle + reach)
                sites += 1
        if sites:
            means.append(total / sites)
    if not means:
        problem = "no called sites, so that nobody knows how open a typical one is"
        raise InputError(lines[0][1], problem, "train longer, or on more data")
    return np.mean(means, axis=0).astype(np.float32)


class Planter:
    """Sets motifs into backgrounds, and predicts there.

    Args:
        decoder: The ensemble.
        calibrate: The map of its probabilities.
        word: The motif's bases, uint8 [width].
        backgrounds: uint8 [n, length].
        profile: As from `measure_profile`, of a reach of at least the length of a window.
        window: How windows are laid out.
    """

    def __init__(
        self,
        decoder: Decoder,
        calibrate: Callable[[np.ndarray], np.ndarray],
        word: np.ndarray,
        backgrounds: np.ndarray,
        profile: np.ndarray,
        window: Window,
    ) -> None:
        self.decoder, self.calibrate, self.word = decoder, calibrate, word
        self.backgrounds, self.profile, self.window = backgrounds, profile, window
        self.batch = max(decoder.tile_length * decoder.batch_size // window.length, 1)

    def make(
        self, background: int, level: float, planted: Sequence[tuple[int, bool]]
    ) -> tuple[np.ndarray, np.ndarray]:
        """A window: codes, uint8 [length], and signals, float32 [length, arrays].

        Args:
            background: Which. Networks pool bases in groups, so each has the motif elsewhere in
                one.
            level: Times the accessibility of a typical site, with the first motif in its middle.
            planted: Where motifs begin, from where the first one does, and whether each is turned
                around.
        """
        codes = self.backgrounds[background].copy()
        first = self.window.anchor + background % self.window.grid
        for place, turned in planted:
            word = reverse_complement(self.word) if turned else self.word
            codes[first + place : first + place + len(word)] = word
        begin = len(self.profile) // 2 - (first + len(self.word) // 2)
        return codes, self.profile[begin : begin + len(codes)] * np.float32(level)

    def predict(self, windows: Iterator[tuple[np.ndarray, np.ndarray]]) -> Iterator[np.ndarray]:
        """Calibrated probabilities of windows, float32 [length] each, some of them at a time."""
        while batch := list(islice(windows, self.batch)):
            # The last one again to make up for a full batch: networks are compiled once.
            full = batch + [batch[-1]] * (self.batch - len(batch))
            codes, signals = (np.stack(x) for x in zip(*full, strict=True))
            yield from self.calibrate(self.decoder.predict(codes, signals))[: len(batch)]

    def measure(
        self, asked: Sequence[tuple[int, float, Sequence[tuple[int, bool]]]]
    ) -> list[float]:
        """The largest probability near the first motif, for arguments of `make` each."""
        found = []
        predicted = self.predict(self.make(*x) for x in asked)
        for (background, *_), probabilities in zip(asked, predicted, strict=True):
            first = self.window.anchor + background % self.window.grid
            near = probabilities[first - NEAR : first + len(self.word) + NEAR]
            found.append(float(near.max()))
        return found


def raise_accessibility(planter: Planter) -> pd.DataFrame:
    """Backgrounds with the motif and without, at every level of accessibility.

    Returns:
        The columns `COLUMNS`: motifs is "one" or "none", and gap is missing.
    """
    rows = [
        ("accessibility", name, level, np.nan, background)
        for name in ("one", "none")
        for level in LEVELS
        for background in range(len(planter.backgrounds))
    ]
    planted = {"one": [(0, False)], "none": []}
    found = planter.measure([(x[4], x[2], planted[x[1]]) for x in rows])
    return pd.DataFrame([(*x, y) for x, y in zip(rows, found, strict=True)], columns=list(COLUMNS))


def choose_level(table: pd.DataFrame) -> float:
    """The level at which one motif is nearest to one half, with most room to either side."""
    medians = table[table["motifs"] == "one"].groupby("level")["probability"].median()
    return float((medians - 0.5).abs().idxmin())


def move_apart(planter: Planter, level: float) -> pd.DataFrame:
    """Two motifs at every gap, in each of the `ORIENTATIONS`, at one level of accessibility.

    Returns:
        The columns `COLUMNS`: motifs is the orientation.
    """
    rows = [
        ("distance", name, level, gap, background)
        for name in ORIENTATIONS
        for gap in range(GAPS)
        for background in range(min(PAIRED, len(planter.backgrounds)))
    ]
    width = len(planter.word)
    found = planter.measure(
        [
            (background, level, [*zip((0, width + gap), ORIENTATIONS[name], strict=True)])
            for _, name, _, gap, background in rows
        ]
    )
    return pd.DataFrame([(*x, y) for x, y in zip(rows, found, strict=True)], columns=list(COLUMNS))


def plant_motifs(planter: Planter, path: Path) -> None:
    """Do both, and write the table, a row for each prediction."""
    alone = raise_accessibility(planter)
    level = choose_level(alone)
    log.info("two motifs are planted at %g times the accessibility of a typical site", level)
    table = pd.concat([alone, move_apart(planter, level)])
    with new_file(path) as unfinished:
        table.to_csv(unfinished, sep="\t", index=False, float_format="%.6g")
