"""What a change to a finished study, or a copy of it, runs again, and what not."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from leopard.decoding.calibration import Calibration
from leopard.genome.tracks import MASKED, Tracks
from leopard.inputs.signals import open_line
from sklearn.metrics import average_precision_score
from workflow.conftest import ROOT, Study, read_all


def planned(study, *arguments):
    """Rules that a dry run would execute."""
    text = study.succeed("--dry-run", *arguments)
    if "Nothing to be done" in text:
        return set()
    table = text.split("Job stats:")[-1].split("total")[0]
    return {line.split()[0] for line in table.splitlines()[3:] if line.strip()}


def outputs(study, rule):
    """First outputs of the jobs of a rule that a dry run would execute."""
    return re.findall(
        rf"^(?:local)?rule {rule}:\n(?:.*\n)? +output: ([^\s,]+)", study.succeed("-n"), re.M
    )


def test_what_changes_no_result_reruns_nothing(finished):
    finished.config["prediction"] = {"tile_length": 16384, "batch_size": 2}
    arguments = [
        "evaluate",
        "--set-threads",
        "train_network=1",
        "--set-resources",
        "predict_binding:mem_mb=1",
    ]
    assert planned(finished, *arguments) == set()


def test_a_new_batch_size_trains_again_without_drawing_windows(finished):
    finished.config["training"] = {"batch_size": 8, "epochs": 3}
    rules = planned(finished, "evaluate")
    assert {"train_network", "predict_binding", "evaluate_cell_line"} <= rules
    assert not {"draw_windows", "extract_sequence", "extract_signal", "make_labels"} & rules


def test_a_new_seed_trains_only_its_member(finished):
    finished.config["members"] = [
        *finished.config["members"],
        {"train": "a", "validation": "a", "seed": 3},
    ]
    assert planned(finished, "train") == {"train_network", "train"}
    assert outputs(finished, "train_network") == ["results/tiny/models/unet/a-a-s3/model.keras"]


def test_a_new_cell_line_is_predicted_and_evaluated_and_nothing_else(finished):
    finished.config["simulate"] = None  # from here on its files are inputs as any others
    assert planned(finished, "evaluate", "predict") == set()
    mine = finished.directory / "mine"
    mine.mkdir()
    for kind, sheet in (("bigWig", "signals"), ("narrowPeak", "labels")):
        shutil.copy2(finished.results / f"simulated/b.{kind}", mine / f"c.{kind}")
        with (finished.directory / f"{sheet}.tsv").open("a") as rows:
            rows.write("c\t" + "1\t" * (sheet == "signals") + f"mine/c.{kind}\n")
    targets = ("evaluate", "predict")
    assert planned(finished, *targets) == {
        *("check_signal", "check_labels", "gather_checks", "make_labels", "predict_binding"),
        "measure_signal",
        *(
            "score_baselines",
            "call_peaks",
            "evaluate_cell_line",
            "summarise_evaluation",
            "judge_calls",
            *targets,
        ),
    }
    for rule, output in (
        ("check_signal", "checks/c.accessibility.tsv"),
        ("check_labels", "checks/c.labels.tsv"),
        ("predict_binding", "predictions/unet/c.bigWig"),
    ):
        assert outputs(finished, rule) == [f"results/tiny/{output}"]
    # The others are judged anew: what is specific to a cell line depends on all of them.
    assert {Path(x).name for x in outputs(finished, "evaluate_cell_line")} >= {"a.tsv", "c.tsv"}
    finished.succeed(*targets)
    assert planned(finished, *targets) == set()
    summary = pd.read_csv(finished.results / "evaluation/summary.tsv", sep="\t")
    assert set(summary["cell_line"]) == set("abc")


def test_a_replaced_signal_is_checked_and_read_again_in_one_run(finished):
    finished.config["simulate"] = None
    track = finished.results / "simulated/a.bigWig"
    shutil.copy(finished.results / "simulated/b.bigWig", track)
    labels = (finished.results / "windows/a.labels.npy").stat()
    # What has to pass its check is not in the plan yet, but done in the same run.
    assert planned(finished, "windows") == {"check_signal", "gather_checks"}
    finished.succeed("windows")
    row = pd.read_csv(finished.results / "windows/windows.tsv", sep="\t").iloc[5]
    measures = finished.results / "signals/a.accessibility.measures.tsv"
    signals = {"accessibility": ([track], [measures])}
    tracks = open_line(finished.results / "genome/genome.fa", signals)
    stored = np.load(finished.results / "windows/a.accessibility.npy")[5]
    np.testing.assert_array_equal(stored, tracks.signal(row["chrom"], row["start"], row["end"]))
    assert (finished.results / "windows/a.labels.npy").stat() == labels
    assert planned(finished, "windows") == set()
    assert planned(finished, "train") == {"train_network", "train"}


def test_a_replaced_signal_that_does_not_fit_is_not_used(finished):
    finished.config["simulate"] = None
    array = (finished.results / "windows/a.accessibility.npy").stat()
    (finished.results / "simulated/a.bigWig").write_bytes(b"no bigWig")
    assert "a.bigWig: not a bigWig" in finished.run("windows").stdout
    assert (finished.results / "windows/a.accessibility.npy").stat() == array


def test_other_chromosomes_to_decode_train_nothing(finished):
    finished.config["prediction"] = {"tile_length": 8192, "chromosomes": ["chr2", "chr3"]}
    said = finished.succeed("train")
    assert "check_genome" in said and "train_network" not in said
    rules = planned(finished, "evaluate", "predict")
    assert {"predict_binding", "evaluate_cell_line"} <= rules
    assert not {"train_network", "extract_signal", "make_labels"} & rules


def test_a_caption_redraws_only_the_report(finished):
    clone = finished.directory / "clone"
    for part in ("workflow", "resources", "profiles"):
        shutil.copytree(ROOT / part, clone / part)
    finished.snakefile = shutil.copy2(ROOT / "Snakefile", clone)
    caption = clone / "workflow/report/evaluation/summary.rst"
    caption.write_text(caption.read_text() + "\nA sentence that was not there before.\n")
    arguments = ["--rerun-triggers", "mtime"]  # the files of another clone are other inputs
    assert planned(finished, *arguments) == set()
    finished.succeed(*arguments, "--report", "redrawn.html")
    assert (
        "A sentence that was not there before." in (finished.directory / "redrawn.html").read_text()
    )


def test_results_copied_elsewhere_are_continued(finished, tmp_path):
    """As by `cp -a`: without what Snakemake keeps in .snakemake."""
    elsewhere = Study(tmp_path / "elsewhere", finished.config)
    shutil.copytree(finished.directory / "results", elsewhere.directory / "results")
    for sheet in ("signals.tsv", "labels.tsv"):
        shutil.copy2(finished.directory / sheet, elsewhere.directory)
    assert "Nothing to be done" in elsewhere.succeed()
    for name in ("b.tsv", "summary.tsv"):
        (elsewhere.results / "evaluation" / name).unlink()
    elsewhere.succeed("evaluate")
    for name in ("b.tsv", "summary.tsv"):
        copied = elsewhere.results / "evaluation" / name
        assert copied.read_bytes() == (finished.results / "evaluation" / name).read_bytes()


def test_without_calibration_the_networks_own_probabilities_are_written(finished):
    """Parameters and tracks against these, decoded once more."""
    calibrated = read_all(finished.results / "predictions/unet/a.bigWig", "chr2").astype(float)
    record = json.loads((finished.results / "models/unet/calibration.json").read_text())
    labels = Tracks(
        finished.results / "genome/genome.fa",
        labels=finished.results / "labels/a.bigWig",
        excluded=finished.results / "genome/excluded.bed",
    ).labels("chr2", 0, 60_000)
    counted = labels != MASKED
    finished.config["prediction"] |= {"calibrate": False}
    assert "predict_binding" in planned(finished, "predict")
    finished.succeed("results/tiny/predictions/unet/a.bigWig")
    said = read_all(finished.results / "predictions/unet/a.bigWig", "chr2").astype(float)
    expected = record["fitted_on"]["expected_before"]
    assert said[counted].sum() == pytest.approx(expected, rel=0.01)
    calibration = Calibration(record["low"], record["high"], record["shift"])
    apart = (said > 0.05) & (calibrated > 0.05)
    np.testing.assert_allclose(calibration(said)[apart], calibrated[apart], atol=2e-3)
    bound = labels[counted] == 1
    before, after = (average_precision_score(bound, x[counted]) for x in (said, calibrated))
    # The order is the same; values that are rounded alike become ties, in one or in the other.
    assert before == pytest.approx(after, abs=1e-2)
