"""Figures that set models beside each other: tables in, a matplotlib figure out."""

from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from leopard.figures import CELL_LINE_MARKERS, STYLE, model_colours
from leopard.peaks import FAR, NEAR


def _markers(cell_lines: list[str]) -> dict[str, str]:
    """A marker for each cell line, the same in every panel."""
    return dict(zip(cell_lines, cycle(CELL_LINE_MARKERS), strict=False))


@rc_context(STYLE)
def plot_calls(measures: pd.DataFrame, distances: pd.DataFrame) -> Figure:
    """Precision and recall of called sites, and how far their summits lie from bound sites.

    Args:
        measures: As from `leopard.peaks.judge_calls`, a row for each cell_line and model.
        distances: cell_line, model, distance and calls, as from `count_distances`.
    """
    colours = model_colours(list(dict.fromkeys(measures["model"])))
    markers = _markers(list(dict.fromkeys(measures["cell_line"])))
    figure = Figure(figsize=(12, 5.2))
    left, right = figure.subplots(1, 2)
    for row in measures.itertuples():
        style = {"color": colours[row.model], "mec": "white", "ms": 11}
        left.plot(row.recall, row.precision, markers[row.cell_line], clip_on=False, **style)
    left.set(xlim=(0, 1), ylim=(0, 1), xlabel="recall (bound sites found)", aspect="equal")
    left.set(ylabel="precision (calls that are right)", title="Called sites")
    for (_, model), group in distances.groupby(["cell_line", "model"], sort=False):
        share = group["calls"].cumsum() / group["calls"].sum()
        inside = group["distance"] <= FAR
        x, y = group["distance"][inside], share[inside]
        drawn = np.append(x, FAR), np.append(y, y.iloc[-1] if len(y) else 0)
        right.step(*drawn, where="post", color=colours[model], alpha=0.8, linewidth=1.5)
    right.axvline(NEAR, color="black", linestyle=":", linewidth=1.2)
    right.annotate(f"right within {NEAR} bp", (NEAR, 0.02), (4, 0), textcoords="offset points")
    right.set_xscale("symlog", linthresh=1)
    right.set_xticks([0, 1, 10, 100, FAR], ["0", "1", "10", "100", f"{FAR:,}"])
    right.set(xlim=(-0.1, FAR), ylim=(0, 1), xlabel="from summit to nearest bound site (bp)")
    right.set(ylabel="share of calls so near or nearer", title="Distance of summits")
    right.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    handles = [Line2D([], [], color=colour, label=model) for model, colour in colours.items()]
    handles += [
        Line2D([], [], color="black", marker=marker, ls="", label=cell_line)
        for cell_line, marker in markers.items()
    ]
    figure.legend(handles=handles, loc="outside lower center", ncol=6)
    return figure
