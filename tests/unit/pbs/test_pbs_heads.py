"""The head: what it refuses where it is typed, how it stops, how it goes on."""

import os
import re
import subprocess
import time
from pathlib import Path

import pytest
import standin
from pbs import commands, heads
from pbs.ledger import LOCKS, find_lock, ledger_of
from pbs_fixtures import (  # noqa: F401
    AWAY,
    PROFILE,
    ROOT,
    fixture_answers,
    fixture_login,
    fixture_stand_in,
    job_states,
    record,
    wait_for,
)
from test_pbs_planning import DRY_RUN


@pytest.fixture(autouse=True)
def dry_run(tmp_path, monkeypatch) -> list[str]:
    """A snakemake that plans, and when it is to run, runs until Ctrl-C and notes each signal."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "answer").write_text(DRY_RUN)
    script = tmp_path / "bin/snakemake"
    script.write_text(
        f"""#!/bin/bash
        case "$*" in *--dry-run*) exec cat {tmp_path}/answer;; esac
        mkdir -p .snakemake/locks; touch .snakemake/locks/0.input.lock
        trap 'echo INT >> signals; sleep 1; rm -r .snakemake/locks; exit 1' INT
        trap 'echo TERM >> signals; rm -r .snakemake/locks; exit 0' TERM
        echo "ran: $*"
        echo $$ > running
        while [ ! -e done ]; do sleep 0.1; done
        rm -r .snakemake/locks
        exit $(cat done)
        """
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")


def test_head_is_submitted_with_project_and_storage(answers, capsys, tmp_path):
    answers[0]["qsub"] = (0, "7.gadi-pbs\n", "")
    arguments = ["--configfile", "config/mine.yaml", "--config", "a=[1, 2]"]
    assert commands.main(["head", *arguments]) == 0
    (command,) = answers[1]
    options = dict(zip(command[1::2], command[2::2], strict=True))
    assert options["-l"] == ("ncpus=1,mem=4096MB,walltime=172800,storage=scratch/ab12+gdata/ab12")
    assert (options["-q"], options["-P"], options["-j"]) == ("normal", "ab12", "oe")
    said = capsys.readouterr()
    assert said.out == "7.gadi-pbs\n"
    # Its own log, Snakemake's live one, what it costs, and how to stop it.
    log = Path(options["-o"])
    assert str(log) in said.err
    assert f"tail -f {log.with_suffix('.live.log')}" in said.err
    assert "qdel 7.gadi-pbs" in said.err
    assert "2 jobs; 720 service units" in said.err


@pytest.mark.parametrize(
    ("settings", "arguments", "problem"),
    [
        ({"GPU_MODEL": "p100"}, [], "gpu_model 'p100'; give one of v100, a100, h200"),
        ({"PROJECT": ""}, [], "no project"),
        ({"STORAGE": "/scratch"}, [], "give it as scratch"),
        ({"DRY": DRY_RUN.replace("gpu=1", "gpu=9")}, [], "gpu=9 on gpuvolta"),
    ],
)
def test_head_refuses_what_plan_refuses_before_it_submits(
    answers, monkeypatch, capsys, tmp_path, settings, arguments, problem
):
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    if "DRY" in settings:
        (tmp_path / "answer").write_text(settings["DRY"])
    errors = []
    for command in ("plan", "head"):
        assert commands.main([command, *arguments]) == 1
        errors.append(capsys.readouterr().err)
    assert errors[0] == errors[1]
    assert problem in errors[0]
    assert not answers[1]


def test_head_waits_for_the_server(answers, capsys):
    """Recorded: with the server down qsub ends with 162, qstat with 255."""
    (heads.HEAD).parent.mkdir(parents=True)
    heads.HEAD.write_text("5.gadi-pbs\n")
    answers[0]["qstat"] = [AWAY["qstat"], (0, record("F", "92", "0", "5.gadi-pbs"), "")]
    answers[0]["qsub"] = [AWAY["qsub"], (0, "7.gadi-pbs\n", "")]
    answers[0]["qselect"] = [AWAY["qselect"], (0, "", ""), (0, "", "")]
    answers[0]["qsub"].insert(0, AWAY["qsub"])
    answers[0]["qselect"] += [(0, "", "")] * 2
    assert commands.main(["head"]) == 0
    assert capsys.readouterr().out == "7.gadi-pbs\n"
    assert heads.HEAD.read_text() == "7.gadi-pbs\n"


@pytest.mark.parametrize(
    "why", ["a head is queued", "a run is alive", "somebody's lock", "a dead run's lock"]
)
def test_a_head_that_could_not_start_says_so_where_it_is_typed(answers, capsys, why):
    table, asked = answers
    table["qsub"] = (0, "7.gadi-pbs\n", "")
    table["qstat"] = (0, record("Q", "10", jobid="5.gadi-pbs"), "")
    heads.HEAD.parent.mkdir(parents=True)
    problem = "is locked, not by a run of this profile"
    if why == "a head is queued":
        heads.HEAD.write_text("5.gadi-pbs\n")
        problem = "has a head already, 5.gadi-pbs; qdel it"
    elif "lock" in why:
        LOCKS.mkdir(parents=True)
        (LOCKS / "0.input.lock").touch()
    if "run" in why:
        path = ledger_of(os.getpid()).path
        if "dead" in why:
            path = path.with_name(path.name + "0")  # a process that started at another time
        path.parent.mkdir(parents=True)
        path.write_text(f"locked {find_lock(Path.cwd())}\n")
        problem = "a run is alive in"
    code = commands.main(["head"])
    said = capsys.readouterr().err
    if why == "a dead run's lock":
        assert code == 0, said
    else:
        assert code == 1
        assert problem in said
        assert said.count("\n") == 1
        assert not [x for x in asked if x[0] == "qsub"]


def test_the_directory_of_a_run():
    here = Path.cwd()
    assert heads.find_directory(["all"]) == here
    assert heads.find_directory(["--directory", "x", "all"]) == here / "x"
    assert heads.find_directory(["-d", "/y"]) == Path("/y")
    assert heads.find_directory(["all", "--directory=z"]) == here / "z"


@pytest.fixture
def site(tmp_path, monkeypatch, stand_in):
    """A site where environment.sh finds that snakemake."""
    (tmp_path / "site.ini").write_text("[site]\njob_environment = environment.sh\n")
    monkeypatch.setenv("LEOPARD_SITE", str(tmp_path / "site.ini"))
    commands_path = f"{tmp_path}/bin:{ROOT}/tests/pbs/bin:{os.environ['PATH']}"
    (tmp_path / "environment.sh").write_text(
        f"export PATH={commands_path} PBS_STANDIN={tmp_path}/server\n"
    )
    monkeypatch.setenv("PATH", commands_path)
    return stand_in


def own_log() -> str:
    log = Path(standin.every_job()[0]["Output_Path"].partition(":")[2])
    wait_for(log.exists)
    return log.read_text()


@pytest.mark.parametrize("kill_delay", [5.0, 0.0])
def test_qdel_of_a_head_does_what_ctrl_c_does(site, tmp_path, capsys, kill_delay):
    """And with no time for that, its lock is freed all the same; the next may be typed at once."""
    site(kill_delay=kill_delay)
    assert commands.main(["head", "all", "--config", "a=it's, mine"]) == 0
    jobid, said = capsys.readouterr().out.strip(), Path("signals")
    wait_for(Path("running").exists)
    assert find_lock(tmp_path)
    (live,) = Path(".snakemake/pbs/logs/head").glob("*.live.log")
    wait_for(lambda: "all --config a=it's, mine" in live.read_text())
    # Typed again, it says that one is there.
    assert commands.main(["head", "all"]) == 1
    assert f"has a head already, {jobid}" in capsys.readouterr().err
    subprocess.run(["qdel", jobid], check=True)
    wait_for(lambda: job_states() == "F")
    if not kill_delay:
        assert commands.main(["head", "all"]) == 0
        return
    wait_for(lambda: not find_lock(tmp_path))
    assert said.read_text() == "INT\n"
    (ledgers,) = tmp_path.glob(".snakemake/pbs/ledgers")
    wait_for(lambda: not list(ledgers.iterdir()))
    assert commands.main(["head", "all"]) == 0


def test_a_head_ends_as_its_run_does(site, tmp_path):
    site()
    assert commands.main(["head"]) == 0
    wait_for(Path("running").exists)
    Path("done").write_text("3")
    wait_for(lambda: job_states() == "F")
    assert standin.every_job()[0]["Exit_status"] == "3"
    assert re.search(r"round 1: snakemake \n.*live.log\nran: --profile", own_log(), re.S)
    assert not Path("signals").exists()


@pytest.mark.slow
@pytest.mark.parametrize(("rounds", "states"), [("1", "FQ"), ("30", "F")])
def test_head_goes_on_only_when_out_of_time(site, tmp_path, monkeypatch, rounds, states):
    """Near the end of its walltime: it lets its jobs end, and submits itself again."""
    site(slots=1)
    monkeypatch.setenv("LEOPARD_ROUND", rounds)
    table = (PROFILE / "queues.tsv").read_text().replace("\t4\t48\t2\n", "\t4\t0.003\t2\n")
    Path("queues.tsv").write_text(table)
    assert commands.main(["head", "all"]) == 0
    wait_for(lambda: bool(job_states()) and job_states()[0] == "F")
    assert Path("signals").read_text().split()[0] == "TERM"
    wait_for(lambda: len(job_states()) == len(states))
    if rounds == "1":
        again = standin.every_job()[1]
        assert "LEOPARD_ROUND=2" in again.script.read_text()
        assert "set -- all" in again.script.read_text()
        subprocess.run(["qdel", again.id], check=True)


def test_a_head_whose_guardian_is_killed_is_interrupted(site, tmp_path):
    """As by a node's memory limit: Snakemake does not go on alone."""
    site()
    assert commands.main(["head"]) == 0
    wait_for(Path("running").exists)
    job = standin.every_job()[0]
    wait_for(lambda: "session_id" in standin.Job(job.number).attributes)
    os.kill(int(standin.Job(job.number)["session_id"]), 9)
    wait_for(Path("signals").exists)
    time.sleep(0.2)
    assert Path("signals").read_text() == "INT\n"
