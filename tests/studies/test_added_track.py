"""A second signal and what is made of it, added to a finished study: config and sheet, no code."""

import json
import re

import numpy as np
import pandas as pd
import pyBigWig
from leopard.evaluation.fitted import Fitted
from workflow.conftest import Study, write_sheet

TRACKS = {
    "accessibility": {},
    "other": {"scaling": "none", "transform": "arcsinh"},
    "change": {"difference": "other"},
}


def plan(study: Study, rule: str) -> int:
    found = re.search(rf"^{rule} +(\d+)$", study.succeed("-n"), re.M)
    return int(found[1]) if found else 0


def test_a_track_is_added_by_the_config_alone(finished: Study):
    """The second signal of each cell line is the simulated accessibility of the other one."""
    study, results = finished, finished.results
    network = results / "models/unet/a-a-s1/model.keras"
    before = network.stat().st_mtime_ns
    files = {line: f"results/tiny/simulated/{line}.bigWig" for line in "ab"}
    write_sheet(
        study.directory / "signals.tsv",
        "cell_line replicate signal track",
        *(f"{x} 1 {files[x]} accessibility" for x in "ab"),
        *(f"{x} 1 {files[y]} other" for x, y in ("ab", "ba")),
    )
    study.config["tracks"] = TRACKS
    study.config["models"] = {
        "unet": {"tracks": ["accessibility"]},
        "all": {"architecture": "cnn", "epochs": 1},
    }
    study.config["simulate"] = None  # from here on its files are inputs as any others
    assert plan(study, "train_network") == 2 and plan(study, "extract_signal") == 1
    study.succeed("evaluate", *(f"results/tiny/report/{x}" for x in ("inputs.html", "windows.svg")))

    assert network.stat().st_mtime_ns == before
    record = json.loads((results / "models/all/a-a-s1/training.json").read_text())
    seen = [(x["name"], x["scaling"], x["transform"]) for x in record["recipe"]["tracks"]]
    assert seen == [
        ("accessibility", "mean", "log1p"),
        ("other", "none", "arcsinh"),
        ("change", "none", "log1p"),
    ]
    assert record["parameters"] == 66_561 + 2 * 17 * 32  # of the CNN, and two channels more
    windows = pd.read_csv(results / "windows/windows.tsv", sep="\t")
    row = windows.iloc[7]
    with pyBigWig.open(str(results / "simulated/b.bigWig")) as bigwig:
        values = bigwig.values(row["chrom"], row["start"], row["end"], numpy=True)
    stored = np.load(results / "windows/a.other.npy")[7]
    np.testing.assert_allclose(stored, np.nan_to_num(values), rtol=1e-6)
    with pyBigWig.open(str(study.directory / files["a"])) as bigwig:
        own = bigwig.values(row["chrom"], row["start"], row["end"], numpy=True)
    mean = np.load(results / "windows/average.other.npy")[7]
    np.testing.assert_allclose(mean, (stored + np.nan_to_num(own)) / 2, rtol=1e-6)

    summary = pd.read_csv(results / "evaluation/summary.tsv", sep="\t")
    assert {"unet", "all", "accessibility", "trees"} <= set(summary["model"])
    assert summary.query("model == 'all'")["average_precision"].notna().all()
    fitted = Fitted.load(results / "baselines/fitted.skops")
    assert fitted.trees.n_features_in_ == 2 * 4 + 1
    inputs = pd.read_csv(results / "inputs.tsv", sep="\t").query("role == 'signal'")
    assert sorted(zip(inputs["cell_line"], inputs["track"], strict=True)) == [
        *(("a", "accessibility"), ("a", "other"), ("b", "accessibility"), ("b", "other"))
    ]
    assert "other (signal)" in (results / "report/signals/other.svg").read_text()
