"""The pages of measures: the headline beside what was published, and the summary."""

from collections.abc import Mapping, Sequence

import pandas as pd

from leopard.report.html import (
    INTEGER,
    LONG,
    PERCENT,
    SHORT,
    Columns,
    render_note,
    render_page,
    render_table,
)


def headline_page(
    windows: pd.DataFrame,
    records: pd.DataFrame,
    trained_on: Sequence[str],
    roles: Mapping[str, str],
    published: pd.DataFrame,
    same_task: bool,
) -> str:
    """The competition's table: each model's measures on the test windows, beside published ones.

    Args:
        windows: Metrics over the test windows, a row for each cell_line and model.
        records: As from `read_records`.
        trained_on: The training cell lines.
        roles: What each cell line served for in training.
        published: The same columns, as text.
        same_task: Whether these windows are the competition's own.
    """
    cost = records.groupby("model", sort=False).agg(
        training_time=("training_time", "sum"),
        device=("device", lambda names: "; ".join(dict.fromkeys(names))),
    )
    ours = windows.join(cost, on="model").assign(
        trained_on=", ".join(trained_on),
        tested_on=[f"{line} ({roles[line]})" for line in windows["cell_line"]],
    )
    columns: Columns = {
        "model": ("model", None),
        "trained_on": ("trained on", None),
        "tested_on": ("tested on", None),
        "loss": ("loss", LONG),
        "pr_auc": ("PR-AUC", LONG),
        "dice_coef": ("Dice", LONG),
        "binary_io_u": ("IoU", LONG),
        "training_time": ("training time (s)", INTEGER),
        "device": ("device", None),
    }
    sources = "; ".join(published["source"].unique())
    published = published.assign(model="published: " + published["model"])
    table = pd.concat([ours[list(columns)].astype(object), published[list(columns)]])
    classes = [""] * len(ours) + ["published"] * len(published)
    other = ", and of other data: compare the order of models and the cost, not the numbers"
    published_are = "published, of the same windows" if same_task else f"published{other}"
    note = render_note(
        "Measures on the test windows, each by itself. Rows in italics are "
        f"{published_are}. Source: {sources}."
    )
    return render_page(
        "Headline results, test windows", note, render_table(table, columns, classes)
    )


MEASURES: Columns = {
    "positive_rate": ("positive rate", PERCENT),
    "average_precision": ("average precision", LONG),
    "auroc": ("AUROC", LONG),
    "pr_auc": ("PR-AUC", LONG),
    "loss": ("loss", LONG),
    "calibration": ("sum of probabilities / bound bases", SHORT),
    "dice_coef": ("Dice (soft)", LONG),
    "binary_io_u": ("IoU at 0.5", LONG),
    "threshold": ("threshold", SHORT),
    "dice_best": ("Dice there", LONG),
    "binary_io_u_best": ("IoU there", LONG),
}
"""Of whole chromosomes."""


def summary_page(summary: pd.DataFrame, roles: Mapping[str, str]) -> str:
    """The page of summary.tsv: whole test chromosomes, models and baselines in every cell line."""
    best = summary.groupby("cell_line")["average_precision"].transform("max")
    columns: Columns = {
        "cell_line": ("cell line", None),
        "role": ("in training", None),
        "model": ("model", None),
        **MEASURES,
    }
    table = summary.assign(role=summary["cell_line"].map(roles))
    classes = ["marked" if is_best else "" for is_best in summary["average_precision"] == best]
    note = render_note(
        "Every base of the test chromosomes. The row of the highest average precision in each "
        "cell line is marked; the positive rate is the average precision of guessing."
    )
    return render_page(
        "Summary, whole test chromosomes", note, render_table(table, columns, classes)
    )
