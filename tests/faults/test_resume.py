"""Killed in the middle, a job goes on where it stopped, and ends as if nothing had happened."""

from pathlib import Path

import pytest

from faults.conftest import check_same, remove

MODEL, TRACK = "models/unet/a-a-s1/model.keras", "predictions/unet/a.bigWig"


def has_trained(results: Path) -> bool:
    journal = results / "checkpoints/unet/a-a-s1/history.tsv"
    return journal.exists() and len(journal.read_text().splitlines()) > 2


def has_applied(results: Path) -> bool:
    return (results / "checkpoints/ctcf/b/parts/chr1.f32").exists()


def has_decoded(results: Path) -> bool:
    return (results / "checkpoints/unet/a.decoded/chr1.f32").exists()


@pytest.mark.parametrize(
    ("rule", "output", "reached", "log", "said"),
    [
        ("train_network", MODEL, has_trained, "unet/a-a-s1.log", "going on after epoch"),
        ("predict_binding", TRACK, has_decoded, "unet/a.log", "already decoded"),
    ],
)
def test_a_killed_job_goes_on(rule, output, reached, log, said, jobs, study, undisturbed):
    target = str((study.results / output).relative_to(study.directory))
    (outputs,) = [names for names in jobs[rule] if target in names]
    remove(study, *outputs)
    study.kill_when(lambda: reached(study.results), target)
    assert not (study.directory / target).exists()
    study.succeed(target)
    assert said in (study.results / "logs" / rule / log).read_text()
    assert not reached(study.results)  # what it went on from is gone
    for name in outputs:
        check_same(study.directory / name, undisturbed.directory / name)


def test_a_killed_job_of_a_bundle_goes_on(undisturbed_decoding, decoding):
    decoding.config["study"] = "whole"
    del decoding.config["regions"]
    target = "results/whole/predictions/ctcf/b.bigWig"
    decoding.kill_when(lambda: has_applied(decoding.results), target)
    assert not (decoding.directory / target).exists()
    decoding.succeed(target)
    log = decoding.results / "logs/decode_with_bundle/ctcf/b.log"
    assert "chr1: already decoded" in log.read_text()
    assert not (decoding.results / "checkpoints/ctcf/b").exists()
