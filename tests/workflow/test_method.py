"""Leopard's whole method and the competition's task, on the tiny study."""

import json
import re

import h5py
import numpy as np
import pandas as pd
import pyBigWig
import pytest
from leopard.competition import draw_splits
from leopard.signals import match_quantiles


def read_all(path, chrom):
    with pyBigWig.open(str(path)) as bigwig:
        return np.nan_to_num(bigwig.values(chrom, 0, bigwig.chroms(chrom), numpy=True))


def test_windows_of_the_competition(make_study):
    study = make_study()
    study.config["windows"] |= {"strategy": "apac2022", "seed": 1}
    study.succeed("results/tiny/windows/windows.tsv")
    windows = pd.read_csv(study.results / "windows/windows.tsv", sep="\t")
    sizes = study.config["simulate"]["chromosomes"]
    counts = {split: study.config["windows"][split] for split in ("train", "validation", "test")}
    expected = draw_splits(sizes, study.config["chromosomes"], counts, 512, 1)
    pd.testing.assert_frame_equal(windows, expected)
    assert not (study.results / "windows/usable.tsv").exists()


def write_published(path):
    """Random weights of a U-Net of six channels, as Keras 2 laid them out."""
    from leopard.models.unet import BOTTOM_FILTERS, DECODER_FILTERS, ENCODER_FILTERS

    rng, before, layers = np.random.default_rng(1), 6, []

    def add(*shapes):
        layers.append([rng.normal(0, 0.1, shape).astype(np.float32) ** 2 for shape in shapes])

    def convolve(before, filters):
        for channels in (before, filters):
            add((7, channels, filters), filters)
            add(filters, filters, filters, filters)

    for filters in (*ENCODER_FILTERS, BOTTOM_FILTERS):
        convolve(before, filters)
        before = filters
    for filters, skipped in zip(DECODER_FILTERS, ENCODER_FILTERS[::-1], strict=True):
        add((2, 1, filters, before), filters)
        convolve(filters + skipped, filters)
        before = filters
    add((1, before, 1), 1)
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [f"layer_{i}".encode() for i in range(len(layers))]
        for i, arrays in enumerate(layers):
            group = file.create_group(f"layer_{i}")
            group.attrs["weight_names"] = [f"w{j}:0".encode() for j in range(len(arrays))]
            for j, array in enumerate(arrays):
                group[f"w{j}:0"] = array


PUBLISHED = {
    "architecture": "unet",
    "delta": True,
    "signal_transform": "raw",
    "weights": "weights_{train}_{validation}_{seed}.h5",
}


@pytest.fixture
def crisscross(make_study):
    """Both cell lines in a ring, two seeds, halves of two chromosomes."""
    study = make_study(
        signal_scaling="quantile",
        reference_line="b",
        crisscross={"cell_lines": ["a", "b"], "seeds": [1, 2]},
        chromosomes={"train": ["chr1", "chr4"], "validation": ["chr2"], "test": ["chr3"]},
        models={"unet": {"architecture": "cnn", "delta": True}},
        training={"batch_size": 16, "epochs": 1, "schedule": "inverse_time", "fresh_windows": 64},
    )
    study.config["simulate"]["chromosomes"]["chr4"] = 70_000
    study.config["prediction"] |= {"ensemble": "fast", "chromosomes": ["chr2", "chr3"]}
    del study.config["members"]
    return study


def test_a_crisscross_of_normalised_signals_and_delta(crisscross):
    study, results = crisscross, crisscross.results
    study.succeed("results/tiny/evaluation/windows/unet.tsv")

    raw = {line: read_all(results / f"simulated/{line}.bigWig", "chr3") for line in "ab"}
    samples = {line: np.load(results / f"signals/{line}.sample.npy") for line in "ab"}
    normalised = {line: read_all(results / f"signals/{line}.bigWig", "chr3") for line in "ab"}
    expected = match_quantiles(samples["a"], samples["b"])(raw["a"])
    np.testing.assert_allclose(normalised["a"], expected, rtol=1e-5)
    np.testing.assert_allclose(normalised["b"], raw["b"], rtol=1e-5)
    average = read_all(results / "average_signal.bigWig", "chr3")
    np.testing.assert_allclose(average, (normalised["a"] + normalised["b"]) / 2, rtol=1e-5)

    windows = pd.read_csv(results / "windows/s1/windows.tsv", sep="\t")
    halves = ["chr1", "chr4"]
    np.random.RandomState(1).shuffle(halves)
    chroms = windows.groupby("split", sort=False)["chrom"].unique().map(list).to_dict()
    assert chroms == {"train": halves[:1], "validation": halves[1:], "test": ["chr3"]}
    row = windows.query("split == 'test'").iloc[5]
    for name, track in (("average", average), ("a.signal", normalised["a"])):
        stored = np.load(results / f"windows/s1/{name}.npy")[row.name]
        np.testing.assert_array_equal(stored, track[row["start"] : row["end"]])

    for member in ("a-b-s1", "b-a-s1"):
        record = json.loads((results / f"models/unet/{member}/training.json").read_text())
        assert record["recipe"]["delta"]
        assert (record["draw"]["chromosomes"], record["draw"]["n"]) == (halves[:1], 64)
        assert record["training_windows"] == 64
    scores = pd.read_csv(results / "evaluation/windows/unet.tsv", sep="\t")
    assert scores["cell_line"].to_list() == ["a", "b"]
    assert scores["loss"].notna().all()

    assert not (results / "models/unet/a-b-s2").exists()
    study.config["prediction"]["ensemble"] = "complete"
    plan = study.succeed("-n", "results/tiny/evaluation/windows/unet.tsv")
    assert re.search(r"^train_network +2$", plan, re.M)
    for member in ("a-b-s2", "b-a-s2"):
        assert f"results/tiny/models/unet/{member}/model.keras" in plan
    assert "results/tiny/windows/s2/a.signal.npy" in plan


def test_a_crisscross_with_its_report_plans(crisscross):
    plan = crisscross.succeed("-n", "all", "compare")
    assert re.search(r"^train_network +2$", plan, re.M)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"members": [{"train": "a", "validation": "b", "seed": 1}]}, "members or crisscross"),
        ({"crisscross": {"cell_lines": ["a", "c"], "seeds": [1]}}, "unknown cell line c"),
        (
            {"chromosomes": {"train": ["chr1"], "validation": ["chr2"], "test": ["chr3"]}},
            "one cannot be halved",
        ),
    ],
)
def test_a_crisscross_that_cannot_be(crisscross, changes, message):
    crisscross.config |= changes
    done = crisscross.run("-n")
    assert done.returncode != 0 and message in done.stdout


def test_published_weights(make_study):
    from leopard import models

    member = {"train": "a", "validation": "b", "seed": 1}
    study = make_study(members=[member], models={"published": PUBLISHED})
    write_published(study.directory / "weights_a_b_1.h5")
    study.succeed("results/tiny/models/published/a-b-s1/model.keras")
    model = models.load(study.results / "models/published/a-b-s1/model.keras")
    assert model.count_params() == 475_969 + 7 * 15
    plan = study.succeed("-n")
    assert "train_network" not in plan and "results/tiny/report/headline.html" in plan


@pytest.mark.parametrize("line", [None, "c"])
def test_the_reference_must_be_a_cell_line(make_study, line):
    done = make_study(signal_scaling="quantile", reference_line=line).run("-n")
    assert done.returncode != 0
    assert "config (reference_line): names no cell line; name one: a, b" in done.stdout
