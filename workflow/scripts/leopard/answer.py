"""The report's first page: whether each model is to be trusted in each cell line, and why."""

from collections.abc import Mapping, Sequence

import pandas as pd

from leopard.evaluation import TOTALS
from leopard.tables import Columns, render_note, render_table
from leopard.verdict import RULE, TRUSTED, Evidence, judge

QUANTILE = "q99"
"""Of accessibility, what is compared: a hundredth of a genome is about what is open."""

RATIO = "{:.2f}"


def compare_accessibility(
    measures: Mapping[str, Mapping[str, float]], trained_on: Sequence[str]
) -> dict[str, float]:
    """How far the accessibility of cell lines is outside the range of the training cell lines.

    Args:
        measures: By cell line, as from `leopard.signals.measure_signal`, on the scale that the
            models see.
        trained_on: The training cell lines.

    Returns:
        By cell line, its `QUANTILE` over the nearest value in the range: 1 within it, NaN where
        that is 0.
    """
    values = {line: float(x[QUANTILE]) for line, x in measures.items()}
    low, high = (choose(values[x] for x in trained_on) for choose in (min, max))
    ratios = {}
    for line, value in values.items():
        nearest = min(max(value, low), high)
        ratios[line] = value / nearest if nearest else float("nan")
    return ratios


def gather_evidence(
    metrics: pd.DataFrame, baselines: Sequence[str], accessibility_ratio: float | None
) -> dict[str, Evidence]:
    """What is known of each model in a cell line.

    Args:
        metrics: As from `leopard.evaluation.evaluate`.
        baselines: Which of its models are baselines.
        accessibility_ratio: As from `compare_accessibility`; None if not measured.
    """
    table = metrics.pivot(index="model", columns="scope", values="average_precision")
    of_baselines = table.loc[list(baselines)]
    whole = metrics[metrics["scope"] == "chromosomes"].set_index("model")
    evidence = {}
    for model in whole.index.difference(baselines, sort=False):
        gain = (table.loc[model] / of_baselines.max()).dropna()
        evidence[model] = Evidence(
            baseline=str(of_baselines["chromosomes"].idxmax()),
            gain=float(gain.get("chromosomes", float("nan"))),
            gains={str(x): float(y) for x, y in gain.items() if x not in TOTALS},
            specific_gain=gain.get("specific"),
            calibration_ratio=whole.get("calibration", pd.Series(dtype=float)).get(model),
            accessibility_ratio=accessibility_ratio,
        )
    return evidence


def tabulate_answer(
    metrics: Mapping[str, pd.DataFrame],
    baselines: Sequence[str],
    calls: pd.DataFrame,
    accessibility: Mapping[str, float],
) -> pd.DataFrame:
    """A verdict on each model in each cell line, with what it rests on.

    Args:
        metrics: By cell line, as from `leopard.evaluation.evaluate`.
        baselines: Which of its models are baselines.
        calls: cell_line, model, precision and recall, as from `leopard.peaks.judge_calls`.
        accessibility: As from `compare_accessibility`; empty if not measured.
    """
    rows = []
    for line, table in metrics.items():
        precision = table[table["scope"] == "chromosomes"].set_index("model")["average_precision"]
        for model, evidence in gather_evidence(table, baselines, accessibility.get(line)).items():
            verdict, against = judge(evidence)
            rows.append(
                {
                    "cell_line": line,
                    "model": model,
                    "verdict": verdict,
                    "against": "; ".join(against),
                    "average_precision": precision[model],
                    "baseline": evidence.baseline,
                    "baseline_average_precision": precision[evidence.baseline],
                    "gain": evidence.gain,
                    "least_gain": min(evidence.gains.values(), default=None),
                    "specific_gain": evidence.specific_gain,
                    "calibration_ratio": evidence.calibration_ratio,
                    "accessibility_ratio": evidence.accessibility_ratio,
                }
            )
    columns = ["cell_line", "model", "precision", "recall"]
    return pd.DataFrame(rows).merge(calls[columns], on=["cell_line", "model"], how="left")


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
