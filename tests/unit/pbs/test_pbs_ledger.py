"""What a run submitted: found again, deleted, and the lock that it left freed."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import standin
from pbs import ledger as module
from pbs import processes
from pbs.errors import AwayError
from pbs.ledger import LEDGERS, LIFE, LOCKS, Ledger, Submission, ledger_of, read_ledgers
from pbs.sidecar import is_dead
from pbs_fixtures import (  # noqa: F401
    AWAY,
    PROFILE,
    fixture_answers,
    fixture_login,
    fixture_stand_in,
    job_states,
    qsub,
    record,
    wait_for,
)


def test_submissions_in_their_order(tmp_path):
    ledger = Ledger(tmp_path / "ledger")
    ledger.path.write_text(
        "job 1.s\nlocked 12.5\n"
        "submitting draw.w.11 2.0 0.5\nsubmitted draw.w.11 2.s\n"
        "submitting train.a.22 36.0 10.0\nsubmitted train.a.22 3.s\nended 2.s success 0.25\n"
        "submitting x.33 1 1\nrefused x.33\nsubmitting train.b.44 36 10\n"
    )
    done, runs, sent = ledger.submissions()
    assert done == Submission("draw.w.11", 2, 0.5, "2.s", "success", 0.25)
    assert runs == Submission("train.a.22", 36, 10, "3.s")
    assert (runs.stem, runs.rule) == ("train.a", "train")
    assert sent == Submission("train.b.44", 36, 10)
    assert ledger.unfinished() == (["3.s"], ["train.b.44"])


def test_ledger_is_cleared_of_what_runs(answers, tmp_path, monkeypatch):
    ledger = Ledger(tmp_path / "a/b/c/ledger")
    ledger.path.parent.mkdir(parents=True)
    lines = [f"submitting {name} 1 1\n" for name in "abcde"]
    lines += [f"submitted {name} {jobid}.s\n" for name, jobid in [("a", 1), ("b", 2), ("e", 5)]]
    ledger.path.write_text("".join([*lines, "ended 1.s success 1\nrefused c\n"]))
    states = {"2.s": ["R", "E", "F"], "4.s": ["Q", "F"], "5.s": []}
    table, asked = answers

    def qselect(*options):
        assert options == ("-N", "d")
        return 0, "4.s\n" if states["4.s"] else "", ""

    def qstat(*options):
        left = states[options[-1]]
        return (0, record(left.pop(0), "42", jobid=options[-1]), "") if left else (153, "", "")

    table.update(qselect=qselect, qstat=qstat)
    monkeypatch.setattr(module.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(module, "SETTLE", 0)
    assert ledger.clear(10)
    assert not ledger.path.exists()
    assert [x for x in asked if x[0] == "qdel"] == [("qdel", "2.s", "4.s"), ("qdel", "2.s")]
    assert not any("1.s" in x for x in asked)


@pytest.mark.parametrize("command", ["qstat", "qselect"])
def test_ledger_stays_while_the_server_is_away(answers, tmp_path, command):
    ledger = Ledger(tmp_path / "ledger")
    sent = "submitted a 1.s\n" if command == "qstat" else ""
    ledger.path.write_text("submitting a 1 1\n" + sent)
    answers[0][command] = AWAY[command]
    assert not ledger.clear(0.01)
    assert ledger.path.exists()


def write_ledger(name: str, text: str = "", age: float = 0) -> Ledger:
    """A ledger of the working directory, last changed so many seconds ago."""
    LEDGERS.mkdir(parents=True, exist_ok=True)
    path = Path.cwd() / LEDGERS / name
    path.write_text(text)
    os.utime(path, (time.time() - age,) * 2)
    return Ledger(path)


def lock() -> str:
    """Lock the directory as Snakemake does; when that was, as ledgers have it."""
    LOCKS.mkdir(parents=True, exist_ok=True)
    for name in ("0.input.lock", "0.output.lock"):
        (LOCKS / name).write_text("x\n")
    return module.find_lock(Path.cwd())


def own_ledger(text: str = "") -> Ledger:
    return write_ledger(ledger_of(os.getpid()).path.name, text)


def test_who_is_alive(answers):
    assert own_ledger().is_alive() is True
    dead = subprocess.Popen(["sleep", "60"])
    name = ledger_of(dead.pid).path.name
    dead.kill()
    dead.wait()
    assert write_ledger(name).is_alive() is False
    # On another host only the ledger's age tells, or the server if that is in a job.
    assert write_ledger("gadi-login-1-77-1").is_alive() is None
    assert write_ledger("gadi-login-1-78-1", age=LIFE + 1).is_alive() is False
    in_a_job = write_ledger("gadi-cpu-1-79-1", "job 7.gadi-pbs\n", age=LIFE + 1)
    answers[0]["qstat"] = (0, record("R", "42"), "")
    assert in_a_job.is_alive() is True
    answers[0]["qstat"] = (0, record("F", "91", "271"), "")
    assert in_a_job.is_alive() is False
    answers[0]["qstat"] = AWAY["qstat"]
    with pytest.raises(AwayError):
        in_a_job.is_alive()


@pytest.mark.parametrize("beats", [True, False])
def test_a_run_on_another_host_is_dead_when_its_ledger_stands_still(monkeypatch, beats):
    ledger = write_ledger("gadi-login-1-77-1", age=LIFE - 2)
    if beats:
        monkeypatch.setattr(module.time, "sleep", lambda seconds: ledger.write("x"))
    assert is_dead(ledger, 10) is not beats


def test_a_dead_run_s_lock_is_freed_with_its_ledger():
    ledger = write_ledger("other-1-1", f"locked {lock()}\n", age=LIFE + 1)
    assert ledger.clear(1)
    assert not LOCKS.exists()
    assert not read_ledgers(Path.cwd())


@pytest.mark.parametrize("whose", ["of a run that is alive", "of somebody else", "shared"])
def test_another_s_lock_stays(whose):
    if whose == "of a run that is alive":
        ledger = own_ledger(f"locked {lock()}\n")
    else:
        lock()
        made = module.find_lock(Path.cwd()) if whose == "shared" else "12.000000"
        ledger = write_ledger("other-1-1", f"locked {made}\n", age=LIFE + 1)
    if whose == "shared":
        own_ledger()
    assert ledger.clear(1)
    assert len(list(LOCKS.iterdir())) == 2


def test_a_beat_notes_the_lock():
    ledger = own_ledger()
    os.utime(ledger.path, (1, 1))
    ledger.beat()
    assert ledger.read() == []
    assert ledger.age() < 60
    made = lock()
    ledger.beat()
    ledger.beat()
    assert ledger.read() == [["locked", made]]


def test_the_head_is_found_through_a_shell_or_not():
    finder = (
        f"import sys; sys.path.insert(0, {str(PROFILE)!r}); "
        "from pbs.processes import find_head; print(find_head())"
    )
    (script := Path("find.py")).write_text(finder)
    command = [sys.executable, str(script)]
    direct = subprocess.run(command, capture_output=True, text=True, check=True)
    shell = subprocess.run(
        f"{sys.executable} find.py; true", shell=True, capture_output=True, text=True, check=True
    )
    assert direct.stdout == shell.stdout == f"{os.getpid()}\n"
    assert Path("find.py").resolve() not in processes.open_files(os.getpid())


@pytest.mark.parametrize("history", [True, False])
@pytest.mark.parametrize("end", ["the head is killed", "PBS ends its job", "an earlier run was"])
def test_sidecar_deletes_what_is_left(stand_in, tmp_path, end, history):
    stand_in(keeps_history=history)
    held, runs = qsub("-N", "n0", "-h"), qsub("-N", "n1", "-l", "walltime=90")
    wait_for(lambda: job_states() == "HR")
    lines = f"submitting n0 1 1\nsubmitted n0 {held}\nsubmitting n1 1 1\n"
    if end != "the head is killed":  # in that case while it submitted
        lines += f"submitted n1 {runs}\n"
    if end == "an earlier run was":
        write_ledger("another-host-1-2", f"locked {lock()}\n{lines}", age=LIFE + 1)
    head = subprocess.Popen(["sleep", "60"])
    process = subprocess.Popen(
        [str(PROFILE / "sidecar"), str(head.pid)], stdout=subprocess.PIPE, text=True
    )
    ledger = Path(process.stdout.readline().strip())
    assert ledger.parent == tmp_path / LEDGERS
    assert ledger.name.startswith(f"{socket.gethostname()}-{head.pid}-")
    if end == "an earlier run was":
        assert job_states() == "FF"
        assert not LOCKS.exists()
    else:
        ledger.open("a").write(f"locked {lock()}\n{lines}")
    if end == "PBS ends its job":
        process.terminate()
    else:
        head.kill()  # and not waited for: a zombie is dead
    assert process.wait(60) == 0
    assert job_states() == "FF"
    assert not ledger.exists()
    # The sidecar was told to end, not the head: that still has its lock.
    assert LOCKS.exists() is (end == "PBS ends its job")
    head.kill()
    head.wait()
    assert len(standin.every_job()) == 2
