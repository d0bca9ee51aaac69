"""What may go wrong around a run: disks, locks, and files that change under it."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from leopard.genome.tracks import iterate_regions
from leopard.inputs.signals import open_line
from workflow.conftest import Study

from faults.conftest import (
    PATIENCE,
    TARGETS,
    check_outputs,
    check_results,
    find_script,
    paused,
    remove,
    wait_until,
)

ARRAYS = [f"results/tiny/windows/{x}.npy" for x in ("sequence", "a.accessibility", "a.labels")]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounting a file system needs root")


@pytest.fixture
def small_disk(study: Study) -> Iterator[Path]:
    """The results on a file system that is all but full; the arrays are still to be made."""
    remove(study, *ARRAYS)
    results, elsewhere = study.directory / "results", study.directory / "elsewhere"
    results.rename(elsewhere)
    results.mkdir()
    size = sum(x.stat().st_size + 8192 for x in elsewhere.rglob("*")) // 1024
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size + 64}k", "tmpfs", str(results)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("this sandbox does not allow mounting")
    try:
        shutil.copytree(elsewhere, results, dirs_exist_ok=True)
        free = shutil.disk_usage(results).free - 16_384
        (results / "ballast").write_bytes(bytes(max(0, free)))
        yield results
    finally:
        subprocess.run(["umount", str(results)], check=True)


def remount(directory: Path, *options: str) -> None:
    subprocess.run(["mount", "-o", ",".join(["remount", *options]), str(directory)], check=True)


def finish(study: Study, undisturbed: Study) -> None:
    """Run to the end: arrays are the same, and so is all else, and nothing more is there."""
    study.succeed("windows")
    check_outputs(study, undisturbed, *ARRAYS)
    study.succeed(*TARGETS)
    check_results(study, undisturbed)


@needs_root
def test_disk_full_while_arrays_are_written(study: Study, small_disk: Path, undisturbed: Study):
    done = study.run("windows")
    assert done.returncode != 0
    assert "No space left on device" in done.stdout
    assert not all((study.directory / name).exists() for name in ARRAYS)
    (small_disk / "ballast").unlink()
    remount(small_disk, "size=1g")
    finish(study, undisturbed)


@needs_root
def test_results_that_cannot_be_written(study: Study, small_disk: Path, undisturbed: Study):
    (small_disk / "ballast").unlink()
    remount(small_disk, "ro")
    done = study.run("windows")
    assert done.returncode != 0
    assert "Read-only file system" in done.stdout
    remount(small_disk, "rw", "size=1g")
    finish(study, undisturbed)


def test_two_runs_in_one_directory(study: Study, undisturbed: Study):
    remove(study, *ARRAYS)
    first = study.start("windows")
    assert wait_until(lambda: find_script(first.pid), first)
    with paused(first):  # so that it is there for as long as the second
        second = study.run("windows")
    assert second.returncode != 0
    assert "Directory cannot be locked" in second.stdout
    assert first.wait(PATIENCE) == 0
    finish(study, undisturbed)


def test_a_source_replaced_while_it_is_read(study: Study):
    study.config["simulate"] = None  # from here on its files are inputs as any others
    target = study.results / "windows/a.accessibility.npy"
    name = str(target.relative_to(study.directory))
    remove(study, name)
    run = study.start(name)
    assert wait_until(target.with_suffix(".unfinished").exists, run)
    track = study.results / "simulated/a.bigWig"
    with paused(run):
        shutil.copy(study.results / "simulated/b.bigWig", f"{track}.new")
        Path(f"{track}.new").replace(track)
    if run.wait(PATIENCE):
        assert "a.bigWig: replaced while it was in use; run again" in study.said
    study.succeed(name)
    assert "Nothing to be done" in study.succeed(name)
    measures = study.results / "signals/a.accessibility.measures.tsv"
    signals = {"accessibility": ([track], [measures])}
    tracks = open_line(study.results / "genome/genome.fa", signals)
    windows = pd.read_csv(study.results / "windows/windows.tsv", sep="\t")
    expected = [tracks.signal(*region) for region in iterate_regions(windows)]
    np.testing.assert_array_equal(np.load(target), expected)
