"""Figures of experiments: what they show, read back from their artists."""

import numpy as np
import pandas as pd
import pytest
from leopard.report.experiment_tables import ablation_page
from leopard.report.style import save
from leopard.report.trial_figures import (
    plot_ablation,
    plot_scaling,
    plot_search,
    plot_tuning,
    plot_tuning_curves,
)


def trials(scores):
    rows = [
        {
            "value": value,
            "seed": seed,
            "failure": None if score else "killed",
            "best_val_pr_auc": score,
            "best_epoch": 3,
            "windows_per_second": 10,
        }
        for value, per_seed in scores.items()
        for seed, score in enumerate(per_seed, 1)
    ]
    return pd.DataFrame(rows)


def history(best, epochs=6):
    epoch = np.arange(1, epochs + 1)
    validation = 0.5 - 0.05 * abs(epoch - best)
    rising = np.linspace(0.2, 0.7, epochs)
    return pd.DataFrame(
        {
            "epoch": epoch,
            "loss": 0.1 / epoch,
            "val_loss": 0.12 / epoch,
            "pr_auc": rising,
            "val_pr_auc": validation,
        }
    )


def lines(axes, label):
    return [line for line in axes.lines if line.get_label() == label]


def test_tuning(tmp_path):
    tables = {
        "batch_size": trials({32: [0.4, 0.5], 64: [0.6, 0.7], 800: [0.1, None]}),
        "learning_rate": trials({0.001: [0.3, 0.3], 0.01: [0.8, 0.6]}),
    }
    figure = plot_tuning(tables, {"batch_size": 64, "learning_rate": 0.01})
    left, right = figure.axes
    assert left.get_xscale() == right.get_xscale() == "log"
    (means,) = lines(left, "mean of seeds")
    np.testing.assert_allclose(means.get_xydata(), [[32, 0.45], [64, 0.65], [800, 0.1]])
    assert len(lines(left, "trial")[0].get_xdata()) == 5
    assert lines(left, "failed")[0].get_xdata().tolist() == [800]
    assert [line.get_xdata()[0] for line in lines(right, "chosen")] == [0.01]
    save(figure, tmp_path / "tuning.svg")


@pytest.mark.parametrize(("best", "shaded"), [(3, True), (6, False)])
def test_curves(tmp_path, best, shaded):
    losses = {size: history(2) for size in (16, 32, 50, 64, 80, 100, 500, 800)}
    figure = plot_tuning_curves(losses, {"batch size 64": history(best)})
    left, right = figure.axes
    drawn = {line.get_label() for line in left.lines if line.get_label().startswith("batch")}
    assert {"batch 16"} < drawn and len(drawn) <= 6
    assert left.get_yscale() == "log"
    assert [patch.get_label() for patch in right.patches] == ["overfitting"] * shaded
    save(figure, tmp_path / "curves.svg")


def test_ablation(tmp_path):
    table = trials({"default": [0.5, 0.6, 0.55], "raw": [0.1, 0.2, 0.15], "broken": [None, None]})
    averages = trials({"predict_once": [0.5, 0.6], "predict_both_strands": [0.7, 0.8]})
    figure = plot_ablation(table, averages)
    axes, below = figure.axes
    assert [x.get_text() for x in below.get_yticklabels()] == [
        "predict both strands",
        "predict once",
    ]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["default", "raw"]
    assert figure.get_suptitle() == "failed: broken"
    save(figure, tmp_path / "ablation.svg")
    changes = {"default": {}, "raw": {"signal_transform": "raw"}, "broken": {}}
    page = ablation_page(table, averages, changes)
    assert "signal_transform: raw" in page
    assert "-0.4000" in page and "+0.0000" in page and "+0.2000" in page


def test_scaling(tmp_path):
    table = trials({"none-1": [0.4, 0.6], "none-2": [0.3, 0.5], "linear-2": [0.1, None]})
    figure = plot_scaling(table.assign(training_time=[10, 12, 6, 6, 5, 5]))
    left, right = figure.axes
    np.testing.assert_allclose(
        lines(left, "learning rate: none")[0].get_xydata(), [[1, 0.5], [2, 0.4]]
    )
    np.testing.assert_allclose(lines(right, "learning rate: none")[0].get_ydata(), [11, 6])
    assert lines(left, "learning rate: linear")[0].get_xdata().tolist() == [2]
    save(figure, tmp_path / "scaling.svg")


def test_search(tmp_path):
    table = pd.DataFrame(
        {
            "state": ["complete", "complete", "pruned", "fail"],
            "batch_size": [32, 64, 64, 800],
            "learning_rate": [0.01, 0.002, 0.05, 0.1],
            "best_val_pr_auc": [0.4, 0.6, None, None],
        }
    )
    figure = plot_search(table)
    best = lines(figure.axes[0], "best: 0.600")
    assert best[0].get_xydata().tolist() == [[0.002, 64]]
    save(figure, tmp_path / "search.svg")
