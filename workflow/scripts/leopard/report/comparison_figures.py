"""Models set beside each other, for the report: tables in, a matplotlib figure or a page out."""

from collections.abc import Mapping
from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter

from leopard.decoding.peaks import FAR, NEAR
from leopard.report.html import INTEGER, LONG, PERCENT, render_note, render_page, render_table
from leopard.report.style import CELL_LINE_MARKERS, STYLE, display_name, model_colours


def _markers(cell_lines: list[str]) -> dict[str, str]:
    """A marker for each cell line, the same in every panel."""
    return dict(zip(cell_lines, cycle(CELL_LINE_MARKERS), strict=False))


@rc_context(STYLE)
def plot_calls(measures: pd.DataFrame, distances: pd.DataFrame) -> Figure:
    """Precision and recall of called sites, and how far their summits lie from bound sites.

    Args:
        measures: As from `leopard.decoding.peaks.judge_calls`, a row for each cell_line and model,
            with the counts of `leopard.decoding.peaks.count_calls`.
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
    touching = measures["touching_excluded"].sum()
    left.annotate(f"on excluded bases: {touching:,} calls", (0.03, 0.03))
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


@rc_context(STYLE)
def plot_comparison(metrics: pd.DataFrame) -> Figure:
    """Average precision and AUROC of models and baselines, by bins and by bases.

    Args:
        metrics: As from `leopard.comparison.compare.compare_models`, with cell_line.
    """
    models = list(dict.fromkeys(metrics["model"]))
    colours, rows = model_colours(models), {model: i for i, model in enumerate(models)}
    markers = _markers(list(dict.fromkeys(metrics["cell_line"])))
    figure = Figure(figsize=(12, 2.6 + 0.62 * len(models)))
    panels = figure.subplots(2, 2, sharey=True, sharex="col")
    for line, resolution in zip(panels, metrics["resolution"].unique(), strict=True):
        here = metrics[metrics["resolution"] == resolution]
        for axes, measure in zip(line, ("average_precision", "auroc"), strict=True):
            for row in here.itertuples():
                specific = row.scope == "specific"
                colour = colours[row.model]
                axes.plot(
                    getattr(row, measure),
                    rows[row.model] + (0.17 if specific else -0.17),
                    markers[row.cell_line],
                    color=colour,
                    mfc="white" if specific else colour,
                    ms=7,
                    clip_on=False,
                )
        line[0].set_yticks(range(len(models)), [display_name(x) for x in models])
        line[0].set_ylim(len(models) - 0.5, -0.5)
        line[0].set_title(f"Bins of {resolution} bp" if resolution > 1 else "Bases (1 bp)")
    panels[1, 0].set(xlabel="average precision", xlim=(0, 1))
    panels[1, 1].set(xlabel="AUROC", xlim=(min(0.5, metrics["auroc"].min()), 1))
    handles = [
        Line2D([], [], color="black", marker=marker, ls="", label=cell_line)
        for cell_line, marker in markers.items()
    ]
    for name, fill in (("all", "black"), ("cell-type-specific", "white")):
        handles.append(
            Line2D([], [], color="black", marker="s", mfc=fill, ls="", label=f"{name} sites")
        )
    figure.legend(handles=handles, loc="outside lower center", ncol=6)
    return figure


@rc_context(STYLE)
def plot_speed(speed: pd.DataFrame, chrom: str) -> Figure:
    """Time to decode a chromosome by each model, at 1 bp and by bins.

    Args:
        speed: As from `leopard.comparison.compare.tabulate_speed`, with device.
        chrom: The chromosome.
    """
    models = list(dict.fromkeys(speed["model"]))
    colours = model_colours(models)
    fastest = speed.loc[speed["model"] == models[0], "chromosome_seconds"].iloc[0]
    figure = Figure(figsize=(11, 1.8 + 0.8 * len(models)))
    axes = figure.subplots()
    for row in speed.itertuples():
        by_bins = row.resolution > 1
        y = models.index(row.model) + (0.2 if by_bins else -0.2)
        colour = colours[row.model]
        (bar,) = axes.barh(y, row.chromosome_seconds, 0.36, ec=colour)
        bar.set(fc="white" if by_bins else colour, hatch="///" if by_bins else None)
        timed = "" if row.timed == row.positions else f", {row.timed:,} bases timed"
        factor = row.chromosome_seconds / fastest
        times = f"{row.chromosome_seconds:,.3g} s, {factor:,.3g} times {models[0]}{timed}"
        axes.annotate(
            times, (row.chromosome_seconds, y), (5, 0), textcoords="offset points", va="center"
        )
    low, high = speed["chromosome_seconds"].min(), speed["chromosome_seconds"].max()
    axes.set(xscale="log", xlim=(low / 3, high * 30), xlabel=f"time to decode {chrom} (s)")
    axes.set_yticks(range(len(models)), [display_name(x) for x in models])
    axes.set_ylim(len(models) - 0.5, -0.5)
    axes.set_title(f"One chromosome, {speed['device'].iloc[0]}")
    axes.grid(axis="y", visible=False)
    handles = [
        Patch(fc="black", ec="black", label="every base"),
        Patch(fc="white", ec="black", hatch="///", label="bins of 200 bp every 50"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncol=2)
    return figure


def comparison_page(metrics: pd.DataFrame, roles: Mapping[str, str]) -> str:
    """The page of comparison/summary.tsv, bins first, the best of each cell line and scope marked.

    Args:
        metrics: As from `leopard.comparison.compare.compare_models`, with cell_line.
        roles: What each cell line served for in training.
    """
    columns: dict[str, tuple[str, str | None]] = {
        "cell_line": ("cell line", None),
        "role": ("in training", None),
        "scope": ("sites", None),
        "model": ("model", None),
        "n": ("bins", INTEGER),
        "positive_rate": ("positive rate", PERCENT),
        "average_precision": ("average precision", LONG),
        "auroc": ("AUROC", LONG),
    }
    groups, parts = ["cell_line", "scope"], []
    for resolution, table in metrics.groupby("resolution", sort=False):
        order = table[groups].apply(lambda column: pd.factorize(column)[0])
        table = table.loc[order.sort_values(groups, kind="stable").index]
        best = table.groupby(groups)["average_precision"].transform("max")
        classes = ["marked" if x else "" for x in table["average_precision"] == best]
        table = table.assign(
            role=table["cell_line"].map(roles), model=table["model"].map(display_name)
        )
        columns["n"] = ("bases" if resolution == 1 else "bins", INTEGER)
        note = "By single bases." if resolution == 1 else f"By bins of {resolution} bases."
        parts += [render_note(note), render_table(table, columns, classes)]
    return render_page("Models and baselines compared", *parts)
