"""Whole runs through profiles/gadi on the stand-in, undisturbed and disturbed."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest
import standin
from workflow.conftest import ROOT, equal_histories, equal_tracks

from cluster.conftest import PATIENCE, GadiStudy

ARRAYS = Counter(
    [
        f"extract_{x}"
        for x in ("sequence.windows", "signal.windows.a.accessibility", "labels.windows.a")
    ]
)


SITE = ROOT / "tests/pbs/plain/settings.ini"
PLAIN = {"queues": ["workq", "gpu"], "resources": ["ncpus", "gpus", "mem", "walltime"]}


def find_processes(*words: str) -> list[int]:
    """Processes whose command line ends with these words."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if path.read_text().endswith("\0".join(["", *words, ""])):
                found.append(int(path.parent.name))
    return found


def has_started(study: GadiStudy, n: int = 1) -> bool:
    return len(study.server.events("started")) >= n


def test_undisturbed(undisturbed: GadiStudy):
    server = undisturbed.server
    assert not server.live
    assert set(server.submissions().values()) == {1}, "a job was submitted more than once"
    server.check_nothing_ran_twice_at_once()
    jobs = {job["Job_Name"].rpartition(".")[0]: job for job in server.jobs}
    train = jobs["train_network.unet.a-a-s1"]
    assert "--set-threads train_network=12" in train.script.read_text()
    assert "--set-threads calibrate_model=12" in jobs["calibrate_model.unet"].script.read_text()
    assert train["queue"] == "gpuvolta"
    assert (train.resource("ngpus"), train.resource("ncpus")) == ("1", "12")
    assert (train.resource("mem"), train.resource("walltime")) == ("24000MB", "36000")
    assert jobs["draw_windows.windows"]["queue"] == "normal"
    for job in jobs.values():
        assert job["project"] == "ab12"
        assert job.resource("storage") == "scratch/ab12+gdata/ab12"
        log = Path(job["Output_Path"].partition(":")[2])
        assert job.id in log.read_text()
        assert log.stat().st_mode & 0o777 == 0o640
    assert (undisturbed.results / "windows/windows.tsv").stat().st_mode & 0o777 == 0o640
    assert not list((undisturbed.directory.parent / "home").glob("*.o*"))


def test_nothing_to_do(study: GadiStudy):
    assert "Nothing to be done" in study.succeed("evaluate")
    assert not study.server.jobs


@pytest.mark.full
def test_a_job_that_fails_once(study: GadiStudy, undisturbed: GadiStudy):
    study.server.set(hook_rejections=1)
    said = study.succeed("windows")
    assert "rejected by a hook" in said
    assert study.server.submissions().total() == 4
    study.check_result(undisturbed)


def test_a_job_that_always_fails(study: GadiStudy, undisturbed: GadiStudy):
    signal_file = study.results / "simulated/a.bigWig"
    whole, stat = signal_file.read_bytes(), signal_file.stat()
    signal_file.write_bytes(whole[:5000])
    os.utime(signal_file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    done = study.run("windows")
    assert done.returncode == 1
    assert study.server.submissions() == ARRAYS + Counter(
        {"extract_signal.windows.a.accessibility": 2}
    )
    tries = [j for j in study.server.jobs if j["Job_Name"].startswith("extract_signal")]
    assert [j.resource("mem") for j in tries] == ["2000MB", "4000MB", "6000MB"]
    assert [j.resource("walltime") for j in tries] == ["1800", "3600", "5400"]
    study.check_after_fault(undisturbed)

    signal_file.write_bytes(whole)
    os.utime(signal_file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    study.succeed("windows")
    study.check_result(undisturbed)


def test_training_beyond_its_walltime_goes_on(
    study: GadiStudy, undisturbed: GadiStudy, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PROGRESS_SECONDS", "2")
    for path in (undisturbed.results / "windows").glob("*.npy"):
        shutil.copy2(path, study.results / "windows")
    member, track = "unet/a-a-s1", "predictions/unet/a.bigWig"
    shutil.rmtree(study.results / "models" / member)
    (study.results / track).unlink()
    journal = study.results / "checkpoints" / member / "history.tsv"
    shutil.rmtree(journal.parent, ignore_errors=True)
    head = study.start(f"results/tiny/{track}")
    study.server.wait_until(lambda: journal.exists() and len(journal.read_text().splitlines()) > 2)
    study.server.set(overruns=1)
    assert head.wait(PATIENCE) == 0, study.said
    killed, resumed, calibration, prediction = study.server.jobs
    assert calibration["Job_Name"].startswith("calibrate_model")
    assert prediction["Job_Name"].startswith("predict_binding")
    assert (killed["Exit_status"], killed["substate"]) == ("-29", "93")
    assert (killed.resource("walltime"), resumed.resource("walltime")) == ("36000", "72000")
    assert "walltime exceeded" in study.said
    # At first nothing is done, and training may take twelve CPUs for ten hours.
    far = re.findall(
        r"(\d) of (\d) jobs done, (\d) running, \d queued; [\d.]+ service units so far, "
        r"([\d.]+) expected",
        study.said,
    )
    assert far[0][:3] == ("0", "3", "1")
    assert float(far[0][3]) >= 360
    log = (study.results / "logs/train_network" / f"{member}.log").read_text()
    assert "going on after epoch" in log
    study.check_result(undisturbed)
    history = f"models/{member}/history.tsv"
    equal_histories(study.results / history, undisturbed.results / history)
    equal_tracks(study.results / track, undisturbed.results / track)


@pytest.mark.parametrize("times", [pytest.param(1, marks=pytest.mark.full), 3])
def test_ctrl_c(
    study: GadiStudy, undisturbed: GadiStudy, times: int, monkeypatch: pytest.MonkeyPatch
):
    """At a plain site, which knows neither Gadi's queues nor its resources."""
    monkeypatch.setenv("LEOPARD_SITE", str(SITE))
    monkeypatch.delenv("PROJECT")
    study.server.set(**PLAIN)
    head = study.start("windows")
    study.server.wait_until(lambda: has_started(study, 2) and len(study.server.jobs) == 3)
    for _ in range(times):
        os.killpg(head.pid, signal.SIGINT)
        time.sleep(0.3)
    assert head.wait(PATIENCE) != 0
    study.check_after_fault(undisturbed)
    study.server.wait_until(lambda: not study.ledgers)  # and with the last the lock is gone
    study.succeed("windows")
    study.check_result(undisturbed)
    assert {job["queue"] for job in study.server.jobs} == {"workq"}
    assert {job["project"] for job in study.server.jobs} == {"_pbs_project_default"}


@pytest.mark.full
def test_ctrl_c_during_a_submission(study: GadiStudy, undisturbed: GadiStudy):
    study.server.set(slow=8)
    head = study.start("windows")
    study.server.wait_until(lambda: len(study.server.jobs) == 2)
    os.killpg(head.pid, signal.SIGINT)
    assert head.wait(PATIENCE) != 0
    study.check_after_fault(undisturbed)
    assert len(study.server.jobs) == 2
    study.server.set()
    study.succeed("windows")
    study.check_result(undisturbed)


@pytest.mark.parametrize(
    "victims",
    [
        pytest.param("head", marks=pytest.mark.full),
        pytest.param("head during a submission", marks=pytest.mark.full),
        "all",
    ],
)
def test_kill_and_rerun_at_once(study: GadiStudy, undisturbed: GadiStudy, victims: str):
    if victims == "head during a submission":
        study.server.set(slow=8)
    head = study.start("windows")
    study.server.wait_until(lambda: has_started(study, 2) and len(study.server.jobs) > 1)
    if victims == "all":
        (sidecar,) = find_processes(str(study.profile_directory / "sidecar"), str(head.pid))
        os.kill(sidecar, signal.SIGKILL)
    os.killpg(head.pid, signal.SIGKILL)
    head.wait()
    study.server.set()
    if victims == "all":
        study.succeed("--unlock")
    else:
        study.server.wait_until(lambda: not study.ledgers)
    said = study.succeed("windows")
    if victims == "all":
        assert "Deleting jobs of an earlier run" in said
    study.check_result(undisturbed)


def test_server_away_and_a_queue_disabled_for_a_while(study: GadiStudy, undisturbed: GadiStudy):
    """On a server that keeps no history."""
    study.server.set(down=True)
    head = study.start("windows")
    study.server.wait_until(lambda: study.server.unanswered("qsub"))
    study.server.set(disabled="normal", keeps_history=False)
    study.server.wait_until(lambda: "Queue is not enabled; trying again" in study.said)
    study.server.set(rejections=1, keeps_history=False)
    study.server.wait_until(lambda: has_started(study))
    study.server.set(down=True, keeps_history=False)
    study.server.wait_until(lambda: study.server.unanswered("qstat"))
    study.server.set(keeps_history=False)
    assert head.wait(PATIENCE) == 0, study.said
    assert study.said.count("The PBS server is away") == study.said.count("answers again") == 2
    for message in ("Queue is not enabled", "No hours are left", "normal takes jobs again"):
        assert study.said.count(message) == 1
    assert study.server.submissions() == ARRAYS
    study.check_result(undisturbed)


@pytest.mark.full
@pytest.mark.parametrize("keeps_history", [True, False])
def test_lost_replies_and_no_history(study: GadiStudy, undisturbed: GadiStudy, keeps_history: bool):
    study.server.set(lost_replies=2, history=0.0, keeps_history=keeps_history)
    study.succeed("windows")
    assert study.server.submissions() == ARRAYS
    study.check_result(undisturbed)


def submit_head(study: GadiStudy) -> str:
    """Have a run done by a job, the study's directory not the one that it is started in.

    What was said where it was typed.
    """
    arguments = study.command("windows", "--directory", str(study.directory))[3:]
    arguments[arguments.index("study.yaml")] = str(study.directory / "study.yaml")
    at = arguments.index("--profile")
    elsewhere = study.directory.parent / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    command = [str(study.profile_directory / "head"), *arguments[:at], *arguments[at + 2 :]]
    done = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_a_head_deleted_and_the_next(study: GadiStudy, undisturbed: GadiStudy):
    """It has no time to tidy up; the next, typed at once, finds the directory free."""
    study.server.set(kill_delay=0.0)
    submit_head(study)
    study.server.wait_until(lambda: has_started(study, 2) and len(study.server.jobs) == 4)
    head = study.server.jobs[0]
    subprocess.run(["qdel", head.id], check=True)
    study.server.wait_until(lambda: standin.Job(head.number).is_finished)
    said = submit_head(study)
    study.server.wait_until(lambda: len(study.server.jobs) > 4)
    head = study.server.jobs[4]
    assert f"qdel {head.id}" in said
    study.server.wait_until(lambda: standin.Job(head.number).is_finished)
    log = Path(head["Output_Path"].partition(":")[2])
    study.server.wait_until(log.exists)
    assert standin.Job(head.number)["Exit_status"] == "0", log.read_text()
    assert "snakemake windows --directory" in log.read_text()
    assert str(log) in said and str(log.with_suffix(".live.log")) in said
    assert "steps (100%) done" in log.with_suffix(".live.log").read_text()
    study.check_result(undisturbed)
