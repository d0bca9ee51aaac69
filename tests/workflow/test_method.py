"""Leopard's whole method and the competition's task, on the tiny study."""

import json

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


def test_normalised_signals_delta_and_imported_weights(make_study):
    study = make_study(
        signal_scaling="quantile",
        reference_line="b",
        members=[{"train": "a", "validation": "b", "seed": 1}],
        models={
            "unet": {"delta": True},
            "published": {
                "architecture": "unet",
                "delta": True,
                "signal_transform": "raw",
                "weights": "weights_{train}_{validation}_{seed}.h5",
            },
        },
        training={"batch_size": 16, "epochs": 1},
    )
    write_published(study.directory / "weights_a_b_1.h5")
    study.succeed()
    results = study.results

    raw = {line: read_all(results / f"simulated/{line}.bigWig", "chr3") for line in "ab"}
    samples = {line: np.load(results / f"signals/{line}.sample.npy") for line in "ab"}
    normalised = {line: read_all(results / f"signals/{line}.bigWig", "chr3") for line in "ab"}
    np.testing.assert_allclose(
        normalised["a"], match_quantiles(samples["a"], samples["b"])(raw["a"]), rtol=1e-5
    )
    np.testing.assert_allclose(normalised["b"], raw["b"], rtol=1e-5)
    average = read_all(results / "average_signal.bigWig", "chr3")
    np.testing.assert_allclose(average, (normalised["a"] + normalised["b"]) / 2, rtol=1e-5)

    windows = pd.read_csv(results / "windows/windows.tsv", sep="\t")
    row = windows.query("split == 'test'").iloc[5]
    for name, track in (("average", average), ("a.signal", normalised["a"])):
        stored = np.load(results / f"windows/{name}.npy")[row.name]
        np.testing.assert_array_equal(stored, track[row["start"] : row["end"]])

    record = json.loads((results / "models/unet/a-b-s1/training.json").read_text())
    assert record["parameters"] == 475_969 + 7 * 15
    assert not (results / "models/published/a-b-s1/training.json").exists()
    for model in ("unet", "published"):
        scores = pd.read_csv(results / f"evaluation/windows/{model}.tsv", sep="\t")
        assert scores["cell_line"].to_list() == ["a", "b"]
        assert scores["loss"].notna().all()
    # The signals are of one scale already: no rule divides them again.
    assert read_all(results / "predictions/published/a.bigWig", "chr3").std() > 0
    assert "Nothing to be done" in study.succeed()


@pytest.mark.parametrize("line", [None, "c"])
def test_the_reference_must_be_a_cell_line(make_study, line):
    done = make_study(signal_scaling="quantile", reference_line=line).run("-n")
    assert done.returncode != 0
    assert "config (reference_line): names no cell line; name one: a, b" in done.stdout
