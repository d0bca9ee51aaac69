"""Figures of windows and of the signals in them."""

from collections.abc import Mapping
from itertools import cycle
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from leopard.genome.formats import natural_key
from leopard.report.style import CELL_LINE_COLOURS, CELL_LINE_MARKERS, SPLIT_COLOURS, STYLE
from leopard.study.splits import SPLITS

SIGNAL_BINS = np.logspace(-3, 5, 193)
"""Bins of a signal's histogram: 24 a decade, wide enough for any unit."""


@rc_context(STYLE)
def plot_windows(summary: pd.DataFrame) -> Figure:
    """Windows and positive rate of each chromosome.

    Args:
        summary: As from `leopard.report.window_tables.summarise_windows`.
    """
    summary = summary[summary["chrom"] != "all"]
    rows = summary[["split", "chrom", "windows"]].drop_duplicates(["split", "chrom"])
    key = rows["split"].map(SPLITS.index).astype(str) + rows["chrom"].map(natural_key)
    rows = rows.loc[key.sort_values().index].reset_index(drop=True)
    figure = Figure(figsize=(10, 2.2 + 0.3 * len(rows)))
    counts, rates = figure.subplots(1, 2, sharey=True)
    for split, group in rows.groupby("split", sort=False):
        counts.barh(group.index, group["windows"], color=SPLIT_COLOURS[split], label=split)
    counts.set(title="Windows", xlabel="windows", ylim=(len(rows) - 0.5, -0.5))
    counts.set_yticks(rows.index, rows["chrom"])
    styles = zip(cycle(CELL_LINE_MARKERS), cycle(CELL_LINE_COLOURS), strict=False)
    for (cell_line, group), (marker, colour) in zip(
        summary.groupby("cell_line"), styles, strict=False
    ):
        rate = group.set_index(["split", "chrom"])["positive_rate"]
        values = rate.reindex(pd.MultiIndex.from_frame(rows[["split", "chrom"]]))
        rates.plot(100 * values, rows.index, marker, color=colour, alpha=0.8, label=cell_line)
    rates.set(title="Positive rate", xlabel="bases bound (%)")
    rates.set_xlim(0, 105 * summary["positive_rate"].max())
    sides: Any = (
        (counts, "split", "outside lower left"),
        (rates, "cell line", "outside lower right"),
    )
    for axes, name, place in sides:
        axes.grid(axis="y", visible=False)
        figure.legend(*axes.get_legend_handles_labels(), title=name, loc=place, ncol=3)
    return figure


def count_signal(signal: np.ndarray, labels: np.ndarray, chunk: int = 1000) -> pd.DataFrame:
    """Histogram of a signal over all bases and over the bound ones.

    Args:
        signal: float32 [n, length].
        labels: uint8 [n, length]; 1 = bound.
        chunk: Windows read at a time.

    Returns:
        Bases by bin: index the bin's lower edge (0 for bases without signal), columns "all" and
        "bound".
    """
    counts = np.zeros((len(SIGNAL_BINS), 2), np.int64)
    for start in range(0, len(signal), chunk):
        values = signal[start : start + chunk]
        bins = np.digitize(values, SIGNAL_BINS).clip(max=len(SIGNAL_BINS) - 1)
        bound = bins[labels[start : start + chunk] == 1]
        for column, group in enumerate((bins.ravel(), bound)):
            counts[:, column] += np.bincount(group, minlength=len(SIGNAL_BINS))
    return pd.DataFrame(counts, index=np.append(0, SIGNAL_BINS[:-1]), columns=["all", "bound"])


@rc_context(STYLE)
def plot_signal(histograms: Mapping[str, pd.DataFrame], name: str) -> Figure:
    """Share of bases at or above each value of a signal, all bases and bound ones, by cell line.

    Args:
        histograms: By cell line, as from `count_signal`.
        name: Of the signal, with its unit.
    """
    figure = Figure(figsize=(11, 4.6))
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    filled = sum(histograms.values()).iloc[1:].any(axis=1).to_numpy().nonzero()[0]
    for axes, group in zip(panels, ("all", "bound"), strict=True):
        for (cell_line, histogram), colour in zip(
            histograms.items(), cycle(CELL_LINE_COLOURS), strict=False
        ):
            above = histogram[group][::-1].cumsum()[::-1] / histogram[group].sum()
            label = f"{cell_line}, {above.iloc[1]:.0%} with signal"
            axes.plot(SIGNAL_BINS, np.append(above[1:], 0), color=colour, label=label)
        axes.set(title=f"{group.capitalize()} bases", xscale="log", ylim=(0, 1))
        axes.set_xlabel(name)
        axes.xaxis.set_major_formatter("{x:g}")
        axes.legend()
    panels[0].set_xlim(SIGNAL_BINS[filled[0]] / 1.5, SIGNAL_BINS[filled[-1] + 1])
    panels[0].set_ylabel("share of bases at or above")
    panels[0].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    return figure
