"""Motifs in contributions: what each pattern looks like, what it is most like, where it lies."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from leopard.genome.motif_files import measure_information
from leopard.interpretation.motif_patterns import Pattern
from leopard.report.logos import draw_letters
from leopard.report.style import BLUE, ORANGE, STYLE

MOST = 12
"""Patterns that are drawn, those of the most seqlets."""

LARGEST_Q, SMALLEST_R = 0.05, 0.7
"""A match beyond either is only the nearest of the known motifs."""

BINS = 40


@rc_context(STYLE | {"axes.grid": False})
def plot_motifs(
    patterns: Sequence[Pattern],
    table: pd.DataFrame,
    known: Sequence[tuple[str, np.ndarray]],
    width: int,
    title: str,
) -> Figure:
    """Patterns one below the other: two logos, and where in the sites the seqlets lie.

    Args:
        patterns: As from `leopard.interpretation.motif_patterns.read_patterns`.
        table: As from `leopard.interpretation.motif_matches.write_table`, of the same.
        known: Names of motifs and letter probabilities, [4, width].
        width: Bases of the sites' windows.
        title: Of which model and cell line.
    """
    order = table["seqlets"].sort_values(ascending=False, kind="stable").index[:MOST]
    figure = Figure(figsize=(13, 1 + 3 * max(len(order), 1)))
    if len(order):
        blocks: Any = figure.subfigures(len(order), 1, squeeze=False)
        matrices = dict(reversed(known))  # of motifs of one name, the first
        for block, row in zip(blocks[:, 0], order, strict=True):
            left, right = block.subfigures(1, 2, width_ratios=[1.9, 1])
            match = table.loc[row]
            _plot_logos(left, patterns[row], match, matrices[match["match"]])
            _plot_places(right.subplots(), patterns[row], width)
    else:
        figure.text(0.5, 0.4, "no patterns: too few sites, or nothing that recurs", ha="center")
    more = len(table) - len(order)
    figure.suptitle(title + (f" ({more} more in motifs.tsv)" if more else ""), x=0.01, ha="left")
    return figure


def _plot_logos(block: Any, pattern: Pattern, match: pd.Series, matrix: np.ndarray) -> None:
    """Mean contributions of a pattern, above the known motif that is most like it."""
    panels = block.subplots(2, 1, sharex=True, height_ratios=[1.4, 1])
    draw_letters(panels[0], pattern.contributions.T, 0)
    shown = matrix[::-1, ::-1] if match["match_strand"] == "-" else matrix
    draw_letters(panels[1], measure_information(shown), match["first_column"])
    first, last = pattern.core
    begin = min(first, match["first_column"]) - 2
    end = max(last, match["first_column"] + matrix.shape[1]) + 2
    panels[0].axvspan(first - 0.5, last - 0.5, color="#F3EFD8", zorder=-1)
    panels[0].set_title(describe(match), fontsize=11)
    panels[1].set(xlim=(begin - 0.5, end - 0.5), ylim=(0, 2))
    panels[1].set_xlabel("position in the pattern (bp)", fontsize=10)
    panels[1].xaxis.set_major_locator(MaxNLocator(integer=True))
    strand = ", other strand" if match["match_strand"] == "-" else ""
    names = ("contribution\n(logit)", f"{match['match']}\n(bits{strand})")
    for axes, name in zip(panels, names, strict=True):
        axes.set_ylabel(name, fontsize=9, rotation=0, ha="right", va="center")
    block.align_ylabels(panels)


def describe(match: pd.Series) -> str:
    """How often a pattern was found, and how like the known motif it is, of a row of the table."""
    group, name = match["pattern"].split(".")
    for_or_against = "for" if group == "pos_patterns" else "against"
    alike = match["q_value"] <= LARGEST_Q and match["correlation"] >= SMALLEST_R
    head = "most like" if alike else "like no known motif; nearest"
    return (
        f"{name}, which speaks {for_or_against} a site: {match['seqlets']:,} seqlets "
        f"({match['share']:.0%}) in {match['sites']:,} sites\n{head} {match['match']}: "
        f"q = {match['q_value']:.1g}, "
        f"r = {match['correlation']:.3f} over {match['columns']} columns"
    )


def _plot_places(axes: Axes, pattern: Pattern, width: int) -> None:
    """Seqlets by how far the middle of the core is from the site's middle, on either strand."""
    first, last = pattern.core
    places = pattern.core_starts + (last - first - 1) / 2 - width / 2
    reverse = pattern.seqlets["reverse"].to_numpy(dtype=bool)
    axes.hist(
        [places[~reverse], places[reverse]],
        bins=np.linspace(-width / 2, width / 2, BINS + 1).tolist(),
        stacked=True,
        color=[BLUE, ORANGE],
        label=[f"forwards ({(~reverse).sum():,})", f"backwards ({reverse.sum():,})"],
    )
    axes.axvline(0, color="black", linestyle=":", linewidth=1)
    axes.set(xlim=(-width / 2, width / 2), ylabel="seqlets")
    axes.set_xlabel("from the site's middle (bp)", fontsize=10)
    axes.legend(fontsize=9, loc="upper left")
