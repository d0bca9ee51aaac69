"""Experiments through Snakemake: tuning, joint search and ablation of the tiny study."""

import json

import pandas as pd
import pytest
import yaml


@pytest.fixture
def experiments(finished):
    finished.config["tuning"] = {
        "seeds": [1],
        "training": {"epochs": 2},
        "batch_sizes": [16, 32],
        "learning_rates": [0.001, 0.01],
        "trials": 3,
        "workers": 2,
    }
    finished.config["ablation"] = {
        "seeds": [1, 2],
        "training": {"epochs": 1},
        "variants": {"fixed": {"fresh_windows": False}, "raw": {"signal_transform": "raw"}},
    }
    finished.config["scaling"] = {
        "seeds": [1],
        "training": {"epochs": 1},
        "devices": [1, 2],
        "rules": ["sqrt"],
    }
    return finished


def modification_times(directory):
    return {path: path.stat().st_mtime for path in directory.glob("**/*")}


def read_recipe(directory):
    return json.loads((directory / "outcome.json").read_text())["recipe"]


def test_experiments(experiments):
    before = modification_times(experiments.results / "models")
    experiments.succeed("tune", "search", "ablate", "scaling")
    directory = experiments.results / "trials"
    tables = {path.stem: pd.read_csv(path, sep="\t") for path in directory.glob("*.tsv")}
    chosen = {path.stem: yaml.safe_load(path.read_text()) for path in directory.glob("*.yaml")}

    for name, values in (("batch_size", {16, 32}), ("learning_rate", {0.001, 0.01})):
        table = tables[name]
        assert set(table["value"]) == values
        best = table.loc[table["best_val_pr_auc"].idxmax(), "value"]
        assert chosen[name] == {name: best}
    # The second experiment trains at the batch size that the first chose.
    record = yaml.safe_load(
        (directory / "experiment~learning_rate/value~0.01/seed~1/outcome.json").read_text()
    )
    assert record["recipe"]["batch_size"] == chosen["batch_size"]["batch_size"]
    assert record["recipe"]["learning_rate"] == 0.01

    assert len(tables["search"]) >= 3
    assert set(chosen["search"]) == {"batch_size", "learning_rate"}
    assert tables["ablation"].groupby("value").size().to_dict() == {
        "default": 2,
        "fixed": 2,
        "raw": 2,
    }
    raw = read_recipe(directory / "experiment~ablation/value~raw/seed~2")
    assert (raw["signal_transform"], raw["seed"]) == ("raw", 2)
    two = read_recipe(directory / "experiment~scaling/value~sqrt-2/seed~1")
    assert two["batch_size"] == 32
    assert two["learning_rate"] == pytest.approx(0.003 * 2**0.5)
    assert before == modification_times(experiments.results / "models")
    assert "Nothing to be done" in experiments.succeed("tune", "search", "ablate", "scaling")
    again = experiments.succeed("--report", "report.html", "all", "tune", "ablate", "search")
    assert "Report created" in again
