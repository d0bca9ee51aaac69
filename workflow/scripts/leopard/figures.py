"""Figures of the report: arrays and tables in, a matplotlib figure out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from textwrap import fill
from typing import Any

import bioframe
import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from leopard.evaluation import TOTALS, ScoreTrack
from leopard.formats import natural_key
from leopard.peaks import NEAR, label_runs
from leopard.tracks import MASKED, Tracks
from leopard.windows import SPLITS

STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "figure.constrained_layout.h_pad": 0.1,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.w_pad": 0.1,
    "figure.titlesize": 14,
    "figure.titleweight": "bold",
    "font.size": 11,
    "grid.color": "#E6E6E6",
    "legend.frameon": False,
    "lines.linewidth": 2,
    "svg.hashsalt": "leopard",  # the same figure gives the same file
}

# Okabe & Ito's colours, told apart in every form of colour blindness.
BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
VERMILION, SKY, GREY = "#D55E00", "#56B4E9", "#7F7F7F"
WINE = "#882255"  # Tol's, darker than any of theirs
BASELINE_COLOURS = {
    **{"accessibility": GREY, "motif": GREEN, "motif_accessibility": SKY, "trees": WINE},
    "other_lines": "black",
}
MODEL_COLOURS = {
    **{"unet": BLUE, "cnn": ORANGE, "factornet": VERMILION, "anchor": PURPLE},
    **BASELINE_COLOURS,
}
DISPLAY_NAMES = {"factornet": "FactorNet (small)", "anchor": "Anchor (small)"}
SPLIT_COLOURS = dict(zip(SPLITS, (GREY, SKY, PURPLE), strict=True))
CELL_LINE_COLOURS = ("black", VERMILION, BLUE, GREEN, ORANGE)
CELL_LINE_MARKERS = "os^DvP*"  # of another number than the colours: their pairs repeat late

METRICS = {
    "loss": "loss (nats per base)",
    "pr_auc": "PR-AUC",
    "dice_coef": "Dice coefficient (soft)",
    "binary_io_u": "IoU at probability 0.5",
}

SIGNAL_BINS = np.logspace(-3, 5, 193)
"""Bins of the accessibility histogram: 24 a decade, wide enough for any unit."""

FLANK = 250
"""Bases drawn to each side of an example site."""

OUTCOMES = ("Called and bound", "Called, not bound", "Bound, not called")


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure in the format of the path's suffix; SVG without a date, to be repeatable."""
    metadata = {"Date": None} if str(path).endswith(".svg") else None
    with rc_context(STYLE):
        figure.savefig(path, dpi=160, metadata=metadata)


def display_name(model: str) -> str:
    """A model's or baseline's name as people write it."""
    return DISPLAY_NAMES.get(model, model.replace("_", " ") if model in BASELINE_COLOURS else model)


def model_colours(models: Sequence[str]) -> dict[str, str]:
    """A colour for each model and baseline, the same in every figure of a study."""
    others = cycle((VERMILION, PURPLE, SKY))
    return {model: MODEL_COLOURS.get(model) or next(others) for model in models}


@rc_context(STYLE)
def plot_windows(summary: pd.DataFrame) -> Figure:
    """Windows and positive rate of each chromosome.

    Args:
        summary: As from `leopard.tables.summarise_windows`.
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


def count_accessibility(signal: np.ndarray, labels: np.ndarray, chunk: int = 1000) -> pd.DataFrame:
    """Histogram of accessibility over all bases and over the bound ones.

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
def plot_accessibility(histograms: Mapping[str, pd.DataFrame], unit: str) -> Figure:
    """Share of bases at or above each accessibility, all bases and bound ones, by cell line.

    Args:
        histograms: By cell line, as from `count_accessibility`.
        unit: Of the accessibility.
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
        axes.set_xlabel(f"accessibility ({unit})")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.legend()
    panels[0].set_xlim(SIGNAL_BINS[filled[0]] / 1.5, SIGNAL_BINS[filled[-1] + 1])
    panels[0].set_ylabel("share of bases at or above")
    panels[0].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    return figure


@rc_context(STYLE)
def plot_training(history: pd.DataFrame, title: str, colour: str) -> Figure:
    """Learning curves of one network, its best epoch marked.

    Args:
        history: history.tsv, a row for each epoch.
        title: Which network.
        colour: Of its curves.
    """
    epochs, best = history["epoch"], history["epoch"][history["val_pr_auc"].idxmax()]
    figure = Figure(figsize=(12, 6.6))
    panels = figure.subplots(2, 3, sharex=True)
    marker = "o" if len(history) < 40 else ""
    style = {"marker": marker, "markersize": 4}
    for axes, (name, label) in zip(panels.flat, METRICS.items(), strict=False):
        axes.plot(epochs, history[name], "--", color=GREY, label="training", **style)
        axes.plot(epochs, history[f"val_{name}"], color=colour, label="validation", **style)
        axes.set_ylabel(label)
    panels[0, 0].set_yscale("log")
    panels[1, 1].plot(epochs, history["learning_rate"], color="black", **style)
    panels[1, 1].set_ylabel("learning rate")
    panels[1, 2].plot(epochs, history["seconds"], color="black", **style)
    panels[1, 2].set(ylabel="time per epoch (s)", ylim=(0, None))
    for axes in panels.flat:
        axes.axvline(best, color="black", linestyle=":", linewidth=1.2, label="best epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    for axes in panels[1]:
        axes.set_xlabel("epoch")
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncol=3)
    figure.suptitle(f"{title}: best epoch {best} of {len(history)}", x=0.01, ha="left")
    return figure


@rc_context(STYLE)
def plot_precision_recall(curves: pd.DataFrame, metrics: pd.DataFrame, title: str) -> Figure:
    """Precision-recall curves of models and baselines, and average precision by chromosome.

    Args:
        curves: model, recall, precision, threshold; over all test chromosomes.
        metrics: A row for each model and scope (each chromosome, "chromosomes", "windows").
        title: Which cell line.
    """
    models = list(dict.fromkeys(metrics["model"]))
    colours = model_colours(models)
    total = metrics[metrics["scope"] == "chromosomes"].set_index("model")
    figure = Figure(figsize=(12, 5.6))
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    for model in models:
        curve = curves[curves["model"] == model]
        style = "--" if model in BASELINE_COLOURS else "-"
        label = (
            f"{display_name(model)}, average precision {total.at[model, 'average_precision']:.3f}"
        )
        left.plot(curve["recall"], curve["precision"], style, color=colours[model], label=label)
        chosen = curve.loc[(curve["threshold"] - total.at[model, "threshold"]).abs().idxmin()]
        left.plot(
            chosen["recall"], chosen["precision"], "o", color=colours[model], mec="white", ms=9
        )
    rate = total["positive_rate"].iloc[0]
    label = f"positive rate {rate:.2%}"
    left.axhline(rate, color="black", linestyle=":", linewidth=1.2, label=label)
    left.set(xlabel="recall", ylabel="precision", xlim=(0, 1.01), ylim=(0, 1.01))
    left.set_title("All test chromosomes")
    left.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncol=2)
    _plot_chromosomes(right, metrics, colours)
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def _plot_chromosomes(axes: Axes, metrics: pd.DataFrame, colours: Mapping[str, str]) -> None:
    """Average precision of each model on each test chromosome."""
    scopes = metrics[~metrics["scope"].isin(TOTALS)]
    chroms = sorted(scopes["scope"].unique(), key=natural_key)
    for model, group in scopes.groupby("model", sort=False):
        values = group.set_index("scope")["average_precision"].reindex(chroms)
        (dots,) = axes.plot(values, range(len(chroms)), "o", color=colours[model], markersize=9)
        dots.set(alpha=0.85, clip_on=False)
    axes.set(xlim=(0, 1), xlabel="average precision", yticks=range(len(chroms)))
    axes.set(yticklabels=chroms, ylim=(len(chroms) - 0.5, -0.5), title="Each test chromosome")


def choose_sites(calls: pd.DataFrame, bound: pd.DataFrame, masked: pd.DataFrame) -> pd.DataFrame:
    """Two example sites of each outcome, by rule and not by eye.

    Of the calls that overlap a labelled site, and of those that overlap neither a labelled site
    nor masked bases: the highest and the median score. Of the labelled sites without a call within
    `NEAR` bases: the lowest and the median score.

    Args:
        calls: chrom, start, end, centre, score of the called sites.
        bound: The same of the labelled sites.
        masked: chrom, start, end of bases that do not count.

    Returns:
        outcome, rank, chrom, centre, score; fewer rows where there are fewer sites.
    """
    on_site, on_mask = _overlaps(calls, bound), _overlaps(calls, masked)
    groups = (
        (calls[on_site], "highest"),
        (calls[~on_site & ~on_mask], "highest"),
        (bound[~_overlaps(bound, calls, NEAR)], "lowest"),
    )
    chosen = []
    for outcome, (sites, extreme) in zip(OUTCOMES, groups, strict=True):
        ordered = sites.sort_values(["score", "chrom", "start"], ascending=extreme == "lowest")
        ranks = {extreme: 0, "median": len(ordered) // 2} if len(ordered) > 1 else {extreme: 0}
        picked = ordered.iloc[list(ranks.values())] if len(ordered) else ordered
        chosen.append(picked.assign(outcome=outcome, rank=list(ranks)[: len(picked)]))
    columns = ["outcome", "rank", "chrom", "centre", "score"]
    return pd.concat(chosen, ignore_index=True)[columns]


def _overlaps(sites: pd.DataFrame, others: pd.DataFrame, within: int = 0) -> np.ndarray:
    """Whether each site overlaps any of the others, or lies within so many bases; bool [n]."""
    if sites.empty or others.empty:
        return np.zeros(len(sites), bool)
    wider = others[["chrom", "start", "end"]].assign(
        start=(others["start"] - within).clip(lower=0), end=others["end"] + within
    )
    intervals = sites[["chrom", "start", "end"]].reset_index(drop=True)
    return (bioframe.count_overlaps(intervals, wider)["count"] > 0).to_numpy()


@dataclass(frozen=True)
class Site:
    """An example site and the tracks around it, arrays [2 * FLANK].

    Attributes:
        outcome: One of `OUTCOMES`.
        rank: Which of its kind it is.
        chrom: Chromosome.
        start: First base drawn, 0-based.
        accessibility: Scaled as the models see it.
        labels: 1 bound, 0 not, 255 masked.
        scores: By model, and the motif's.
    """

    outcome: str
    rank: str
    chrom: str
    start: int
    accessibility: np.ndarray
    labels: np.ndarray
    scores: Mapping[str, np.ndarray]


def find_sites(
    tracks: Tracks,
    scores: Mapping[str, ScoreTrack],
    calls: pd.DataFrame,
    chromosomes: Sequence[str],
) -> list[Site]:
    """Example sites of the first model on some chromosomes, with their tracks.

    Args:
        tracks: Reader of the cell line, with accessibility and labels.
        scores: By model, the one that made the calls first; and the motif's.
        calls: narrowPeak of the first model.
        chromosomes: Those to choose from.
    """
    calls = calls[calls["chrom"].isin(chromosomes)]
    calls = calls.assign(centre=calls["start"] + calls["peak"], score=calls["signal_value"])
    bound, masked = (label_runs(tracks, chromosomes, value) for value in (1, MASKED))
    bound["centre"] = (bound["start"] + bound["end"]) // 2
    first = next(iter(scores.values()))
    regions = zip(bound["chrom"], bound["start"], bound["end"], strict=True)
    bound["score"] = [float(first.read(*region).max()) for region in regions]
    sites = []
    for site in choose_sites(calls, bound, masked).itertuples():
        start = max(min(site.centre - FLANK, tracks.chrom_sizes[site.chrom] - 2 * FLANK), 0)
        region = (site.chrom, start, min(start + 2 * FLANK, tracks.chrom_sizes[site.chrom]))
        sites.append(
            Site(
                site.outcome,
                f"{site.rank} probability {site.score:.2f}",
                site.chrom,
                start,
                tracks.signal(*region),
                tracks.labels(*region),
                {name: track.read(*region) for name, track in scores.items()},
            )
        )
    return sites


@rc_context(STYLE | {"axes.grid": False, "axes.titlesize": 11})
def plot_sites(sites: Sequence[Site], threshold: float, title: str, unit: str) -> Figure:
    """Accessibility, labels, predictions and motif around example sites, a column an outcome.

    Args:
        sites: At most two of each outcome.
        threshold: From which on the first model calls a base bound.
        title: Which cell line.
        unit: Of the accessibility.
    """
    figure = Figure(figsize=(13, 10.5))
    # The first column also holds the names of the tracks.
    blocks: Any = figure.subfigures(2, len(OUTCOMES), hspace=0.04, width_ratios=(1.2, 1, 1))
    highest = {
        "accessibility": max((s.accessibility.max() for s in sites), default=1),
        "motif": max((s.scores["motif"].max() for s in sites if "motif" in s.scores), default=1),
    }
    for column, outcome in enumerate(OUTCOMES):
        shown = [site for site in sites if site.outcome == outcome]
        for row in range(2):
            if row < len(shown):
                _plot_site(blocks[row, column], shown[row], threshold, highest, column == 0, unit)
            else:
                blocks[row, column].text(0.5, 0.5, f"{outcome}: no such site", ha="center")
    handles = {
        text: handle
        for axes in figure.axes
        for handle, text in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    if handles:
        figure.legend(
            handles.values(), handles.keys(), loc="outside lower center", ncol=len(handles)
        )
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def _plot_site(
    block: SubFigure,
    site: Site,
    threshold: float,
    highest: Mapping[str, float],
    labelled: bool,
    unit: str,
) -> None:
    """The tracks of one site, one above the other."""
    networks = {name: scores for name, scores in site.scores.items() if name != "motif"}
    colours = model_colours(list(site.scores))
    has_motif = "motif" in site.scores
    heights = [2, 0.4, 2] + [1] * has_motif
    panels = block.subplots(len(heights), 1, sharex=True, height_ratios=heights)
    x = np.arange(len(site.labels)) + 0.5
    signal, labels, probability = panels[:3]
    signal.fill_between(x, site.accessibility, step="mid", color=GREY, linewidth=0)
    signal.set_ylim(0, 1.05 * highest["accessibility"])
    for value, colour, name in ((1, "black", "bound"), (MASKED, "#D0D0D0", "not counted")):
        inside = site.labels == value
        if inside.any():
            labels.fill_between(x, inside, step="mid", color=colour, linewidth=0, label=name)
    labels.set(yticks=[], ylim=(0, 1))
    # Each line is thinner than those below it, so that none hides another.
    for (name, scores), width in zip(
        networks.items(), np.linspace(3.2, 1.2, len(networks)), strict=True
    ):
        probability.plot(x, scores, color=colours[name], label=name, linewidth=width)
    line = {"color": "black", "linestyle": ":", "linewidth": 1}
    probability.axhline(threshold, label=f"threshold of {next(iter(networks))}", **line)
    probability.set_ylim(-0.02, 1.05)
    if has_motif:
        panels[3].fill_between(x, site.scores["motif"], step="mid", color=GREEN, linewidth=0)
        panels[3].set_ylim(0, 1.05 * highest["motif"])
    if labelled:
        names = (fill(f"accessibility ({unit})", 14), "label", "probability", "motif\n(bits)")
        for axes, name in zip(panels, names, strict=False):
            axes.set_ylabel(name, rotation=0, ha="right", va="center")
        block.align_ylabels(panels)
    end = site.start + len(x)
    signal.set_title(
        f"{site.outcome}\n{site.chrom}:{site.start + 1:,}-{end:,}\n{site.rank}", fontsize=11
    )
    middle = len(x) // 2
    ticks = range(0, len(x) + 1, max(middle // 2, 1))
    panels[-1].set(xlim=(0, len(x)), xticks=ticks)
    panels[-1].set_xticklabels([f"{tick - middle:+d}" if tick != middle else "0" for tick in ticks])
    panels[-1].set_xlabel("position (bp)")
