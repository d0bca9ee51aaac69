"""The tiny study's models beside FactorNet, Anchor and further baselines."""

import numpy as np
import pandas as pd
from workflow.test_run import MODELS


def test_comparison(finished):
    finished.config["comparison"] = {"bins": 200, "epochs": 1, "bases": 100}
    finished.config["members"] = finished.config["members"][:1]  # predictions of both serve
    compare = ("compare", "--rerun-triggers", "mtime")
    finished.succeed(*compare)
    directory = finished.results / "comparison"
    summary = pd.read_csv(directory / "summary.tsv", sep="\t")
    models = ["unet", "accessibility", "motif", "motif_accessibility", "trees", "other_lines"]
    models += ["factornet", "anchor"]
    assert len(summary) == 2 * len(models) * 2 * 2
    assert list(summary["model"].unique()) == models
    assert set(summary["resolution"]) == {1, 200} and set(summary["scope"]) == {"all", "specific"}
    measures = summary[["positive_rate", "average_precision", "auroc"]]
    assert measures.ge(0).all(axis=None) and measures.le(1).all(axis=None)
    # Models that score bases are judged as in the evaluation.
    evaluated = pd.read_csv(finished.results / "evaluation/summary.tsv", sep="\t")
    of_all = summary.query("scope == 'all' and resolution == 1")
    both = evaluated.merge(of_all, on=["cell_line", "model"], suffixes=("", "_compared"))
    assert len(both) == 2 * len(MODELS)
    for measure in ("average_precision", "auroc", "positive_rate"):
        np.testing.assert_allclose(both[measure], both[f"{measure}_compared"], rtol=1e-4)
    speed = pd.read_csv(directory / "speed.tsv", sep="\t")
    assert set(speed["model"]) == {"unet", "factornet", "anchor"}
    assert (speed["chromosome_seconds"] > 0).all()
    assert "Nothing to be done" in finished.succeed(*compare)
