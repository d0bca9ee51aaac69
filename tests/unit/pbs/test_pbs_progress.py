"""How far a run is, and which of its jobs do not get on."""

import json
import subprocess
from pathlib import Path

import pytest
from pbs import progress
from pbs.ledger import Ledger, Submission
from pbs.progress import PRICES, Watch, read_steps, reckon
from pbs.server import ask_live
from pbs_fixtures import (  # noqa: F401
    PROFILE,
    fixture_login,
    fixture_stand_in,
    job_states,
    qsub,
    wait_for,
)

LOG = """Building DAG of jobs...
Job stats:
job                count
---------------  -------
download_file          2
draw_windows           1
train_network          3
gather_checks          1
all                    1
total                  8

[Sat Nov 28 07:52:17 2026]
Finished jobid: 9 (Rule: download_file)
1 of 8 steps (12%) done
[Sat Nov 28 07:53:17 2026]
Finished jobid: 8 (Rule: gather_checks)
3 of 9 steps (33%) done
"""


def test_steps_in_snakemake_s_log():
    done, total, rules = read_steps(LOG)
    assert (done, total) == (3, 9)
    assert rules == {
        "download_file": 2,
        "draw_windows": 1,
        "train_network": 3,
        "gather_checks": 1,
        "all": 1,
    }
    assert read_steps("") == (0, 0, {})


def test_units_so_far_and_expected():
    submissions = [
        Submission("download_file.a.1", 2, 10, "1.s", "failed", 0.5),
        Submission("download_file.a.2", 2, 10, "2.s", "success", 1),
        Submission("download_file.b.3", 2, 10, "3.s"),
        Submission("train_network.a.4", 36, 10, "4.s"),
        Submission("train_network.b.5", 36, 10, "5.s"),
        Submission("train_network.c.6", 36, 10),
    ]
    live = {
        "3.s": {"job_state": "R", "resources_used.walltime": "00:30:00"},
        "4.s": {"job_state": "R", "resources_used.walltime": "02:00:00"},
        "5.s": {"job_state": "Q"},
    }
    prices = {"draw_windows": 4.0, "gather_checks": 0.0, "all": 0.0}
    found = reckon(submissions, live, LOG, prices)
    # A failed and a finished download, half an hour of another, two hours of training.
    assert found.units == 1 + 2 + 1 + 72
    # The other download as the finished one; three trainings of ten hours; the windows by the plan.
    assert found.expected == 1 + 2 + 2 + 3 * 360 + 4
    assert str(found) == (
        "3 of 9 jobs done, 2 running, 2 queued; 76.0 service units so far, 1089.0 expected."
    )
    assert str(reckon(submissions, live, LOG, {})).endswith("1085.0 expected at least.")


def test_a_site_without_charges_hears_of_none():
    submissions = [Submission("train_network.a.4", 0, 10, "4.s")]
    line = str(reckon(submissions, {}, "", {}))
    assert line == "0 of 0 jobs done, 0 running, 1 queued."


@pytest.mark.parametrize("history", [True, False])
def test_jobs_that_do_not_get_on(stand_in, monkeypatch, history):
    """As the real server shows them: a line each after some minutes, with its comment."""
    stand_in(slots=0, keeps_history=history, held="held")
    ids = [
        qsub("-N", "held.a.1"),
        qsub("-N", "big.a.2", "-l", "ncpus=1000"),
        *[qsub("-N", f"waits.{x}.3", "-q", "gpuvolta") for x in "abc"],
        qsub("-N", "waits.d.4", "-q", "normal"),
    ]
    watch = Watch(Ledger(Path("ledger")), 1)
    live = ask_live([*ids, "999.server"])
    assert set(live) == set(ids)
    assert watch.find_stuck(live, 0) == []
    assert watch.find_stuck(live, 299) == []
    assert watch.find_stuck(live, 301) == [
        f"held.a ({ids[0]}) is held: Job held by user; qrls {ids[0]} lets it go.",
        f"big.a ({ids[1]}) can never run: Can Never Run: Insufficient amount of resource: ncpus "
        f"(R: 1000 A: 128); qdel {ids[1]}, and ask for less.",
        f"waits.a ({ids[2]}) waits in gpuvolta, as do 2 more: Not Running: Queue not started.",
        f"waits.d ({ids[5]}) waits in normal: Not Running: Queue not started.",
    ]
    assert watch.find_stuck(live, 900) == []
    # What is let go and held again is news, as is the next wait for a queue that was empty.
    del live[ids[0]], live[ids[5]]
    assert watch.find_stuck(live, 910) == []
    live = ask_live(ids)
    assert watch.find_stuck(live, 920) == []
    later = watch.find_stuck(live, 1300)
    assert [line.split()[0] for line in later] == ["held.a", "waits.d"]


def test_the_sidecar_says_how_far_the_run_is(stand_in, tmp_path, monkeypatch):
    """By the server, the ledger and the log that Snakemake has open."""
    stand_in(held="held")
    monkeypatch.setenv("PROGRESS_SECONDS", "0.3")
    monkeypatch.setenv("NOTICE_MINUTES", "0.01")
    log = tmp_path / "2026.snakemake.log"
    log.write_text(LOG)
    PRICES.parent.mkdir(parents=True)
    PRICES.write_text(json.dumps(dict.fromkeys(("draw_windows", "gather_checks", "all"), 0)))
    with log.open() as stream:
        head = subprocess.Popen(["sleep", "60"], stdin=stream)
    said = tmp_path / "said"
    with said.open("w") as stream:
        sidecar = subprocess.Popen(
            [str(PROFILE / "sidecar"), str(head.pid)],
            stdout=subprocess.PIPE,
            stderr=stream,
            text=True,
        )
    ledger = Ledger(Path(sidecar.stdout.readline().strip()))
    for name in ("train_network.a.1", "held.b.2"):
        ledger.write("submitting", name, 36, 10)
        ledger.write("submitted", name, qsub("-N", name))
    wait_for(lambda: "is held" in said.read_text() and "1 running, 1 queued" in said.read_text())
    assert "3 of 9 jobs done, 1 running, 1 queued; " in said.read_text()
    stand_in(held="held", down=True)
    wait_for(lambda: "is away" in said.read_text())
    stand_in(held="held")
    wait_for(lambda: "answers again" in said.read_text())
    assert said.read_text().count("is away") == said.read_text().count("is held") == 1
    head.kill()
    head.wait()
    assert sidecar.wait(60) == 0
    assert set(job_states()) == {"F"}
    assert said.stat().st_size < 20_000


def test_an_unknown_state_is_no_trouble():
    assert progress.stuck({"job_state": "E"}) == progress.stuck({}) == ""
