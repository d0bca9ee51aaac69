"""The table of verdicts, from metrics to words, by hand."""

import numpy as np
import pandas as pd
import pytest
from leopard.evaluation.answer import compare_accessibility, gather_evidence, tabulate_answer
from leopard.evaluation.verdict import DOUBTFUL, TRUSTED, Evidence, judge
from leopard.report.answer_page import render_answer

BASELINES = ["motif", "trees"]
GOOD = Evidence("trees", 1.2, {"chr8": 1.1, "chr9": 1.3}, 1.2, 1.05, 1.0)


def metrics(**rows):
    """Average precision on chr8, chr9, both and specific sites, and calibration, by model."""
    scopes = ("chr8", "chr9", "chromosomes", "specific", "windows")
    return pd.DataFrame(
        [
            {
                "model": model,
                "scope": scope,
                "average_precision": value,
                "calibration": calibration if scope == "chromosomes" else 9.0,
            }
            for model, (*values, calibration) in rows.items()
            for scope, value in zip(scopes, [*values, 0.99], strict=True)
            if value is not None
        ]
    )


def changed(**changes):
    return Evidence(**{**vars(GOOD), **changes})


def test_a_model_that_passes_everything_is_worth_trusting():
    assert judge(GOOD) == (TRUSTED, [])
    unknown = changed(specific_gain=None, calibration_ratio=None, accessibility_ratio=None)
    assert judge(unknown) == (TRUSTED, [])


@pytest.mark.parametrize("gain", [1.049, 0.5, float("nan")])
def test_a_model_that_gains_too_little_is_no_better_whatever_else_it_has(gain):
    verdict, against = judge(changed(gain=gain))
    assert verdict == "no better than trees"
    assert against == [f"{gain:.2f} times the average precision of trees"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"gains": {"chr8": 1.0, "chr9": 2.0}}, "no better than a baseline on chr8"),
        ({"gains": {"chr8": 0.9, "chr9": 0.8}}, "no better than a baseline on chr8, chr9"),
        ({"specific_gain": 1.0}, "no better than a baseline on cell-type-specific sites"),
        ({"calibration_ratio": 1.16}, "probabilities add up to 1.16 times the bound bases"),
        ({"calibration_ratio": 0.84}, "probabilities add up to 0.84 times the bound bases"),
        (
            {"accessibility_ratio": 2.1},
            "accessibility is 2.1 times that of the nearest training cell line",
        ),
        (
            {"accessibility_ratio": 0.0},
            "accessibility is 0 times that of the nearest training cell line",
        ),
        (
            {"accessibility_ratio": float("nan")},
            "accessibility is nan times that of the nearest training cell line",
        ),
    ],
)
def test_a_doubtful_model_is_told_why(changes, reason):
    assert judge(changed(**changes)) == (DOUBTFUL, [reason])


def test_every_reason_is_given():
    worst = changed(gains={"chr8": 0.5}, specific_gain=0.5, calibration_ratio=9.0)
    assert len(judge(worst)[1]) == 3


def test_limits_are_allowed():
    at_limits = changed(
        gain=1.05, calibration_ratio=1.15, accessibility_ratio=2.0, gains={"chr8": 1.001}
    )
    assert judge(at_limits) == (TRUSTED, [])


def test_a_gain_is_over_the_strongest_baseline_of_each_scope():
    table = metrics(
        unet=(0.6, 0.6, 0.6, 0.3, 1.1),
        motif=(0.1, 0.8, 0.3, 0.1, 2.0),
        trees=(0.3, 0.2, 0.4, 0.2, 2.0),
    )
    evidence = gather_evidence(table, BASELINES, 1.5)
    assert list(evidence) == ["unet"]
    found = evidence["unet"]
    assert found.baseline == "trees"
    assert found.gain == pytest.approx(1.5)
    assert found.gains == pytest.approx({"chr8": 2.0, "chr9": 0.75})
    assert found.specific_gain == pytest.approx(1.5)
    assert found.calibration_ratio == 1.1
    assert found.accessibility_ratio == 1.5


def test_what_is_not_measured_is_not_judged():
    table = metrics(unet=(0.6, 0.6, 0.6, None, 1.0), trees=(0.3, 0.2, 0.4, None, 1.0))
    table = table.drop(columns="calibration")
    found = gather_evidence(table, ["trees"], None)["unet"]
    assert (found.specific_gain, found.calibration_ratio, found.accessibility_ratio) == (None,) * 3


def test_a_chromosome_without_a_bound_base_has_no_gain():
    table = metrics(unet=(np.nan, 0.6, 0.6, 0.3, 1.0), trees=(np.nan, 0.3, 0.3, 0.2, 1.0))
    assert set(gather_evidence(table, ["trees"], None)["unet"].gains) == {"chr9"}


def test_accessibility_within_the_range_of_training_lines_has_ratio_1():
    measures = {x: {"q99": y} for x, y in zip("abcd", (2.0, 5.0, 10.0, 1.0), strict=True)}
    assert compare_accessibility(measures, ["a", "b"]) == {"a": 1.0, "b": 1.0, "c": 2.0, "d": 0.5}
    nothing = {"a": {"q99": 0.0}, "b": {"q99": 1.0}}
    assert np.isnan(compare_accessibility(nothing, ["a"])["b"])


def test_the_table_says_whom_to_trust_and_why():
    good = metrics(
        unet=(0.6, 0.6, 0.6, 0.3, 1.1), cnn=(0.3, 0.3, 0.3, 0.1, 1.0), trees=(0.3, 0.2, 0.4, 0.2, 1)
    )
    doubtful = metrics(unet=(0.6, 0.1, 0.6, 0.3, 1.5), trees=(0.3, 0.2, 0.4, 0.2, 1.0))
    calls = pd.DataFrame(
        {
            "cell_line": ["a", "a", "b"],
            "model": ["unet", "cnn", "unet"],
            "precision": [0.9, 0.5, 0.8],
            "recall": [0.7, 0.4, 0.6],
        }
    )
    table = tabulate_answer({"a": good, "b": doubtful}, ["trees"], calls, {"a": 1.0, "b": 4.0})
    verdicts = table.set_index(["cell_line", "model"])["verdict"].to_dict()
    assert verdicts == {
        ("a", "unet"): TRUSTED,
        ("a", "cnn"): "no better than trees",
        ("b", "unet"): DOUBTFUL,
    }
    row = table.set_index(["cell_line", "model"]).loc[("b", "unet")]
    assert row["against"] == (
        "no better than a baseline on chr9; probabilities add up to 1.50 times the bound bases; "
        "accessibility is 4 times that of the nearest training cell line"
    )
    assert (row["precision"], row["recall"], row["least_gain"]) == (0.8, 0.6, 0.5)
    page = render_answer(table, {"a": "trained on", "b": "never seen"})
    assert page.count(TRUSTED) >= 2  # a row, and the rule
    assert "0.400, trees" in page and "never seen" in page and "because" in page
