"""Experiments through Snakemake: tuning, joint search and ablation of the tiny study."""

import json

import pandas as pd
import pytest
import yaml

TARGETS = ("tune", "search", "ablate", "scaling", "gpu_types")


def read_recipe(directory):
    return json.loads((directory / "outcome.json").read_text())["recipe"]


def test_experiments(make_study):
    budget = {"seeds": [1], "training": {"epochs": 1}}
    study = make_study(
        models={"cnn": {}},  # which is ready to train in half the time
        tuning={
            **budget,
            "batch_sizes": [16, 32],
            "learning_rates": [0.002],
            "trials": 2,
            "workers": 2,
        },
        ablation={**budget, "variants": {"raw": {"signal_transform": "raw"}}},
        scaling={**budget, "devices": [2], "rules": ["sqrt"]},
        gpu_types=["h200"],
    )
    study.succeed(*TARGETS)
    assert not (study.results / "models").exists()  # the study itself is another matter
    directory = study.results / "trials"
    tables = {path.stem: pd.read_csv(path, sep="\t") for path in directory.glob("*.tsv")}
    chosen = {path.stem: yaml.safe_load(path.read_text()) for path in directory.glob("*.yaml")}

    sizes = tables["batch_size"]
    assert sizes["value"].tolist() == [16, 32]
    assert chosen["batch_size"] == {
        "batch_size": sizes.loc[sizes["best_val_pr_auc"].idxmax(), "value"]
    }
    # The second experiment trains at the batch size that the first chose.
    tried = read_recipe(directory / "experiment~learning_rate/value~0.002/seed~1")
    assert tried["batch_size"] == chosen["batch_size"]["batch_size"]
    assert tried["learning_rate"] == 0.002
    assert chosen["learning_rate"] == {"learning_rate": 0.002}

    assert len(tables["search"]) >= 2
    assert set(chosen["search"]) == {"batch_size", "learning_rate"}
    assert tables["ablation"]["value"].tolist() == ["default", "raw"]
    raw = read_recipe(directory / "experiment~ablation/value~raw/seed~1")
    assert [x["transform"] for x in raw["tracks"]] == ["raw"]
    two = read_recipe(directory / "experiment~scaling/value~sqrt-2/seed~1")
    assert two["batch_size"] == 32
    assert two["learning_rate"] == pytest.approx(0.006 * 2**0.5)

    gpus = tables["gpu_types"]
    assert gpus["gpu_type"].tolist() == ["h200"] and gpus["epochs"].tolist() == [3]
    assert gpus["charge"].item() == pytest.approx(7.5 * 12 * gpus["training_time"].item() / 3600)

    averages = pd.read_csv(directory / "averages.tsv", sep="\t")
    assert len(averages) == 4 and averages["best_val_pr_auc"].between(0, 1).all()

    assert "Nothing to be done" in study.succeed(*TARGETS)
    assert "Report created" in study.succeed(*TARGETS, "--report", "report.html")


def test_largest_batch(make_study):
    # Long windows, so that few batches need trying.
    windows = {"length": 32_768, "train": 8, "validation": 8, "test": 8}
    study = make_study(windows=windows, models={"cnn": {}})
    told = study.succeed("largest_batch", "--set-resources", "find_largest_batch:mem_mb=2000")
    found = pd.read_csv(study.results / "trials/largest_batch.tsv", sep="\t")
    batch = found["batch_size"].item()
    assert 8 < batch < 512
    assert f"cnn, windows of 32768 bases, float32: {batch} fit in a batch" in told
