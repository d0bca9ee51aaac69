"""Variants: how large their scores are beside those of random ones, and the largest changes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from leopard.interpretation.variant_examples import DRAWN, EXAMPLES, SIGNS, Example, choose_best
from leopard.report.logos import draw_letters
from leopard.report.style import BLUE, GREY, STYLE, VERMILION

BINS = 61
"""Of the histograms; an odd number, so that one is around 0."""

ROWS = 100_000
"""Of the table that are read at once."""

SCORE, Q = "floored_difference", "floored_difference.qval"

COLOURS = {"gain": BLUE, "loss": VERMILION}


class Shown(NamedTuple):
    """What is drawn of a table of scores.

    Attributes:
        counts: Variants by bin of their score, int [BINS].
        edges: Of the bins, float64 [BINS + 1].
        names: Of the examples, by chromosome and number.
    """

    counts: np.ndarray
    edges: np.ndarray
    names: Mapping[tuple[str, int], str]


def read_scores(table: Path, least: float, examples: Sequence[Example]) -> Shown:
    """Go through a table of scores, some rows at a time.

    Args:
        table: As from `leopard.interpretation.variant_results.write_results`.
        least: How far from 0 the bins reach, or farther if a score does.
        examples: Those to be named.
    """
    limit = least
    for rows in pd.read_csv(table, sep="\t", usecols=[SCORE], chunksize=ROWS):
        limit = max(limit, rows[SCORE].abs().max())
    edges = np.linspace(-limit, limit, BINS + 1)
    counts = np.zeros(BINS, np.int64)
    passed: Counter[str] = Counter()
    names = {}
    text = dict.fromkeys(["chr", "allele1", "allele2", "variant_id"], "str")
    for rows in pd.read_csv(
        table,
        sep="\t",
        usecols=[*text, "pos", SCORE, Q],
        dtype=text,
        keep_default_na=False,
        na_values={SCORE: "", Q: ""},
        chunksize=ROWS,
    ):
        scored = rows[rows[SCORE].notna()]
        counts += np.histogram(scored[SCORE], edges)[0]
        for chrom, own in scored.groupby("chr", sort=False):
            for example in examples:
                row = example.number - passed[str(chrom)]
                if example.chrom == chrom and 0 <= row < len(own):
                    names[example.chrom, example.number] = _name(own.iloc[row])
            passed[str(chrom)] += len(own)
    return Shown(counts, edges, names)


def _name(row: pd.Series) -> str:
    """What a variant is, and its score."""
    long = "\N{HORIZONTAL ELLIPSIS}"
    alleles = [x if len(x) <= 8 else f"{x[:6]}{long}" for x in row[["allele1", "allele2"]]]
    name = "" if row["variant_id"] == "." else f"{row['variant_id']}, "
    place = f"{name}{row['chr']}:{row['pos']:,} {'>'.join(alleles)}"
    return f"{place}\nscore {row[SCORE]:+.2f}, q {row[Q]:.2g}"


@rc_context(STYLE)
def plot_variants(
    shown: Shown,
    background: np.ndarray,
    examples: Sequence[Example],
    letters: Mapping[str, np.ndarray],
    title: str,
    accessibility: str,
) -> Figure:
    """Distribution of scores, and the largest gains and losses: tracks and letters of both alleles.

    Args:
        shown: Of the table.
        background: Scores of random variants, float64 [n].
        examples: Of all chromosomes.
        letters: Contributions of those drawn, as
            `leopard.interpretation.variant_contributions.explain_alleles` gives them.
        title: Of which model and cell line.
        accessibility: Name of the accessibility, with its unit.
    """
    figure = Figure(figsize=(12, 19))
    blocks: Any = figure.subfigures(EXAMPLES + 1, 1, height_ratios=[1, *[1.6] * EXAMPLES])
    _plot_distribution(blocks[0].add_subplot(), shown, background)
    best = {direction: choose_best(examples, direction) for direction in SIGNS}
    tallest = max((x.tracks[2].max() for found in best.values() for x in found), default=1) or 1
    for row, block in enumerate(blocks[1:]):
        for part, (direction, found) in zip(block.subfigures(1, 2), best.items(), strict=True):
            if row < len(found):
                example, colour = found[row], COLOURS[direction]
                name = shown.names[example.chrom, example.number]
                panels = part.subplots(3, 1, height_ratios=[2, 1.2, 1.2])
                _plot_example(panels[0], example, name, colour, tallest, accessibility)
                _plot_letters(panels[1:], letters[example.key], colour)
            else:
                part.text(0.5, 0.5, f"no other {direction}", ha="center", va="center")
    if any(best.values()):
        lines = [Line2D([], [], color=colour) for colour in ("black", *COLOURS.values())]
        names = ("probability with REF", "with ALT, a gain", "with ALT, a loss")
        figure.legend(lines, names, loc="outside lower center", ncol=len(names))
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def _plot_distribution(axes: Axes, shown: Shown, background: np.ndarray) -> None:
    """Shares of variants and of random ones by score."""
    random = np.histogram(background, shown.edges)[0]
    for counts, name, colour in (
        (random, f"{len(background):,} random variants", GREY),
        (shown.counts, f"{shown.counts.sum():,} variants", BLUE),
    ):
        share = counts / max(counts.sum(), 1)
        axes.stairs(share, shown.edges, color=colour, linewidth=2, label=name)
    axes.set_yscale("log")
    axes.set(xlabel="floored difference of logits, ALT minus REF", ylabel="share of variants")
    axes.set_title("Scores beside those of random variants")
    axes.legend()


def _plot_example(
    axes: Axes, example: Example, name: str, colour: str, tallest: float, accessibility: str
) -> None:
    """The tracks of both alleles of one variant, over the reference's accessibility."""
    reference, alternative = np.where(example.tracks[:2] > 0, example.tracks[:2], np.nan)
    signal = example.tracks[2]
    x = np.arange(len(reference)) - example.flank
    behind = axes.twinx()
    behind.fill_between(x, signal, step="mid", color="#D8D8D8", linewidth=0)
    behind.set_ylim(0, 1.05 * tallest)
    behind.set_ylabel(accessibility, color=GREY, fontsize=9)
    behind.grid(False)
    axes.set_zorder(behind.get_zorder() + 1)
    axes.patch.set_visible(False)
    axes.plot(x, reference, color="black", linewidth=2.6, label="REF")
    axes.plot(x, alternative, color=colour, linewidth=1.6, label="ALT")
    axes.axvline(0, color="black", linestyle=":", linewidth=1)
    axes.set(ylim=(-0.02, 1.05), xlim=(x[0], x[-1]))
    axes.set(xlabel="position from the variant (bp)", ylabel="probability")
    axes.set_title(f"{name}, sum {example.score:+.2f}", fontsize=10)


def _plot_letters(panels: Sequence[Axes], letters: np.ndarray, colour: str) -> None:
    """Contributions of both alleles, on one scale, float [2, 2 * DRAWN + 1, 4]."""
    high, low = letters.clip(0).sum(2).max(), letters.clip(max=0).sum(2).min()
    room = 0.1 * max(high - low, 1e-3)
    names = ("REF", "black"), ("ALT", colour)
    for axes, own, (name, ink) in zip(panels, letters, names, strict=True):
        draw_letters(axes, own, -DRAWN)
        axes.axvline(0, color="black", linestyle=":", linewidth=1)
        axes.set(xlim=(-DRAWN - 0.5, DRAWN + 0.5), ylim=(low - room, high + room))
        axes.set_ylabel(f"{name}\n(logit)", color=ink, fontsize=9)
        axes.grid(False)
    panels[0].set_xticklabels([])
    panels[1].set_xlabel("contribution of the base at this position from the variant (bp)")
