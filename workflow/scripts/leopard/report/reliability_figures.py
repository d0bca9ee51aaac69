"""Reliability diagrams: observed against predicted rates."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leopard.report.style import STYLE, model_colours


@rc_context(STYLE)
def plot_reliability(reliability: pd.DataFrame, title: str) -> Figure:
    """Observed against predicted rates of each model, before and after calibration.

    Args:
        reliability: As from `leopard.evaluation.reliability.tabulate_reliability`, with model.
        title: Which cell line.
    """
    models = list(dict.fromkeys(reliability["model"]))
    colours = model_colours(models)
    figure = Figure(figsize=(12, 6.4))
    left, right = figure.subplots(1, 2)
    parts = reliability[reliability["bases"] != "all"]
    positive = parts[["uncalibrated", "predicted", "observed"]].to_numpy()
    lowest = positive[positive > 0].min(initial=0.1) / 2
    for axes in (left, right):
        least = 0.0 if axes is left else lowest
        axes.plot([least, 1], [least, 1], color="black", linestyle=":", linewidth=1.2)
        axes.set(xlabel="predicted probability", ylabel="observed rate", aspect="equal")
    left.set(title="Called bases, tenths", xlim=(0, 1.01), ylim=(0, 1.01))
    right.set(title="All bases", xscale="log", yscale="log", xlim=(lowest, 1.2))
    right.set(ylim=(lowest, 1.2))
    for model in models:
        of_model = reliability[reliability["model"] == model]
        total = of_model[of_model["bases"] == "all"].iloc[0]
        before, after = (total[x] / total["observed"] for x in ("uncalibrated", "predicted"))
        label = f"{model}: sum of probabilities / bound bases {after:.2f}"
        changed = not np.allclose(of_model["uncalibrated"], of_model["predicted"], rtol=1e-3)
        if changed:
            label += f", before calibration {before:.2f}"
        called = of_model[of_model["bases"] == "called"]
        _plot_parts(left, called, colours[model], changed, label, errors=True)
        rows = of_model[of_model["bases"] != "all"]
        rows = rows.assign(observed=rows["observed"].clip(lower=lowest))
        _plot_parts(right, rows, colours[model], changed, label, errors=False)
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncol=1)
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def _plot_parts(
    axes: Axes, parts: pd.DataFrame, colour: str, changed: bool, label: str, errors: bool
) -> None:
    """Parts of one model: as calibrated, and paler what the network had said."""
    if changed:
        style: dict[str, Any] = {"marker": "o", "mfc": "white", "alpha": 0.6, "linewidth": 1}
        axes.plot(parts["uncalibrated"], parts["observed"], "--", color=colour, **style)
    bars = parts["standard_error"] if errors else None
    axes.errorbar(
        *(parts["predicted"], parts["observed"], bars),
        color=colour,
        marker="o",
        elinewidth=1,
        label=label,
    )
