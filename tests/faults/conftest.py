"""The tiny study undisturbed, and what it takes to disturb copies of it and to compare them."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from workflow.conftest import (
    MOTIF,
    Study,
    build_study,
    equal_histories,
    equal_tracks,
    serve,
    write_sheet,
)

PATIENCE = 1200  # seconds until a run counts as stuck, on a busy machine
TARGETS = ("all", "browse", "windows", "export", "motifs", "explain", "variants")
DECODING_TARGETS = ("all", "explain", "variants")
SIMULATED = ("genome.fa.gz", "b.bigWig", "b.narrowPeak", "variants.vcf")
# Times, memory and machine; the numbers that these pages hold otherwise are compared elsewhere.
MEASURED = ("training.html", "benchmarks.html", "headline.html")
TIMED = {"training_time", "windows_per_second", "utilisation", "peak_memory_mib"}


@pytest.fixture(scope="session")
def motif_url() -> Iterator[str]:
    """The motif by URL, so that there is something to download."""
    with serve(MOTIF.parent) as url:
        yield f"{url}/{MOTIF.name}"


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, motif_url: str) -> Study:
    study = build_study(
        tmp_path_factory.mktemp("undisturbed"),
        motif=motif_url,
        members=[{"train": "a", "validation": "a", "seed": 1}],
        genome={"fasta": "results/tiny/simulated/genome.fa.gz", "assembly": "hg19"},
        explain={"sites": "explained.bed", "motif_database": str(MOTIF)},
        variants={"file": "results/tiny/simulated/variants.vcf", "background": 20},
    )
    rows = [f"chr1\t{start}\t{start + 90}\n" for start in range(0, 149_000, 70)]
    (study.directory / "fragments.tsv").write_text("".join(rows))
    # Two parts of them, and too few to find motifs in, which would take every run minutes.
    sites = [f"chr1\t{start}\t{start + 20}\n" for start in range(10_000, 140_000, 3_500)]
    (study.directory / "explained.bed").write_text("".join(sites))
    write_sheet(
        study.directory / "signals.tsv",
        "cell_line replicate signal assay",
        "a 1 results/tiny/simulated/a.bigWig",
        "b 1 results/tiny/simulated/b.bigWig",
        "b 2 fragments.tsv other",
    )
    study.succeed(*TARGETS)
    return study


@pytest.fixture
def study(undisturbed: Study, tmp_path: Path) -> Study:
    """A copy to be disturbed."""
    return undisturbed.copy(tmp_path / "study")


@pytest.fixture(scope="session")
def undisturbed_decoding(undisturbed: Study, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A study that decodes regions with the bundle of the other one."""
    directory = tmp_path_factory.mktemp("decoding")
    for made in ("export/unet.zip", *(f"simulated/{x}" for x in SIMULATED)):
        shutil.copy(undisturbed.results / made, directory)
    (directory / "sites.bed").write_text("chr1\t500\t60000\nchr3\t100\t900\n")
    write_sheet(directory / "signals.tsv", "cell_line replicate signal", "b 1 b.bigWig")
    write_sheet(directory / "labels.tsv", "cell_line labels", "b b.narrowPeak")
    config = {
        "study": "decoded",
        "models": {"ctcf": {"bundle": "unet.zip"}},
        "genome": {"fasta": "genome.fa.gz"},
        "signals": "signals.tsv",
        "regions": "sites.bed",
        "labels": {"sheet": "labels.tsv", "mode": "peaks", "seen": True},
        "explain": {"best": 5},
        "variants": {"file": "variants.vcf", "background": 20},
    }
    study = Study(directory, config)
    study.succeed(*DECODING_TARGETS)
    return study


@pytest.fixture
def decoding(undisturbed_decoding: Study, tmp_path: Path) -> Study:
    """A copy to be disturbed."""
    return undisturbed_decoding.copy(tmp_path / "study")


@pytest.fixture(scope="session")
def jobs(undisturbed: Study) -> dict[str, list[list[str]]]:
    """Outputs of the jobs of each rule."""
    return list_jobs(undisturbed, *TARGETS)


@pytest.fixture(scope="session")
def decoding_jobs(undisturbed_decoding: Study) -> dict[str, list[list[str]]]:
    """The same of the study that decodes."""
    return list_jobs(undisturbed_decoding, *DECODING_TARGETS)


def list_jobs(study: Study, *targets: str) -> dict[str, list[list[str]]]:
    """Outputs of the jobs of each rule, from a plan that runs all of them."""
    found = defaultdict(list)
    plan = study.succeed(*targets, "--dry-run", "--forceall")
    job = r"^(?:local)?(?:rule|checkpoint) (\w+):\n(?: .+\n)*? +output: (.+)\n"
    for rule, outputs in re.findall(job, plan, re.M):
        found[rule].append(outputs.split(", "))
    return dict(found)


def remove(study: Study, *outputs: str) -> None:
    for name in outputs:
        path = study.directory / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def read_stat(path: Path) -> tuple[str, int]:
    """State and session of a process in /proc."""
    words = (path / "stat").read_text().rpartition(")")[2].split()
    return words[0], int(words[3])


def find_script(session: int) -> int | None:
    """The process that runs a rule's script, among those that Snakemake started."""
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            words = (path / "cmdline").read_text().split("\0")
            if read_stat(path)[1] == session and any(".snakemake/scripts/" in x for x in words[:2]):
                return int(path.name)
    return None


def all_stopped(session: int) -> bool:
    """Whether each process of a session is stopped, or has ended."""
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, leader = read_stat(path)
            if leader == session and state not in "TZX":
                return False
    return True


@contextlib.contextmanager
def paused(process: "subprocess.Popen[str]") -> Iterator[None]:
    """A run and all its jobs stand still."""
    os.killpg(process.pid, signal.SIGSTOP)
    try:
        # A process that is on its way to a stop when it is told to go on may stay there for good.
        assert wait_until(lambda: all_stopped(process.pid), process)
        yield
    finally:
        os.killpg(process.pid, signal.SIGCONT)


def descendants(pid: int) -> list[int]:
    """A process and all that it started."""
    found = [pid]
    for parent in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def wait_until(reached: Callable[[], object], process: "subprocess.Popen[str]") -> bool:
    """Wait for something while a process runs; whether it came."""
    limit = time.monotonic() + PATIENCE
    while not reached():
        if process.poll() is not None:
            return bool(reached())
        assert time.monotonic() < limit, "never happened"
        time.sleep(0.005)
    return True


def kill_job(study: Study, target: str, seconds: float, with_snakemake: bool) -> bool:
    """SIGKILL a job so long after its script began; whether it still ran."""
    process = study.start(target)
    try:
        assert wait_until(lambda: find_script(process.pid), process), "no script was run"
        time.sleep(seconds)
        script = find_script(process.pid)
        if script and not with_snakemake:
            for pid in descendants(script):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait(PATIENCE)
        elif script:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            study.succeed("--unlock")
        else:
            process.wait(PATIENCE)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return bool(script) and process.returncode != 0


def check_same(path: Path, expected: Path) -> None:
    """Bytes are the same, or the values of a model, a track, a record of training."""
    assert path.exists(), path
    if path.is_dir():
        for inner in expected.iterdir():
            check_same(path / inner.name, inner)
    elif path.suffix == ".bigWig":
        equal_tracks(path, expected)
    elif path.suffix == ".keras":
        one, other = (zipfile.ZipFile(x).read("model.weights.h5") for x in (path, expected))
        assert one == other, path
    elif path.suffix == ".skops":  # it holds times and addresses; what it predicts is in tracks
        assert zipfile.is_zipfile(path), path
    elif path.name == "history.tsv":
        equal_histories(path, expected)
    elif path.name == "training.json":
        one, other = (json.loads(x.read_text()) for x in (path, expected))
        assert {k: v for k, v in one.items() if k not in TIMED} == {
            k: v for k, v in other.items() if k not in TIMED
        }
    elif path.name in MEASURED or (path.parent.name == "unet" and path.suffix == ".svg"):
        assert path.stat().st_size > 0
    else:
        assert path.read_bytes() == expected.read_bytes(), path


def check_outputs(study: Study, undisturbed: Study, *outputs: str, as_old: bool = True) -> None:
    """Outputs are the same as if undisturbed, and from now on as old.

    What is the same need not be read again: networks would be trained and decode anew.
    """
    for name in outputs:
        check_same(study.directory / name, undisturbed.directory / name)
        if as_old:
            shutil.copystat(undisturbed.directory / name, study.directory / name)


def check_results(study: Study, undisturbed: Study) -> None:
    """Every final output is there and the same, and nothing else is."""
    ours, theirs = (
        {
            str(path.relative_to(x.results))
            for path in x.results.rglob("*")
            if path.is_file() and path.relative_to(x.results).parts[0] not in ("logs", "benchmarks")
        }
        for x in (study, undisturbed)
    )
    assert ours == theirs
    for name in sorted(theirs):
        check_same(study.results / name, undisturbed.results / name)
