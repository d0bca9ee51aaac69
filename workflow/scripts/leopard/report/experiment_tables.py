"""The pages of experiments: the ablation, and the types of GPU."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from leopard.experiments.outcomes import MEASURE, set_beside
from leopard.report.html import INTEGER, LONG, Columns, render_note, render_page, render_table


def gpu_types_page(table: pd.DataFrame) -> str:
    """The page of `leopard.experiments.outcomes.read_gpu_types`."""
    columns: Columns = {
        "gpu_type": ("GPU type", None),
        "device": ("device", None),
        "loss": ("val. loss", LONG),
        "pr_auc": ("val. PR-AUC", LONG),
        "dice_coef": ("val. Dice", LONG),
        "binary_io_u": ("val. IoU", LONG),
        "epochs": ("epochs", INTEGER),
        "training_time": ("training time (s)", INTEGER),
        "windows_per_second": ("windows/s", INTEGER),
        "charge": ("charge (service units)", "{:,.2f}"),
        "failure": ("failure", None),
    }
    return render_page("The same training on each type of GPU", render_table(table, columns))


def ablation_page(
    trials: pd.DataFrame, averages: pd.DataFrame, changes: Mapping[str, Mapping[str, object]]
) -> str:
    """The page of an ablation: gains by seed, the best variant first, then ways to average.

    Args:
        trials: As from `leopard.experiments.outcomes.read_trials`, the variant "default" among
            them.
        averages: value (a name in `leopard.experiments.averaging.AVERAGES`), seed and
            best_val_pr_auc.
        changes: What each variant changes of the recipe.
    """
    columns: Columns = {
        "value": ("variant", None),
        "change": ("changes", None),
        "median": ("val. PR-AUC, median", LONG),
        "difference": ("gain, median", "{:+.4f}"),
        "lowest": ("lowest", "{:+.4f}"),
        "highest": ("highest", "{:+.4f}"),
        "seeds": ("seeds", INTEGER),
        "best_epoch": ("best epoch", INTEGER),
        "windows_per_second": ("windows/s", INTEGER),
    }
    variants = _rank(trials, "default").assign(
        change=lambda t: [", ".join(f"{k}: {v}" for k, v in changes[x].items()) for x in t["value"]]
    )
    predictions = _rank(
        averages.assign(best_epoch=np.nan, windows_per_second=np.nan), "predict_once"
    )
    few = ("value", "median", "difference", "lowest", "highest", "seeds")
    parts = []
    for table, shown, reference in (
        (variants, columns, "default"),
        (predictions, {x: columns[x] for x in few}, "predict_once"),
    ):
        table = table.assign(value=table["value"].str.replace("_", " "))
        marked = ["marked" if x == reference.replace("_", " ") else "" for x in table["value"]]
        parts.append(render_table(table, shown, marked))
    note = render_note(
        "The default's networks, their predictions averaged over both strands, over four shifts of "
        "the window (0, 8, 16, 24 bases), or over both. Without the 32 bases at each end of a "
        "window, so that the first line may differ a little from the default above."
    )
    return render_page("Ablation of the recipe", parts[0], note, parts[1])


def _rank(trials: pd.DataFrame, reference: str) -> pd.DataFrame:
    """Median of each value, and its gain over the reference, seed by seed; the highest first."""
    table = set_beside(trials, reference).groupby("value", as_index=False)
    return table.agg(
        median=(MEASURE, "median"),
        difference=("difference", "median"),
        lowest=("difference", "min"),
        highest=("difference", "max"),
        seeds=(MEASURE, "count"),
        best_epoch=("best_epoch", "median"),
        windows_per_second=("windows_per_second", "median"),
    ).sort_values("difference", ascending=False)
