"""A login node's own Python runs the commands."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pbs_fixtures import (  # noqa: F401
    PROFILE,
    ROOT,
    fixture_login,
    fixture_stand_in,
    job_states,
    wait_for,
    write_job,
)

MODULES = sorted((PROFILE / "pbs").glob("*.py"))
OLD = [
    *Path("/usr/libexec").glob("platform-python"),
    *Path.home().glob(".pyenv/versions/3.6.*/bin/python3.6"),
    *map(Path, filter(None, [shutil.which("python3.6")])),
]


@pytest.mark.parametrize("path", [*MODULES, PROFILE / "command"], ids=lambda path: path.name)
def test_no_syntax_is_newer_than_python_3_6(path):
    ast.parse(path.read_text(), feature_version=(3, 6))


@pytest.mark.skipif(not OLD, reason="no Python 3.6 on this machine")
def test_python_3_6_submits_watches_and_clears(stand_in, tmp_path, monkeypatch):
    """The commands by the old Python, the stand-in's by this one."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python3").symlink_to(OLD[0])
    for name in ("qsub", "qstat", "qdel", "qselect"):
        (tmp_path / "bin" / name).write_text(
            f'#!/bin/sh\nexec {sys.executable} {ROOT}/tests/pbs/bin/{name} "$@"\n'
        )
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    monkeypatch.setenv("PROGRESS_SECONDS", "0.1")
    job = write_job(
        tmp_path / "job.sh", rule="draw", threads=1, resources={"mem_mb": 10, "runtime": 10}
    )
    # It runs until it is deleted: "1 running" is said however late the sidecar looks.
    job.write_text(job.read_text().replace("cd /clone", "sleep 600; cd /clone"))
    stand_in(disabled="normal", slots=1)
    script = tmp_path / "run.sh"
    script.write_text(
        f"""id=$({PROFILE}/submit job.sh); echo "$id"
        until grep -q "1 running" said; do {PROFILE}/status "$id" > word; sleep 0.2; done
        {PROFILE}/status 1.server
        {PROFILE}/head --configfile absent.yaml
        """
    )
    with Path("said").open("w") as said:
        run = subprocess.Popen(["bash", script], stdout=subprocess.PIPE, stderr=said, text=True)
    wait_for(lambda: "Queue is not enabled; trying again" in Path("said").read_text())
    stand_in()
    answer, _ = run.communicate(timeout=120)
    assert answer == "101.server\nrunning\n"
    said = Path("said").read_text()
    assert "error: a run is alive in" in said  # as the head is told
    assert "Traceback" not in said
    ledgers = tmp_path / ".snakemake/pbs/ledgers"
    wait_for(lambda: not list(ledgers.iterdir()))
    assert job_states() == "F"


def test_modules_are_small():
    assert all(len(path.read_text().splitlines()) < 300 for path in MODULES)
