"""Learning curves."""

import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from leopard.report.style import GREY, STYLE

METRICS = {
    "loss": "loss (nats per base)",
    "pr_auc": "PR-AUC",
    "dice_coef": "Dice coefficient (soft)",
    "binary_io_u": "IoU at probability 0.5",
}


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
