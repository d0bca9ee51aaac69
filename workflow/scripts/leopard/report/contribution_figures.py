"""Why sites are called: all by what sequence and accessibility add, and the best ones as logos."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure, SubFigure

from leopard.evaluation.motif_scores import log_odds, score_words
from leopard.evaluation.scores import ScoreTrack
from leopard.genome.motif_files import measure_information
from leopard.genome.tracks import OTHER, Tracks, reverse_complement
from leopard.report.logos import draw_letters
from leopard.report.style import BLUE, GREY, STYLE, VERMILION
from leopard.study.explained import OBSERVED

FLANK = 40
"""Bases drawn to each side of a site's middle."""

EXAMPLES = 6
"""Sites that are drawn."""

OUTCOMES: Mapping[str, tuple[str, str]] = {
    "right": (BLUE, "o"),
    "wrong": (VERMILION, "X"),
    "unknown": (GREY, "s"),
}
"""Colour and marker, for those who see no colours."""

EVEN = np.full(OTHER, 1 / OTHER)
"""What a motif is compared with, as usual in logos."""


class Example(NamedTuple):
    """A site with the tracks around it, each of `2 * FLANK + 1` bases; NaN beyond the chromosome.

    Attributes:
        name: What it is, and what its parts add.
        middle: Its middle, 0-based.
        site: Its first base and the one after its last, from the middle.
        letters: Contributions of present bases, float64 [bases, 4], columns A C G T.
        probability: float64 [bases].
        accessibility: float64 [bases].
        motif: Information of the motif at its best hit, in bits, float64 [bases, 4].
    """

    name: str
    middle: int
    site: tuple[int, int]
    letters: np.ndarray
    probability: np.ndarray
    accessibility: np.ndarray
    motif: np.ndarray | None


def place_motif(matrix: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """A motif where it fits a sequence best, on the better strand.

    Args:
        matrix: Letter probabilities, [4, width], rows A C G T.
        codes: Of the sequence, uint8 [n].

    Returns:
        Its information, in bits, by which a letter is drawn, float64 [n, 4]; 0 beside it, and
        everywhere in a sequence shorter than it.

    Example:
        >>> place_motif(np.eye(4)[:, :2], np.array([3, 2, 3], np.uint8)).tolist()[1:]
        [[0.0, 0.0, 2.0, 0.0], [0.0, 0.0, 0.0, 2.0]]
    """
    width = matrix.shape[1]
    placed = np.zeros((len(codes), OTHER))
    odds = log_odds(matrix, EVEN)
    strands = [score_words(x, odds) for x in (codes, reverse_complement(codes))]
    scores = np.maximum(strands[0], strands[1][::-1])
    if not len(scores):
        return placed
    first = int(scores.argmax())
    word = codes[first : first + width]
    forward, reverse = (_sum_odds(x, word) for x in (odds, odds[::-1, ::-1]))
    shown = matrix if forward >= reverse else matrix[::-1, ::-1]
    placed[first : first + width] = measure_information(shown)
    return placed


def _sum_odds(odds: np.ndarray, word: np.ndarray) -> float:
    """The score of a word on one strand."""
    known = word < OTHER
    return float(odds[word[known], np.flatnonzero(known)].sum())


def read_examples(
    table: pd.DataFrame,
    scores: Path,
    tracks: Tracks,
    prediction: ScoreTrack,
    motif: np.ndarray | None,
) -> list[Example]:
    """The first sites of a table, with the tracks around them.

    Args:
        table: As from `leopard.interpretation.contribution_results.write_results`.
        scores: The HDF5 that belongs to it.
        tracks: Reader of genome and accessibility.
        prediction: The probabilities.
        motif: Letter probabilities, [4, width], if there is a motif.
    """
    examples = []
    with h5py.File(scores) as h5:
        width = h5[OBSERVED].shape[-1]
        for row, site in enumerate(table.head(EXAMPLES).itertuples()):
            middle = (site.start + site.end) // 2
            begin = width // 2 - FLANK
            inside = max(begin, 0), min(begin + 2 * FLANK + 1, width)
            letters = np.zeros((2 * FLANK + 1, OTHER))
            own = h5[OBSERVED][row, :, inside[0] : inside[1]].T
            letters[inside[0] - begin : inside[1] - begin] = own
            start = max(middle - FLANK, 0)
            region = site.chrom, start, min(middle + FLANK + 1, tracks.chrom_sizes[site.chrom])
            codes = np.full(2 * FLANK + 1, OTHER, np.uint8)
            lines = np.full((2, 2 * FLANK + 1), np.nan)
            here = slice(start - middle + FLANK, region[2] - middle + FLANK)
            codes[here] = tracks.codes(*region)
            lines[:, here] = prediction.read(*region), tracks.signal(*region)
            examples.append(
                Example(
                    _name(site),
                    middle,
                    (site.start - middle, site.end - middle),
                    letters,
                    lines[0],
                    lines[1],
                    None if motif is None else place_motif(motif, codes),
                )
            )
    return examples


def _name(site: Any) -> str:
    """Where a site is, whether it is right, and what its parts add."""
    outcome = f", {site.outcome}" if isinstance(site.outcome, str) else ""
    return (
        f"{site.chrom}:{site.start + 1:,}-{site.end:,}{outcome}\n"
        f"logit {site.logit:+.0f} = reference {site.reference:+.0f}, sequence "
        f"{site.sequence:+.0f}, accessibility {site.accessibility:+.0f}"
    )


@rc_context(STYLE)
def plot_shares(table: pd.DataFrame, title: str) -> Figure:
    """Sites by what their sequence and their accessibility add to the mean logit of their bases.

    Args:
        table: As from `leopard.interpretation.contribution_results.write_results`.
        title: Of which model and cell line.
    """
    figure = Figure(figsize=(8.5, 7))
    axes = figure.add_subplot()
    length = table["end"] - table["start"]
    x, y = table["sequence"] / length, table["accessibility"] / length
    judged = table["outcome"].notna().any()
    groups = {name: table["outcome"] == name for name in OUTCOMES} if judged else {}
    for name, rows in (groups or {"explained": table["logit"].notna()}).items():
        if rows.any():
            colour, marker = OUTCOMES.get(name, (BLUE, "o"))
            medians = (
                f"median sequence {x[rows].median():+.1f}, accessibility {y[rows].median():+.1f}"
            )
            label = f"{name} ({rows.sum():,})\n{medians}"
            look: Any = {"color": colour, "marker": marker, "alpha": 0.6, "linewidths": 0}
            axes.scatter(x[rows], y[rows], 26, label=label, **look)
    if len(table):
        # Where the logit of the networks is 0; references differ by what is unknown alone.
        reference = float((table["reference"] / length).median())
        axes.axline((0, -reference), slope=-1, color="black", linestyle=":", linewidth=1)
        axes.plot([], [], color="black", linestyle=":", linewidth=1, label="logit 0")
        axes.axhline(0, color=GREY, linewidth=0.8)
        axes.axvline(0, color=GREY, linewidth=0.8)
        axes.legend(loc="upper left", bbox_to_anchor=(0, -0.12), ncol=2, fontsize=10)
    else:
        axes.text(0.5, 0.5, "no called sites", ha="center", transform=axes.transAxes)
    axes.set(xlabel="sequence (logit a base)", ylabel="accessibility (logit a base)")
    figure.suptitle(title, x=0.01, ha="left")
    return figure


@rc_context(STYLE | {"axes.grid": False})
def plot_logos(examples: Sequence[Example], title: str, accessibility: str) -> Figure:
    """Contributions of bases as logos, below probabilities and accessibility, above the motif.

    Args:
        examples: Sites, `EXAMPLES` at most.
        title: Of which model and cell line.
        accessibility: Name of the accessibility, with its unit.
    """
    figure = Figure(figsize=(15, 14))
    blocks: Any = figure.subfigures(EXAMPLES // 2, 2, hspace=0.05)
    tallest = max((np.nanmax(x.accessibility) for x in examples), default=1) or 1
    for number, block in enumerate(blocks.ravel()):
        if number < len(examples):
            _plot_example(block, examples[number], tallest, accessibility)
        else:
            block.text(0.5, 0.5, "no other called site", ha="center")
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def _plot_example(block: SubFigure, example: Example, tallest: float, accessibility: str) -> None:
    """The panels of one site, one above the other."""
    heights = [1, 1, 2.2] + [1] * (example.motif is not None)
    panels = block.subplots(len(heights), 1, sharex=True, height_ratios=heights)
    x = np.arange(-FLANK, FLANK + 1)
    panels[0].plot(x, example.probability, color="black")
    panels[0].set_ylim(-0.02, 1.05)
    panels[1].fill_between(
        x, np.nan_to_num(example.accessibility), step="mid", color=GREY, linewidth=0
    )
    panels[1].set_ylim(0, 1.05 * tallest)
    draw_letters(panels[2], example.letters, -FLANK)
    if example.motif is not None:
        draw_letters(panels[3], example.motif, -FLANK)
        panels[3].set_ylim(0, 2)
    names = ("probability", accessibility, "contribution\n(logit)", "motif\n(bits)")
    for axes, name in zip(panels, names, strict=False):
        axes.axvspan(example.site[0] - 0.5, example.site[1] - 0.5, color="#F3EFD8", zorder=-1)
        axes.set_ylabel(name, fontsize=9, rotation=0, ha="right", va="center")
    block.align_ylabels(panels)
    panels[0].set_title(example.name, fontsize=10)
    panels[-1].set(xlim=(-FLANK - 0.5, FLANK + 0.5))
    panels[-1].set_xlabel("position from the site's middle (bp)", fontsize=10)
