"""What the tests of profiles/gadi share: a login node, and a server's recorded answers."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import standin
from pbs import server, states, submission

ROOT = Path(__file__).resolve().parents[2]
PROFILE = ROOT / "profiles/gadi"
GADI_PAGE = next(
    page
    for page in (ROOT / "docs/howto/gadi.md", ROOT / "README.md")
    if page.exists() and "profiles/gadi/head --configfile" in page.read_text()
)
"""Where the commands for Gadi are told, and what jobs cost."""
TRAINING = {"gpu": 1, "mem_mb": 16000, "runtime": 600, "disk_mb": 1000}

AWAY = {
    name: (code, "", f"Connection refused\n{name}: cannot connect to server gadi-pbs (errno=15010)")
    for name, code in {"qstat": 255, "qsub": 162, "qselect": 162, "qdel": 162}.items()
}
"""As OpenPBS 23.06.06 answered with its server down."""
NO_HISTORY = (0, "", "qstat: PBS is not configured to maintain job history\n")


@pytest.fixture(autouse=True, name="login")
def fixture_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project, a working directory, and no other setting of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROJECT", "ab12")
    settings = (PROFILE / "settings.ini").read_text().split("[site]")[1]
    names = [line.split("=")[0].strip().upper() for line in settings.splitlines() if " =" in line]
    for name in {*names, "LEOPARD_SITE", "LEOPARD_ROUND", "PBS_JOBID"} - {"PROJECT"}:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(name="answers")
def fixture_answers(monkeypatch: pytest.MonkeyPatch) -> tuple[dict, list]:
    """What each PBS command answers, set by the test, and the commands given."""
    table: dict[str, object] = {"qdel": (0, "", "")}
    asked: list[tuple[str, ...]] = []

    def run(command: tuple[str, ...], text: str = "", seconds: float = 60):
        asked.append(tuple(command))
        answer = table[command[0]]
        if callable(answer):
            return answer(*command[1:])
        return answer.pop(0) if isinstance(answer, list) else answer

    monkeypatch.setattr(server, "run", run)
    for module in (server, submission):
        monkeypatch.setattr(module.time, "sleep", lambda seconds: None)
    return table, asked


@pytest.fixture(name="stand_in")
def fixture_stand_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., None]]:
    """The stand-in's commands on PATH; called, it changes the server's options.

    In the end all jobs are deleted: one that is left would be looked after for hours. Their login
    shells have a home of their own, for one that is killed may leave the locks of what a user's
    profile starts.
    """
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PBS_STANDIN", str(tmp_path / "server"))
    path = [ROOT / "tests/pbs/bin", Path(sys.executable).parent, "/usr/bin", "/bin"]
    monkeypatch.setenv("PATH", os.pathsep.join(map(str, path)))
    monkeypatch.setattr(standin, "STATE", tmp_path / "server")
    (tmp_path / "server").mkdir()

    def change(**options: object) -> None:
        standin.Options(**options).write()  # type: ignore[arg-type]

    yield change
    change()
    for job in standin.every_job():
        job.deletion.touch()


def qsub(*options: str, script: str = "sleep 60\n") -> str:
    """A job's id from the stand-in."""
    return subprocess.run(
        ["qsub", *options], input=script, stdout=subprocess.PIPE, text=True, check=True
    ).stdout.strip()


def wait_for(reached: Callable[[], object], seconds: float = 60) -> None:
    limit = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < limit, job_states()
        time.sleep(0.05)


def job_states() -> str:
    """The state letters of all the stand-in's jobs, in their order."""
    return "".join(job["job_state"] for job in standin.every_job())


def record(state: str, substate: str, code: str | None = None, jobid: str = "7.gadi-pbs") -> str:
    lines = [f"Job Id: {jobid}", f"    job_state = {state}", f"    substate = {substate}"]
    lines += [] if code is None else [f"    Exit_status = {code}"]
    return "\n".join([*lines, "", ""])


def write_job(path: Path, attempt: int = 1, **changes: object) -> Path:
    """A job script as Snakemake writes it."""
    properties = {
        "type": "single",
        "rule": "train_network",
        "wildcards": {"model": "unet", "member": "a-a-s1"},
        "threads": 8,
        "resources": TRAINING,
        "log": ["logs/train.log"],
    } | changes
    text = f"cd /clone && /clone/.venv/bin/python -m snakemake --attempt {attempt} --cores all"
    path.write_text(f"#!/bin/bash\n# properties = {json.dumps(properties)}\n\n{text} && exit 0\n")
    return path


def leave_exit(jobid: str, text: str) -> None:
    states.EXITS.mkdir(parents=True, exist_ok=True)
    (states.EXITS / jobid).write_text(text + "\n")
