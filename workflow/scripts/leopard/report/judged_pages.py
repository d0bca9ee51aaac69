"""How good the tracks of a study that only decodes are, where it has labels: a page."""

import pandas as pd

from leopard.evaluation.evaluate import TOTALS
from leopard.evaluation.judged import UNSEEN
from leopard.report.html import Columns, render_note, render_page, render_table
from leopard.report.result_tables import MEASURES

COLUMNS: Columns = {
    "cell_line": ("cell line", None),
    "judged": ("model", None),
    "model": ("scores of", None),
    "scope": ("chromosomes", None),
    "role": ("to the networks", None),
    **{name: shown for name, shown in MEASURES.items() if name != "dice_coef"},
}


def judged_page(judged: pd.DataFrame) -> str:
    """The page of metrics as from `leopard.evaluation.judged.judge_labelled`.

    Args:
        judged: Of all tracks, with cell_line and judged, the model.
    """
    named = judged.assign(scope=judged["scope"].replace({"chromosomes": "all", "seen": "all"}))
    totals = judged["scope"].isin(TOTALS)
    rows = named[totals]
    parts = [
        render_note(
            "Every base of chromosomes that no network of the bundle was trained on or chosen by. "
            "Rows in italics are of the others: they tell what a network remembers, and not how "
            "good it is elsewhere. The row of the highest average precision is marked; the "
            "positive rate is that of guessing."
        ),
        render_table(rows, COLUMNS, _mark(rows)),
    ]
    networks = named[~totals & (named["model"] == named["judged"])]
    if len(networks):
        classes = ["" if role == UNSEEN else "published" for role in networks["role"]]
        parts.append(render_table(networks, COLUMNS, classes))
    return render_page("How good are the tracks, by labels?", *parts)


def _mark(rows: pd.DataFrame) -> list[str]:
    """The class of each row: best of its track, or seen before."""
    groups = rows.groupby(["cell_line", "judged", "role"])["average_precision"]
    best = rows["average_precision"] == groups.transform("max")
    return [
        "published" if role != UNSEEN else "marked" if first else ""
        for role, first in zip(rows["role"], best, strict=True)
    ]
