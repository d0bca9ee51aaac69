"""README's commands for Gadi, from login to report, as they are typed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import standin
from pbs_fixtures import GADI_PAGE
from workflow.conftest import ROOT

from cluster.conftest import Server

PRELUDE = """
set -eu
# What the README takes from elsewhere: the repository, modules and packages.
git() {{ [ "$*" = "clone {root} leopard" ] && mkdir leopard && cp -r {parts} leopard; }}
module() {{ [ "$*" = "load python3/3.12.1" ]; }}
python3() {{ [ "$*" = "-m venv .venv" ] && ln -s {venv} .venv; }}
pip() {{ echo "pip $*"; }}
"""


def test_from_login_to_report_in_six_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    server = Server(tmp_path / "server")
    server.set(held="head")
    monkeypatch.setenv("USER", "me")
    (tmp_path / "scratch/ab12/me").mkdir(parents=True)
    blocks = re.findall(r"```sh\n(.*?)```", GADI_PAGE.read_text(), re.S)
    (block,) = [x for x in blocks if "profiles/gadi/head" in x]
    lines = block.replace("\\\n", "").splitlines()
    assert len(lines) == 6
    lines[0] = lines[0].replace("/scratch/", f"{tmp_path}/scratch/")
    lines[0] = lines[0].replace("<this repository>", str(ROOT))
    # The user's own study, in place of which the demo stands.
    lines.insert(3, "cp config/demo.yaml config/mine.yaml")
    parts = ["Snakefile", "config", "workflow", "profiles", "envs", "resources", "requirements.txt"]
    prelude = PRELUDE.format(
        root=ROOT, parts=" ".join(f"{ROOT}/{x}" for x in parts), venv=sys.prefix
    )
    script = prelude + "\n".join(f"echo '== {n}'\n{line}" for n, line in enumerate(lines))
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=False, env=os.environ
    )
    assert done.returncode == 0, done.stdout + done.stderr
    _, _, _, installed, _, plan, head, listed = re.split(r"^== \d\n", done.stdout, flags=re.M)

    clone = tmp_path / "scratch/ab12/me/leopard"
    assert installed == "pip install -r requirements.txt -e .[gpu]\n"
    assert (clone / "requirements.txt").exists()
    assert re.search(r"^gpu = \[", (ROOT / "pyproject.toml").read_text(), re.M)
    assert re.search(r"^train_network .* dgxa100 +16 +1 ", plan, re.M)
    assert plan.splitlines()[-1].endswith("service units if each took all its walltime")

    (job,) = server.jobs
    assert head == f"{job.id}\n"
    assert listed.startswith(job.id)
    assert f"qdel {job.id}" in done.stderr
    assert plan.splitlines()[-1] in done.stderr
    assert job["queue"] == "normal"
    script = standin.Job(job.number).script.read_text()
    assert "set -- --configfile config/mine.yaml --report results/mine/report.html" in script
    assert "export GPU_MODEL=a100" in script
    assert f"export LEOPARD_DIRECTORY={clone}\n" in script
