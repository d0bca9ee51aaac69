"""A dry run read: its jobs, its errors, and the arguments that it can use."""

import json
import re
from pathlib import Path

import pytest
from pbs import commands, planning
from pbs.errors import RefusedError
from pbs_fixtures import ROOT, fixture_login  # noqa: F401

DRY_RUN = """Using profile profiles/gadi for setting default command line arguments.

Building DAG of jobs...
[Sat Nov 28 07:52:17 2026]
rule train_network:
    output: model.keras
    log: logs/train.log
    jobid: 9
    wildcards: model=unet, member=a-a-s1
    threads: 8
    resources: tmpdir=/tmp, mem_mb=16000, mem=16 GB, disk_mb=1000, gpu=1, runtime=600
[Sat Nov 28 07:52:17 2026]
rule train_network:
    output: other.keras
    threads: 8
    resources: tmpdir=/tmp, mem_mb=16000, mem=16 GB, disk_mb=1000, gpu=1, runtime=600
[Sat Nov 28 07:52:17 2026]
checkpoint gather_checks:
    output: inputs.tsv
    resources: tmpdir=/tmp, mem_mb=1000, runtime=10
[Sat Nov 28 07:52:17 2026]
rule CTCF_gather_checks:
    output: inputs.tsv
    resources: tmpdir=/tmp, mem_mb=1000, runtime=10
[Sat Nov 28 07:52:17 2026]
rule all:
    input: model.keras
    resources: tmpdir=/tmp, mem_mb=4000, runtime=60
"""


def test_jobs_of_a_dry_run_without_local_ones():
    ((job, n),) = planning.read_jobs(DRY_RUN).items()
    assert (job.rule, job.request.queue, job.request.ncpus, n) == (
        "train_network",
        "gpuvolta",
        12,
        2,
    )
    assert job.units == 360


def test_local_rules_are_those_that_say_so():
    rules = planning.read_rules()
    for name in ("all", "gather_checks", "evaluate", "CTCF_gather_checks", "NANOG_windows"):
        assert planning.is_local(name, rules), name
    for name in ("train_network", "summarise_windows", "CTCF_summarise_windows", "unheard_of"):
        assert not planning.is_local(name, rules), name
    text = "".join(
        path.read_text() for path in [ROOT / "Snakefile", *ROOT.glob("workflow/**/*.smk")]
    )
    local, name = set(), None
    for line in text.splitlines():
        if header := re.match(r" *(?:use )?(?:rule|checkpoint)\b ?.*?(\w*)(?: with)?:$", line):
            name = header[1]
        elif line.strip() == "localrule: True" and name:
            local.add(name)
    assert {name for name, here in rules.items() if here} == local


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ("--report r.html --report-after-run", ""),
        ("all --report --configfile c.yaml", "all --configfile c.yaml"),
        ("--report=r.html all -n", "all"),
        ("--report-after-run all", "all"),
        ("--configfile c.yaml --quiet rules host -c4 --cores 4 -j 2", "--configfile c.yaml -j 2"),
        (
            "--report-stylesheet s.css --config a=1 b=2 --keep-going",
            "--config a=1 b=2 --keep-going",
        ),
    ],
)
def test_arguments_that_a_dry_run_can_use(given, left):
    assert planning.without_reporting(given.split()) == left.split()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "Using profile x\nerror: a.tsv: no such file; correct it\n",
            "a.tsv: no such file; correct it",
        ),
        (
            "Using profile x\nWorkflowError in file Snakefile, line 3:\nConfig file a not found.\n",
            "WorkflowError in file Snakefile, line 3: Config file a not found.",
        ),
        ("MissingInputException in rule x in file y, line 7:\nMissing input files\n  a\n", None),
        ("", "it said nothing"),
        ("killed\n", "killed"),
    ],
)
def test_what_is_wrong_in_one_line(text, line):
    found = planning.explain_failure(text)
    assert "\n" not in found
    if line:
        assert found == line
    else:
        assert found.endswith("line 7: Missing input files")


def snakemake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, code: int = 0) -> None:
    """A snakemake that answers so and notes its arguments."""
    (tmp_path / "bin").mkdir(exist_ok=True)
    (tmp_path / "answer").write_text(text)
    script = tmp_path / "bin/snakemake"
    script.write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/asked\ncat {tmp_path}/answer\nexit {code}\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")


def test_plan_takes_what_head_takes(tmp_path, monkeypatch, capsys):
    snakemake(tmp_path, monkeypatch, DRY_RUN)
    given = ["--configfile", "c.yaml", "--report", "r.html", "--report-after-run"]
    assert commands.main(["plan", *given]) == 0
    said = capsys.readouterr().out
    assert "--report" not in Path("asked").read_text()
    assert said.splitlines()[-1] == "2 jobs; 720 service units if each took all its walltime"
    assert "gather_checks" not in said


def test_plan_says_an_error_in_one_line(tmp_path, monkeypatch, capsys):
    dump = "usage: snakemake [-h]\n" + "  --option\n" * 300 + "snakemake: error: what is that?\n"
    snakemake(tmp_path, monkeypatch, dump, code=2)
    assert commands.main(["plan", "--what"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.startswith("error: snakemake: error: what is that? (all of it is in ")
    assert (tmp_path / ".snakemake/pbs/logs/plan.log").read_text() == dump


def test_prices_are_kept_for_who_says_how_far_the_run_is(tmp_path):
    planning.keep_prices(planning.read_jobs(DRY_RUN), tmp_path)
    prices = json.loads((tmp_path / planning.PRICES).read_text())
    assert prices["train_network"] == 360
    assert prices["gather_checks"] == 0


def test_what_no_queue_has_is_refused():
    with pytest.raises(RefusedError, match="gpu=9 on gpuvolta"):
        planning.read_jobs(DRY_RUN.replace("gpu=1", "gpu=9"))
