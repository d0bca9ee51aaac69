"""The tiny study through profiles/gadi, on the stand-in for PBS Professional."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import standin
from workflow.conftest import ROOT, Study, build_study

PATIENCE = 1200  # seconds until a run counts as stuck, on a busy machine


class Server:
    """What a test sees of the stand-in's state, and does to it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir()

    def set(self, **options: object) -> None:
        standin.STATE = self.directory
        standin.Options(**options).write()  # type: ignore[arg-type]

    @property
    def jobs(self) -> list[standin.Job]:
        standin.STATE = self.directory
        return standin.every_job()

    @property
    def live(self) -> list[str]:
        return [job["Job_Name"] for job in self.jobs if not job.is_finished]

    def submissions(self) -> Counter[str]:
        """How often each job was submitted: rule and wildcards, without what makes names unique."""
        return Counter(job["Job_Name"].rpartition(".")[0] for job in self.jobs)

    def events(self, kind: str = "") -> list[list[str]]:
        """What started and ended: event, id and name."""
        path = self.directory / "events"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line.split() for line in lines if line.startswith(kind)]

    def unanswered(self, command: str) -> bool:
        """Whether a command came while the server was down."""
        path = self.directory / "unanswered"
        return path.exists() and command in path.read_text().split()

    def check_nothing_ran_twice_at_once(self) -> None:
        running: set[str] = set()
        for event, _, name in self.events():
            what = name.rpartition(".")[0]
            if event == "started":
                assert what not in running, f"{what} was started while it ran"
                running.add(what)
            else:
                running.remove(what)

    def wait_until(self, reached: Callable[[], bool], seconds: float = PATIENCE) -> None:
        limit = time.monotonic() + seconds
        while not reached():
            assert time.monotonic() < limit, f"never happened; live: {self.live}"
            time.sleep(0.02)


@dataclass
class GadiStudy(Study):
    """A study whose jobs go to the server."""

    clone: Path = field(kw_only=True)
    server: Server = field(kw_only=True)
    heads: "list[subprocess.Popen[str]]" = field(default_factory=list)

    def command(self, *arguments: str) -> list[str]:
        _, *local = super().command(*arguments)
        at = local.index("--profile")
        return [
            *(str(self.clone / ".venv/bin/python"), *local[:at]),
            *("--profile", str(self.profile_directory), *local[at + 2 :]),
            *("--latency-wait", "5", "--seconds-between-status-checks", "1"),
            *("--max-status-checks-per-second", "10", "--max-jobs-per-timespan", "100/1s"),
        ]

    @property
    def profile_directory(self) -> Path:
        return self.clone / "profiles/gadi"

    def start(self, *arguments: str, **options: Any) -> "subprocess.Popen[str]":
        """Start Snakemake as a terminal would: a process group that Ctrl-C reaches."""
        reached = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
        head = super().start(*arguments, **reached, **options)
        self.heads.append(head)
        return head

    @property
    def ledgers(self) -> list[Path]:
        """Those of runs that are not over, or left jobs or a lock."""
        directory = self.directory / ".snakemake/pbs/ledgers"
        return list(directory.iterdir()) if directory.exists() else []

    def check_after_fault(self, undisturbed: Study) -> None:
        """No job left, none twice, and nothing under a final name that is not whole."""
        self.server.wait_until(lambda: not self.server.live)
        self.server.check_nothing_ran_twice_at_once()
        for path in (self.results / "windows").glob("*"):
            whole = undisturbed.results / path.relative_to(self.results)
            if whole.exists():
                assert path.read_bytes() == whole.read_bytes(), path

    def check_result(self, undisturbed: Study) -> None:
        """The windows are all there, and those of the undisturbed run."""
        self.check_after_fault(undisturbed)
        names = {path.name for path in (self.results / "windows").iterdir()}
        assert names == {path.name for path in (undisturbed.results / "windows").iterdir()}
        self.server.wait_until(lambda: not self.ledgers)


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_server(tmp_path, monkeypatch)


def use_server(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A login node: the commands on PATH, as they are in a login shell anywhere; a project."""
    (directory / "home").mkdir()
    (directory / "home/.profile").write_text(
        f"export PATH={ROOT}/tests/pbs/bin:$PATH PBS_STANDIN={directory}/server\n"
    )
    monkeypatch.setenv("PBS_STANDIN", str(directory / "server"))
    monkeypatch.setenv("HOME", str(directory / "home"))
    monkeypatch.setenv("PROJECT", "ab12")
    commands = [str(ROOT / "tests/pbs/bin"), str(Path(sys.executable).parent)]
    monkeypatch.setenv("PATH", os.pathsep.join([*commands, "/usr/bin", "/bin"]))
    for name in ("STORAGE", "GPU_MODEL", "JOBFS_GB", "SNAKEMAKE_PROFILE", "LEOPARD_SITE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workflow where somebody may have put it, with its environment as the README makes it."""
    clone = tmp_path_factory.mktemp("clone") / "of it, (mine)"
    for name in ("workflow", "profiles", "envs", "resources"):
        shutil.copytree(ROOT / name, clone / name, symlinks=True)
    shutil.copy2(ROOT / "Snakefile", clone)
    (clone / ".venv").symlink_to(Path(sys.prefix))
    return clone


@pytest.fixture(scope="session")
def undisturbed(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> GadiStudy:
    """The study run through to its evaluation, no fault in between."""
    directory = tmp_path_factory.mktemp("undisturbed")
    with pytest.MonkeyPatch.context() as monkeypatch:
        use_server(directory, monkeypatch)
        (directory / "study").mkdir()
        study = build_study(
            directory / "study",
            members=[{"train": "a", "validation": "a", "seed": 1}],
            training={"batch_size": 16, "epochs": 6},
        )
        server = Server(directory / "server")
        through = GadiStudy(
            study.directory,
            study.config,
            snakefile=clone / "Snakefile",
            clone=clone,
            server=server,
        )
        through.succeed("evaluate")
    return through


@pytest.fixture
def study(undisturbed: GadiStudy, tmp_path: Path) -> Iterator[GadiStudy]:
    """A copy of the finished study and a server of its own; the windows' arrays are to be made."""
    study = undisturbed.copy(tmp_path / "study", server=Server(tmp_path / "server"), heads=[])
    for path in (study.results / "windows").glob("*.npy"):
        path.unlink()
    yield study
    for head in study.heads:
        head.kill()  # a failed test may have left it; its sidecar deletes its jobs
        head.wait()
