"""What is told of a job by its record, or by what it left."""

import os
import time

import pytest
from pbs import commands, states
from pbs.server import parse_qstat
from pbs_fixtures import AWAY, NO_HISTORY, fixture_answers, fixture_login, leave_exit, record  # noqa: F401


@pytest.mark.parametrize(
    ("state", "substate", "code", "word"),
    [
        ("Q", "10", None, "running"),
        ("H", "20", None, "running"),
        ("W", "30", None, "running"),
        ("R", "41", None, "running"),
        ("R", "42", None, "running"),
        ("E", "51", "0", "running"),
        ("E", "51", "1", "running"),
        ("F", "92", "0", "success"),
        ("F", "93", "3", "failed"),
        ("F", "91", "271", "failed"),
        ("F", "93", "271", "failed"),
        ("F", "91", "265", "failed"),
        ("F", "91", "0", "failed"),
        ("F", "93", "0", "failed"),
        ("F", "91", None, "failed"),
        ("F", "92", None, "failed"),
        ("F", "93", "-29", "failed"),
        ("F", "93", "-27", "failed"),
        ("F", "93", "-17", "failed"),
    ],
)
def test_status_of_every_state(answers, capsys, state, substate, code, word):
    answers[0]["qstat"] = (0, record(state, substate, code), "")
    assert commands.main(["status", "7.gadi-pbs"]) == 0
    said = capsys.readouterr()
    assert said.out == f"{word}\n"
    assert bool(said.err) == (word == "failed")
    assert answers[1] == [("qstat", "-f", "-x", "7.gadi-pbs")]


@pytest.mark.parametrize(
    "answer",
    [
        AWAY["qstat"],
        (183, "", "qstat: Communication failure"),
        (1, "", ""),
        (0, "", ""),
        (0, "Job Id: 7.gadi-pbs\n", ""),
        (0, record("F", "92", "0").replace("7.", "8."), ""),
    ],
)
def test_status_while_the_server_does_not_say(answers, capsys, answer):
    answers[0]["qstat"] = answer
    assert commands.main(["status", "7.gadi-pbs"]) == 0
    assert capsys.readouterr().out == "running\n"


def test_status_without_an_id_asks_nothing(answers, capsys):
    assert commands.main(["status", ""]) == 0
    assert capsys.readouterr().out == "running\n"
    assert not answers[1]


@pytest.mark.parametrize(
    ("code", "word"), [("0 12 train.1", "success"), ("1 12 train.1", "failed"), ("", "failed")]
)
def test_status_of_a_forgotten_job_is_in_its_exit_file(answers, capsys, code, word):
    answers[0]["qstat"] = (153, "", "qstat: Unknown Job Id 7.gadi-pbs")
    leave_exit("7.gadi-pbs", code)
    commands.main(["status", "7.gadi-pbs"])
    assert capsys.readouterr().out == f"{word}\n"


def test_status_of_a_forgotten_job_without_exit_file(answers, capsys):
    answers[0]["qstat"] = (153, "", "qstat: Unknown Job Id 7.gadi-pbs")
    commands.main(["status", "7.gadi-pbs"])
    assert capsys.readouterr().out == "running\n"
    (missed,) = states.EXITS.iterdir()
    long_ago = time.time() - states.VANISHED - 1
    os.utime(missed, (long_ago, long_ago))
    commands.main(["status", "7.gadi-pbs"])
    assert capsys.readouterr().out == "failed\n"


def test_a_variable_with_line_breaks_passes_for_no_attribute():
    text = record("R", "42").rstrip("\n") + (
        "\n    Variable_List = A=x\n    job_state = F\n    substate = 92\n\tmore\n"
        "    comment = Job run\n"
    )
    (found,) = parse_qstat(text).values()
    assert (found["job_state"], found["substate"], found["comment"]) == ("R", "42", "Job run")


def test_status_without_job_history(answers, capsys):
    """Recorded: -x says so and shows nothing, not even what runs; without it what has ended is
    unknown.
    """
    table, asked = answers
    live = iter([(0, record("R", "42"), ""), (153, "", "qstat: Unknown Job Id 7.gadi-pbs")])
    table["qstat"] = lambda *options: NO_HISTORY if "-x" in options else next(live)
    assert commands.main(["status", "7.gadi-pbs"]) == 0
    assert capsys.readouterr().out == "running\n"
    leave_exit("7.gadi-pbs", "0 12 train.1")
    assert commands.main(["status", "7.gadi-pbs"]) == 0
    assert capsys.readouterr().out == "success\n"
    assert asked[1] == ("qstat", "-f", "7.gadi-pbs")


def test_an_outage_is_one_line_when_it_begins_and_one_when_it_ends(answers, capsys):
    answers[0]["qstat"] = AWAY["qstat"]
    for _ in range(3):
        commands.main(["status", "7.gadi-pbs"])
    said = capsys.readouterr()
    assert said.out == "running\n" * 3
    assert said.err.count("\n") == 1
    assert "cannot connect to server gadi-pbs" in said.err
    answers[0]["qstat"] = (0, record("R", "42"), "")
    for _ in range(3):
        commands.main(["status", "7.gadi-pbs"])
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "answers again" in said


def test_what_else_keeps_the_status_from_being_known_is_said_once(answers, capsys):
    answers[0]["qstat"] = (1, "", "qstat: illegally formed job identifier")
    for _ in range(3):
        commands.main(["status", "7.gadi-pbs"])
    assert capsys.readouterr().err.count("illegally formed") == 1


def test_hours_of_a_job(monkeypatch):
    assert states.hours_used({"resources_used.walltime": "01:30:00"}) == 1.5
    assert states.hours_used({"job_state": "Q"}) == 0
    monkeypatch.setenv("TZ", "UTC")
    since = time.ctime(time.time() - 1800)
    running = {"job_state": "R", "stime": since, "resources_used.walltime": "00:00:00"}
    assert states.hours_used(running) == pytest.approx(0.5, abs=0.01)


def test_the_job_of_a_name_is_found_by_what_it_left():
    assert states.find_exit("train.1") is None
    leave_exit("7.gadi-pbs", "0 12 train.1")
    leave_exit("8.gadi-pbs", "0 12 train.2")
    (states.EXITS / "9.gadi-pbs.missed").touch()
    assert states.find_exit("train.2") == "8.gadi-pbs"
