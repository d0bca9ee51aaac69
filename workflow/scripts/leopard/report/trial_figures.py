"""Figures of experiments: trials in, a matplotlib figure out."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib import colormaps, rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter, ScalarFormatter

from leopard.experiments.outcomes import MEASURE, set_beside
from leopard.report.style import BLUE, GREEN, GREY, SKY, STYLE, VERMILION

PR_AUC = "best validation PR-AUC"
CURVES_DRAWN = 6
"""Batch sizes whose loss is drawn; more cannot be told apart."""


def _split(trials: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Trials that have a result, and those that failed."""
    failed = trials[MEASURE].isna()
    return trials[~failed], trials[failed]


def _tick_only(axes: Axes, tried: pd.Series) -> None:
    """Mark the values that were tried on a logarithmic x axis, and no others."""
    values = sorted(tried.unique())
    axes.set_xticks(values, [f"{value:g}" for value in values])
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis="x", which="minor", length=0)


@rc_context(STYLE)
def plot_tuning(trials: Mapping[str, pd.DataFrame], best: Mapping[str, float]) -> Figure:
    """Highest validation PR-AUC by batch size, then by learning rate, a point for each trial.

    Args:
        trials: By parameter, as from `leopard.experiments.outcomes.read_trials`.
        best: The value chosen, by parameter.
    """
    figure = Figure(figsize=(12, 5))
    panels = figure.subplots(1, len(trials), sharey=True)
    for axes, (name, table) in zip(panels, trials.items(), strict=True):
        done, failed = _split(table)
        means = done.groupby("value")[MEASURE].mean()
        axes.axvline(best[name], color=SKY, linewidth=6, alpha=0.4, label="chosen")
        axes.plot(means.index, means, color=BLUE, label="mean of seeds")
        axes.plot(done["value"], done[MEASURE], "o", color="black", alpha=0.7, label="trial")
        low = done[MEASURE].min()
        axes.plot(failed["value"], [low] * len(failed), "x", color=VERMILION, label="failed")
        axes.set(xscale="log", xlabel=name.replace("_", " "), ylabel=PR_AUC)
        _tick_only(axes, table["value"])
    panels[0].set_title("Batch size")
    panels[1].set_title("Learning rate, at the chosen batch size")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncol=4)
    return figure


@rc_context(STYLE)
def plot_tuning_curves(
    losses: Mapping[int, pd.DataFrame], histories: Mapping[str, pd.DataFrame]
) -> Figure:
    """How trials of the first seed learned.

    Args:
        losses: Histories by batch size.
        histories: Of the best trials of each experiment, by what to call them.
    """
    figure = Figure(figsize=(13, 5.4))
    left, right = figure.subplots(1, 2)
    sizes = sorted(losses)
    drawn = sizes[:: -(-len(sizes) // CURVES_DRAWN)]
    shades = np.linspace(0.25, 0.95, len(drawn))
    for size, shade in zip(drawn, shades, strict=True):
        colour, history = colormaps["cividis_r"](shade), losses[size]
        left.plot(history["epoch"], history["loss"], color=colour, label=f"batch {size}")
        left.plot(history["epoch"], history["val_loss"], "--", color=colour)
    left.set(yscale="log", xlabel="epoch", ylabel="loss (nats per base)")
    for set_formatter in (left.yaxis.set_major_formatter, left.yaxis.set_minor_formatter):
        set_formatter(ScalarFormatter())
    left.set_title("Loss: training (solid), validation (dashed)")
    for (name, history), colour in zip(histories.items(), (BLUE, VERMILION), strict=False):
        _plot_overfitting(right, name, history, colour)
    right.set(xlabel="epoch", ylabel="PR-AUC")
    right.set_title("PR-AUC: training (thin), validation (thick)")
    for axes in (left, right):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncol=3)
    return figure


def _plot_overfitting(axes: Axes, name: str, history: pd.DataFrame, colour: str) -> None:
    """Training and validation PR-AUC, shaded after the best epoch if training went on to rise."""
    epochs, validation = history["epoch"], history["val_pr_auc"]
    best = epochs[validation.idxmax()]
    axes.plot(epochs, history["pr_auc"], color=colour, linewidth=1)
    axes.plot(epochs, validation, color=colour, linewidth=3, label=name)
    axes.plot(best, validation.max(), "o", color=colour, mec="white", ms=10)
    later = history[epochs >= best]
    if len(later) > 1 and later["pr_auc"].iloc[-1] > later["pr_auc"].iloc[0]:
        axes.axvspan(best, epochs.max(), color=GREY, alpha=0.15, lw=0, label="overfitting")


@rc_context(STYLE)
def plot_scaling(trials: pd.DataFrame) -> Figure:
    """Validation PR-AUC and training time by number of devices, for each learning-rate rule.

    Args:
        trials: As from `leopard.experiments.outcomes.read_trials`, value being "rule-devices".
    """
    done, _ = _split(trials)
    parts = done["value"].str.split("-", expand=True)
    done = done.assign(rule=parts[0], devices=parts[1].astype(int))
    figure = Figure(figsize=(12, 4.8))
    left, right = figure.subplots(1, 2)
    colours = dict(zip(done["rule"].unique(), (BLUE, GREEN, VERMILION), strict=False))
    for axes, column, label in (
        (left, MEASURE, PR_AUC),
        (right, "training_time", "training time (s)"),
    ):
        for rule, group in done.groupby("rule", sort=False):
            means = group.groupby("devices")[column].mean()
            axes.plot(means.index, means, color=colours[rule], label=f"learning rate: {rule}")
            axes.plot(group["devices"], group[column], "o", color=colours[rule], alpha=0.6)
        axes.set(xscale="log", xlabel="devices, and batch size in multiples", ylabel=label)
        _tick_only(axes, done["devices"])
    right.set_ylim(0, None)
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncol=3)
    return figure


@rc_context(STYLE)
def plot_ablation(trials: pd.DataFrame, averages: pd.DataFrame) -> Figure:
    """What each variant of the recipe, and each way to average, gains over the default.

    Args:
        trials: As from `leopard.experiments.outcomes.read_trials`; the variant "default" changes
            nothing.
        averages: value, seed and best_val_pr_auc of the default's averaged predictions.
    """
    done, failed = _split(trials)
    panels = [set_beside(done, "default"), set_beside(averages, "predict_once")]
    heights = [table["value"].nunique() + 1 for table in panels]
    figure = Figure(figsize=(9, 1.8 + 0.36 * sum(heights)))
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=heights)
    for axes, table in zip((upper, lower), panels, strict=True):
        medians = table.groupby("value")["difference"].median().sort_values(ascending=False)
        rows = {variant: row for row, variant in enumerate(medians.index)}
        axes.axvline(0, color="black", linestyle=":", linewidth=1.2)
        axes.plot(
            *(table["difference"], table["value"].map(rows), "o"),
            **{"color": "black", "alpha": 0.6, "label": "seed"},
        )
        axes.plot(medians, range(len(medians)), "|", color=BLUE, ms=18, mew=3, label="median")
        axes.set_ylim(len(medians) - 0.5, -0.5)
        names = [variant.replace("_", " ") for variant in medians.index]
        axes.set_yticks(range(len(medians)), names)
    upper.set_title("Training: one thing changed")
    lower.set_title("Prediction: the default, averaged")
    lower.set_xlabel(f"{PR_AUC}, less that of the default with the same seed")
    figure.legend(*upper.get_legend_handles_labels(), loc="outside lower center", ncol=2)
    if len(failed):
        figure.suptitle(f"failed: {', '.join(failed['value'].unique())}", x=0.01, ha="left")
    return figure


@rc_context(STYLE)
def plot_search(trials: pd.DataFrame) -> Figure:
    """Trials of a joint search in the plane of batch size and learning rate, the best starred.

    Args:
        trials: As from `leopard.experiments.trials.read_search`.
    """
    figure = Figure(figsize=(8, 5.4))
    axes = figure.subplots()
    done = trials[trials["state"] == "complete"]
    others = trials[trials["state"] != "complete"]
    for state, marker in (("pruned", "v"), ("fail", "x")):
        rows = others[others["state"] == state]
        axes.plot(
            rows["learning_rate"],
            rows["batch_size"],
            marker,
            color=GREY,
            mfc="none",
            linestyle="",
            label=f"{'failed' if state == 'fail' else state} ({len(rows)})",
        )
    points = axes.scatter(
        done["learning_rate"],
        done["batch_size"],
        c=done[MEASURE],
        cmap="cividis",
        s=70,
        label=f"complete ({len(done)})",
    )
    best = done.loc[done[MEASURE].idxmax()]
    axes.plot(
        best["learning_rate"],
        best["batch_size"],
        "*",
        color=VERMILION,
        ms=20,
        mec="white",
        label=f"best: {best[MEASURE]:.3f}",
    )
    axes.set(xscale="log", yscale="log", xlabel="learning rate", ylabel="batch size")
    sizes = sorted(trials["batch_size"].unique())
    axes.set_yticks(sizes, [f"{size:g}" for size in sizes])
    axes.yaxis.set_minor_formatter(NullFormatter())
    figure.colorbar(points, label=PR_AUC)
    figure.legend(loc="outside lower center", ncol=4)
    return figure
