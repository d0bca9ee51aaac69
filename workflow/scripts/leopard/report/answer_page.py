"""The report's first page, from the table of verdicts."""

from collections.abc import Mapping

import pandas as pd

from leopard.evaluation.verdict import RULE, TRUSTED
from leopard.report.html import Columns, render_note, render_table

RATIO = "{:.2f}"


def render_answer(answer: pd.DataFrame, roles: Mapping[str, str]) -> str:
    """The table of `tabulate_answer` and the rule, as HTML.

    Args:
        answer: The table.
        roles: What each cell line served for in training.
    """
    columns: Columns = {
        "cell_line": ("cell line", None),
        "role": ("in training", None),
        "model": ("model", None),
        "verdict": ("verdict", None),
        "average_precision": ("average precision", "{:.3f}"),
        "best": ("of the best baseline", None),
        "gain": ("ratio", RATIO),
        "least_gain": ("lowest of a chromosome", RATIO),
        "specific_gain": ("on specific sites", RATIO),
        "precision": ("calls that are right", "{:.0%}"),
        "recall": ("sites that are found", "{:.0%}"),
        "calibration_ratio": ("sum of probabilities over bound bases", RATIO),
        "against": ("because", None),
    }
    unknown = [x for x in ("specific_gain", "calibration_ratio") if answer[x].isna().all()]
    table = answer.assign(
        role=answer["cell_line"].map(roles),
        best=[
            f"{x:.3f}, {name}"
            for x, name in zip(
                answer["baseline_average_precision"], answer["baseline"], strict=True
            )
        ],
    )
    shown = {name: x for name, x in columns.items() if name not in unknown}
    classes = ["marked" if x == TRUSTED else "" for x in table["verdict"]]
    note = render_note(
        "On whole test chromosomes, by bases; calls by sites. The ratios are of average precision, "
        "over that of the strongest baseline."
    )
    return "\n".join([note, render_table(table, shown, classes), render_note(RULE)])
