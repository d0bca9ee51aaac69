"""Small whole runs: a directory with a study in it, and Snakemake run on that as a user would."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Self

import numpy as np
import pandas as pd
import pyBigWig
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
MOTIF = ROOT / "resources/motifs/CTCF.MA0139.1.meme"


@dataclass
class Study:
    """A study in a working directory of its own."""

    directory: Path
    config: dict
    profile: str = "local"
    snakefile: Path = ROOT / "Snakefile"

    @property
    def results(self) -> Path:
        return self.directory / "results" / self.config["study"]

    def copy(self, directory: Path, **changes: Any) -> Self:
        """The same study elsewhere, modification times and all, to be spoilt."""
        shutil.copytree(self.directory, directory, symlinks=True)
        return replace(self, directory=directory, config=deepcopy(self.config), **changes)

    def command(self, *arguments: str) -> list[str]:
        (self.directory / "study.yaml").write_text(yaml.safe_dump(self.config, sort_keys=False))
        return [
            *(sys.executable, "-m", "snakemake", *arguments),
            *("--snakefile", str(self.snakefile)),
            *("--profile", str(ROOT / "profiles" / self.profile), "--configfile", "study.yaml"),
        ]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Snakemake; its output, both streams in one, is in `stdout`."""
        return subprocess.run(
            self.command(*arguments),
            cwd=self.directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def succeed(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout[-5000:]
        return done.stdout

    def start(self, *arguments: str, **options: Any) -> "subprocess.Popen[str]":
        """Start Snakemake in a process group of its own."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.directory,
            stdout=(self.directory / "said.txt").open("w"),
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            **options,
        )

    @property
    def said(self) -> str:
        """What a Snakemake that was started, not run, has printed."""
        return (self.directory / "said.txt").read_text()

    def kill_when(self, reached: Callable[[], bool], *arguments: str) -> None:
        """Start Snakemake and SIGKILL it, with every job it started, once `reached` is true."""
        process = self.start(*arguments)
        deadline = time.monotonic() + 240
        try:
            while not reached():
                assert process.poll() is None, "finished before the moment to kill it came"
                assert time.monotonic() < deadline, "the moment to kill it never came"
                time.sleep(0.01)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.succeed("--unlock")


def run_leopard(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a directory, with nothing of the repository but the library."""
    library = {"PYTHONPATH": str(ROOT / "workflow/scripts"), "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.run(
        [sys.executable, "-m", "leopard.cli", *arguments],
        cwd=directory,
        env=os.environ | library,
        capture_output=True,
        text=True,
        check=False,
    )


class Handler(SimpleHTTPRequestHandler):
    """Serves files, in silence."""

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serve(directory: Path, handler: type[Handler] = Handler) -> Iterator[str]:
    """A directory over HTTP: the address, without a slash at its end."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=directory)) as httpd:
        Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()


def write_sheet(path: Path, header: str, *rows: str) -> None:
    path.write_text("\n".join([header, *rows]).replace(" ", "\t") + "\n")


def read_all(path: Path, chrom: str) -> np.ndarray:
    """Every value of a chromosome; 0 where there is none."""
    with pyBigWig.open(str(path)) as bigwig:
        return np.nan_to_num(bigwig.values(chrom, 0, bigwig.chroms(chrom), numpy=True))


def equal_tracks(one: Path, other: Path) -> None:
    with pyBigWig.open(str(one)) as a, pyBigWig.open(str(other)) as b:
        assert a.chroms() == b.chroms()
        for chrom, size in a.chroms().items():
            np.testing.assert_array_equal(
                a.values(chrom, 0, size, numpy=True), b.values(chrom, 0, size, numpy=True)
            )


def equal_histories(one: Path, other: Path) -> None:
    """The same epochs, whatever the clock said."""
    drop = ["seconds", "fit_seconds"]
    pd.testing.assert_frame_equal(
        pd.read_csv(one, sep="\t").drop(columns=drop),
        pd.read_csv(other, sep="\t").drop(columns=drop),
        check_exact=True,
    )


@pytest.fixture
def make_study(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Study]:
    return lambda **changes: build_study(tmp_path_factory.mktemp("study"), **changes)


def build_study(directory: Path, **changes: object) -> Study:
    """The tiny study: simulated, two cell lines, one of them never trained on; two members."""
    simulated = "results/tiny/simulated"
    write_sheet(
        directory / "signals.tsv",
        "cell_line replicate signal",
        f"a 1 {simulated}/a.bigWig",
        f"b 1 {simulated}/b.bigWig",
    )
    write_sheet(
        directory / "labels.tsv",
        "cell_line labels",
        f"a {simulated}/a.narrowPeak",
        f"b {simulated}/b.narrowPeak",
    )
    config = {
        "study": "tiny",
        "tf": "CTCF",
        "simulate": {
            "seed": 1,
            "chromosomes": {"chr1": 150_000, "chr2": 60_000, "chr3": 50_007},
            "reads": ["c"],  # for whoever decodes with the bundle
        },
        "genome": {"fasta": f"{simulated}/genome.fa.gz"},
        "signals": "signals.tsv",
        "labels": {"sheet": "labels.tsv", "mode": "motif"},
        "motif": str(MOTIF),
        "chromosomes": {"train": ["chr1"], "validation": ["chr2"], "test": ["chr3"]},
        "windows": {"length": 512, "train": 96, "validation": 48, "test": 48},
        "members": [
            {"train": "a", "validation": "a", "seed": 1},
            {"train": "a", "validation": "a", "seed": 2},
        ],
        "models": {"unet": {}},
        "training": {"batch_size": 16, "epochs": 3},
        "prediction": {"tile_length": 8192},
    }
    return Study(directory, config | changes)


@pytest.fixture(scope="session")
def finished_origin(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The tiny study, run once to its report by the first of pytest's workers that needs it."""
    top = tmp_path_factory.getbasetemp()
    top = top.parent if "PYTEST_XDIST_WORKER" in os.environ else top
    directory = top / "finished"
    with (top / "finished.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (directory / "results/tiny/report.html").exists():
            return Study(directory, yaml.safe_load((directory / "study.yaml").read_text()))
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        study = build_study(directory)
        study.succeed("--report", "results/tiny/report.html", "--report-after-run")
        return study


@pytest.fixture
def finished(finished_origin: Study, tmp_path: Path) -> Study:
    """A copy of the finished study for a test to spoil."""
    return finished_origin.copy(tmp_path / "copy")
