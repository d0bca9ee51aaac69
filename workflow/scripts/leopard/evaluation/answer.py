"""Whether each model is to be trusted in each cell line, and why."""

from collections.abc import Mapping, Sequence

import pandas as pd

from leopard.evaluation.evaluate import TOTALS
from leopard.evaluation.verdict import Evidence, judge

QUANTILE = "q99"
"""Of accessibility, what is compared: a hundredth of a genome is about what is open."""


def compare_accessibility(
    measures: Mapping[str, Mapping[str, float]], trained_on: Sequence[str]
) -> dict[str, float]:
    """How far the accessibility of cell lines is outside the range of the training cell lines.

    Args:
        measures: By cell line, as from `leopard.inputs.signals.measure_signal`, on the scale that
            the models see.
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
        metrics: As from `leopard.evaluation.evaluate.evaluate`.
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
        metrics: By cell line, as from `leopard.evaluation.evaluate.evaluate`.
        baselines: Which of its models are baselines.
        calls: cell_line, model, precision and recall, as from `leopard.decoding.peaks.judge_calls`.
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
