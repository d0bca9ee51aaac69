"""A login node's own Python runs the commands."""

import ast
import shutil
import subprocess
from pathlib import Path

import pytest
from pbs_fixtures import PROFILE, ROOT

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
def test_python_3_6_runs_them(tmp_path):
    done = subprocess.run(
        [OLD[0], "-B", PROFILE / "head", "--configfile", "absent.yaml"],
        cwd=tmp_path,
        env={"PATH": f"{ROOT}/tests/pbs/bin:/usr/bin:/bin", "PROJECT": "ab12"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (
        1,
        "error: snakemake: no such command; activate the environment\n",
    )


def test_modules_are_small():
    assert all(len(path.read_text().splitlines()) < 300 for path in MODULES)
