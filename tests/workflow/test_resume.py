"""Killed jobs go on where they stopped, and end as if nothing had happened."""

import numpy as np
import pandas as pd
import pyBigWig

from workflow.conftest import Study


def equal_tracks(one, other):
    with pyBigWig.open(str(one)) as a, pyBigWig.open(str(other)) as b:
        assert a.chroms() == b.chroms()
        for chrom, size in a.chroms().items():
            np.testing.assert_array_equal(
                a.values(chrom, 0, size, numpy=True), b.values(chrom, 0, size, numpy=True)
            )


def equal_histories(one, other):
    drop = ["seconds", "fit_seconds"]
    pd.testing.assert_frame_equal(
        pd.read_csv(one, sep="\t").drop(columns=drop),
        pd.read_csv(other, sep="\t").drop(columns=drop),
        check_exact=True,
    )


def test_training_killed_between_epochs(finished: Study, make_study):
    study = make_study()
    member = "unet/a-a-s1"
    journal = study.results / "checkpoints" / member / "history.tsv"
    study.kill_when(
        lambda: journal.exists() and len(journal.read_text().splitlines()) > 2,
        f"results/tiny/models/{member}/model.keras",
    )
    assert not (study.results / "models" / member / "model.keras").exists()
    study.succeed("evaluate")
    log = (study.results / "logs/train_network" / f"{member}.log").read_text()
    assert "going on after epoch" in log
    equal_histories(
        study.results / "models" / member / "history.tsv",
        finished.results / "models" / member / "history.tsv",
    )
    equal_tracks(
        study.results / "predictions/unet/b.bigWig", finished.results / "predictions/unet/b.bigWig"
    )


def test_prediction_killed_between_chromosomes(finished: Study):
    track = finished.results / "predictions/unet/a.bigWig"
    undisturbed = track.rename(finished.directory / "undisturbed.bigWig")
    parts = finished.results / "checkpoints/unet/a.decoded"
    target = "results/tiny/predictions/unet/a.bigWig"
    finished.kill_when(lambda: (parts / "chr1.npy").exists(), target)
    finished.succeed(target)
    assert "already decoded" in (finished.results / "logs/predict_binding/unet/a.log").read_text()
    assert not parts.exists()
    equal_tracks(track, undisturbed)
