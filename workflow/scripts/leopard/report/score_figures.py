"""Precision and recall of models and baselines."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leopard.evaluation.evaluate import TOTALS
from leopard.evaluation.judged import UNSEEN, find_shown
from leopard.genome.formats import natural_key
from leopard.report.style import BASELINE_COLOURS, STYLE, display_name, model_colours


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
        if np.isnan(total.at[model, "threshold"]):
            continue
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


def mark_seen(metrics: pd.DataFrame) -> pd.DataFrame:
    """Metrics of a track judged by labels of its own, as `plot_precision_recall` takes them.

    Args:
        metrics: As from `leopard.evaluation.judged.judge_labelled`.

    Returns:
        The same; the names of chromosomes that networks had seen say so, and where there is no
        other with a bound base, they are what "chromosomes" stands for.
    """
    totals, seen = metrics["scope"].isin(TOTALS), metrics["role"] != UNSEEN
    names = metrics["scope"].where(totals | ~seen, metrics["scope"] + " (" + metrics["role"] + ")")
    marked = metrics.assign(scope=names)
    if find_shown(metrics) == "seen":
        marked = marked[names != "chromosomes"].replace({"scope": {"seen": "chromosomes"}})
    return marked


def _plot_chromosomes(axes: Axes, metrics: pd.DataFrame, colours: Mapping[str, str]) -> None:
    """Average precision of each model on each test chromosome."""
    scopes = metrics[~metrics["scope"].isin(TOTALS)]
    chroms = sorted(scopes["scope"].unique(), key=natural_key)
    for model, group in scopes.groupby("model", sort=False):
        values = group.set_index("scope")["average_precision"].reindex(chroms)
        (dots,) = axes.plot(values, range(len(chroms)), "o", color=colours[model], markersize=9)
        dots.set(alpha=0.85, clip_on=False)
    axes.set(xlim=(0, 1), xlabel="average precision", yticks=range(len(chroms)))
    axes.set(yticklabels=chroms, ylim=(len(chroms) - 0.5, -0.5), title="Each chromosome")
