"""What a network needs: predictions for planted motifs, against accessibility and distance."""

from fractions import Fraction
from typing import Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leopard.interpretation.planted_motifs import ORIENTATIONS
from leopard.report.style import BLUE, GREY, ORANGE, STYLE, VERMILION

ARROWS = {"same way": "→ →", "towards": "→ ←", "apart": "← →"}
LOOKS = dict(zip(ORIENTATIONS, ((BLUE, "-"), (VERMILION, "--"), (ORANGE, "-.")), strict=True))
"""Colour and line, for those who see no colours."""


@rc_context(STYLE)
def plot_accessibility(table: pd.DataFrame, threshold: float, title: str) -> Figure:
    """The probability with a motif and without, at every level of accessibility.

    Args:
        table: As from `leopard.interpretation.planted_motifs.plant_motifs`.
        threshold: At which the model calls sites.
        title: Of which model.
    """
    rows = table[table["experiment"] == "accessibility"]
    levels = sorted(rows["level"].unique())
    rows = rows.assign(place=rows["level"].map(levels.index))
    figure = Figure(figsize=(8, 5.5))
    axes = figure.add_subplot()
    for motifs, label, look in (
        ("one", "with the motif", (BLUE, "-")),
        ("none", "without", (GREY, "--")),
    ):
        _draw_quartiles(axes, rows[rows["motifs"] == motifs], "place", label, look, "o")
    axes.set_xticks(range(len(levels)), [str(Fraction(x)) for x in levels])
    axes.set_xlabel("accessibility (\N{MULTIPLICATION SIGN} that of a typical called site)")
    _finish(figure, axes, rows, threshold, title)
    return figure


@rc_context(STYLE)
def plot_distances(table: pd.DataFrame, threshold: float, title: str) -> Figure:
    """The probability at one motif, by how far another is from it.

    Args:
        table: As from `leopard.interpretation.planted_motifs.plant_motifs`.
        threshold: At which the model calls sites.
        title: Of which model.
    """
    rows = table[table["experiment"] == "distance"]
    level = rows["level"].iloc[0]
    figure = Figure(figsize=(10, 5.5))
    axes = figure.add_subplot()
    for motifs, look in LOOKS.items():
        own = rows[rows["motifs"] == motifs]
        _draw_quartiles(axes, own, "gap", f"{ARROWS[motifs]}  {motifs}", look)
    same = table["background"].isin(rows["background"]) & (table["level"] == level)
    alone = table.loc[same & (table["motifs"] == "one"), "probability"]
    axes.axhline(alone.median(), color=GREY, linewidth=1.5, label="one motif alone")
    axes.set(xlim=(0, rows["gap"].max()), xlabel="bases between the two motifs")
    times = f"{Fraction(level)} \N{MULTIPLICATION SIGN} the accessibility of a called site"
    _finish(figure, axes, rows, threshold, f"{title}, at {times}")
    return figure


def _draw_quartiles(
    axes: Axes, rows: pd.DataFrame, column: str, label: str, look: tuple[str, str], marker: str = ""
) -> None:
    """The median over backgrounds as a line, and the middle half of them as a band."""
    found: Any = rows.groupby(column)["probability"].quantile([0.25, 0.5, 0.75]).unstack()
    colour, line = look
    axes.fill_between(found.index, found[0.25], found[0.75], color=colour, alpha=0.15, linewidth=0)
    axes.plot(found.index, found[0.5], color=colour, linestyle=line, marker=marker, label=label)


def _finish(figure: Figure, axes: Axes, rows: pd.DataFrame, threshold: float, title: str) -> None:
    axes.axhline(threshold, color="black", linestyle=":", linewidth=1, label="called from here on")
    number = rows["background"].nunique()
    axes.set(ylim=(-0.02, 1.02), ylabel=f"probability (median of {number} sequences)")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=10)
    figure.suptitle(title, x=0.01, ha="left")
