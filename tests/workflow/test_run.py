"""The workflow from end to end on the tiny study."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pyBigWig
import pytest
from leopard.genome.formats import read_narrowpeak
from leopard.genome.tracks import MASKED, OTHER, Tracks
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

from workflow.conftest import ROOT, read_all

SUMMARY = [
    *("cell_line", "model", "resolution", "positive_rate", "loss", "pr_auc", "average_precision"),
    *("auroc", "dice_coef", "binary_io_u", "dice_best", "binary_io_u_best", "threshold"),
    "calibration",
]


MODELS = ("unet", "motif", "accessibility", "motif_accessibility", "trees")


def test_second_run_does_nothing(finished):
    assert "Nothing to be done" in finished.succeed()


def test_summary_agrees_with_scikit_learn(finished):
    summary = pd.read_csv(finished.results / "evaluation/summary.tsv", sep="\t")
    assert list(summary.columns) == SUMMARY
    assert set(zip(summary["cell_line"], summary["model"], strict=True)) == {
        (line, model) for line in "ab" for model in MODELS
    }
    for line in "ab":
        labels = Tracks(
            finished.results / "genome/genome.fa",
            labels=finished.results / f"labels/{line}.bigWig",
        )
        codes = labels.codes("chr3", 0, 50_007)
        labels = np.where(codes == OTHER, MASKED, labels.labels("chr3", 0, 50_007))
        kept = labels != MASKED
        for model, path in (
            ("unet", f"predictions/unet/{line}.bigWig"),
            ("motif", "baselines/motif.bigWig"),
        ):
            scores = read_all(finished.results / path, "chr3")[kept].astype(float)
            row = summary.query("cell_line == @line and model == @model").iloc[0]
            bound = labels[kept] == 1
            expected = average_precision_score(bound, scores)
            assert row["positive_rate"] == pytest.approx(bound.mean(), rel=1e-4)
            assert row["average_precision"] == pytest.approx(expected, abs=5e-4)
            assert row["auroc"] == pytest.approx(roc_auc_score(bound, scores), abs=5e-4)
            if model == "unet":
                clipped = np.clip(scores, 1e-7, 1 - 1e-7)
                assert row["loss"] == pytest.approx(log_loss(bound, clipped), rel=1e-4)


def test_probabilities_are_calibrated_on_validation_chromosomes(finished):
    record = json.loads((finished.results / "models/unet/calibration.json").read_text())
    fitted = record["fitted_on"]
    assert (fitted["cell_lines"], fitted["chromosomes"]) == (["a"], ["chr2"])
    assert fitted["expected_after"] == pytest.approx(fitted["bound"], rel=1e-3)
    assert fitted["loss_after"] < fitted["loss_before"]
    labels = Tracks(
        finished.results / "genome/genome.fa",
        labels=finished.results / "labels/a.bigWig",
        excluded=finished.results / "genome/excluded.bed",
    ).labels("chr2", 0, 60_000)
    track = read_all(finished.results / "predictions/unet/a.bigWig", "chr2").astype(float)
    counted = labels != MASKED
    assert (fitted["bases"], fitted["bound"]) == (counted.sum(), (labels == 1).sum())
    assert track[counted].sum() == pytest.approx((labels == 1).sum(), rel=0.02)

    reliability = pd.read_csv(finished.results / "evaluation/b.reliability.tsv", sep="\t")
    summary = pd.read_csv(finished.results / "evaluation/summary.tsv", sep="\t")
    row = summary.query("cell_line == 'b' and model == 'unet'").iloc[0]
    total = reliability.iloc[0]
    assert total["bases"] == "all" and (reliability["model"] == "unet").all()
    assert row["calibration"] == pytest.approx(total["predicted"] / total["observed"], rel=2e-3)


def test_tracks_hold_every_base_of_every_chromosome(finished):
    with pyBigWig.open(str(finished.results / "predictions/unet/b.bigWig")) as bigwig:
        assert bigwig.chroms() == {"chr1": 150_000, "chr2": 60_000, "chr3": 50_007}
        for chrom, size in bigwig.chroms().items():
            values = bigwig.values(chrom, 0, size, numpy=True)
            assert not np.isnan(values).any()
            assert values.min() >= 0 and values.max() <= 1 and values.std() > 0


def test_called_sites_are_where_the_track_passes_the_threshold(finished):
    threshold = pd.read_csv(finished.results / "evaluation/thresholds/unet.tsv", sep="\t")
    cut = threshold["threshold"].item()
    excluded = pd.read_csv(finished.results / "genome/excluded.bed", sep="\t", header=None)
    for line in "ab":
        path = finished.results / f"predictions/unet/{line}.narrowPeak"
        peaks = read_narrowpeak(path, {"chr1": 150_000, "chr2": 60_000, "chr3": 50_007})
        for chrom, group in peaks.groupby("chrom"):
            values = read_all(finished.results / f"predictions/unet/{line}.bigWig", chrom)
            called = np.zeros(len(values), bool)
            for row in group.itertuples():
                called[row.start : row.end] = True
                assert values[row.start : row.end].max() == values[row.summit]
                assert row.signal_value == pytest.approx(values[row.summit], abs=1e-5)
            for start, end in excluded.loc[excluded[0] == chrom, [1, 2]].to_numpy():
                assert not called[start:end].any()
                called[max(start - 200, 0) : end + 200] = True  # calls that touch it are left out
            assert called[values >= cut].all()


def test_records_of_training(finished):
    for seed in (1, 2):
        directory = finished.results / f"models/unet/a-a-s{seed}"
        history = pd.read_csv(directory / "history.tsv", sep="\t")
        assert history["epoch"].to_list() == [1, 2, 3]
        names = ["loss", "pr_auc", "dice_coef", "binary_io_u"]
        assert {*names, *(f"val_{x}" for x in names), "learning_rate", "seconds"} <= set(history)
        record = json.loads((directory / "training.json").read_text())
        assert record["parameters"] == 475_969
        assert record["recipe"]["seed"] == seed
        assert record["best_epoch"] == history["val_pr_auc"].argmax() + 1
        assert len(record["data"]["training"]) == 64
    assert not list((finished.results / "checkpoints").rglob("*.h5"))


def test_every_job_has_log_and_benchmark(finished):
    for kind, suffix in (("logs", ".log"), ("benchmarks", ".tsv")):
        names = {
            str(path.relative_to(finished.results / kind).with_suffix(""))
            for path in (finished.results / kind).rglob(f"*{suffix}")
        }
        assert {
            "check_genome",
            "check_signal/b.accessibility",
            "check_labels/b",
            "check_motif",
            "gather_checks",
            "train_network/unet/a-a-s1",
            "predict_binding/unet/b",
            "evaluate_cell_line/a",
        } <= names


def test_report(finished):
    text = (finished.results / "report.html").read_text()
    for category in ("Data", "Training", "Results", "Tracks", "Run"):
        assert f'"{category}"' in text
    assert "simulated" in text


def test_the_headline_that_make_demo_ends_with(finished):
    lines = (ROOT / "Makefile").read_text().splitlines()
    (command,) = [x.strip().lstrip("@") for x in lines if "print_headline" in x]
    command = command.replace("$(BIN)", str(Path(sys.executable).parent))
    command = command.replace("results/demo", str(finished.results))
    done = subprocess.run(
        command, shell=True, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "average_precision" in done.stdout and "evaluation/answer.tsv" in done.stdout


def test_browser_files(finished):
    # A track that lies elsewhere is copied, so that the results can be moved.
    (finished.directory / "mine").mkdir()
    mine = shutil.copy2(finished.results / "simulated/a.bigWig", finished.directory / "mine")
    sheet = finished.directory / "signals.tsv"
    modified = sheet.stat()
    sheet.write_text(sheet.read_text().replace("results/tiny/simulated/a", "mine/a"))
    os.utime(sheet, ns=(modified.st_atime_ns, modified.st_mtime_ns))
    finished.config["genome"] |= {"assembly": "hg19"}
    finished.succeed("browse", "--rerun-triggers", "mtime")
    hub = finished.results.rename(finished.directory / "moved") / "hub"
    assert (hub / "tracks/a.accessibility.1.bigWig").read_bytes() == Path(mine).read_bytes()
    shown = re.findall(r"^bigDataUrl (.+)$", (hub / "trackDb.txt").read_text(), re.M)
    resources = [
        x.get("path") for x in ElementTree.parse(hub / "igv.xml").iterfind("Resources/Resource")
    ]
    for listed in (shown, resources):
        # Of each cell line: accessibility, labels, prediction and, where there are any, calls.
        assert 6 <= len(listed) == len(set(listed)) <= 8
        assert all((hub / path).exists() for path in listed)
    assert (hub / "genomes.txt").read_text().startswith("genome hg19\n")
