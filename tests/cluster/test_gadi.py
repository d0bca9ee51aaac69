"""Whole runs through profiles/gadi on the stand-in, undisturbed and disturbed."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest
from workflow.conftest import equal_histories, equal_tracks

from cluster.conftest import PATIENCE, GadiStudy

ARRAYS = Counter(
    [f"extract_{x}" for x in ("sequence.windows", "signal.windows.a", "labels.windows.a")]
)


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
    assert train["queue"] == "gpuvolta"
    assert (train.resource("ngpus"), train.resource("ncpus")) == ("1", "12")
    assert (train.resource("mem"), train.resource("walltime")) == ("16000MB", "36000")
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
    assert study.server.submissions() == ARRAYS + Counter({"extract_signal.windows.a": 2})
    tries = [j for j in study.server.jobs if j["Job_Name"].startswith("extract_signal")]
    assert [j.resource("mem") for j in tries] == ["2000MB", "4000MB", "6000MB"]
    assert [j.resource("walltime") for j in tries] == ["1800", "3600", "5400"]
    study.check_after_fault(undisturbed)

    signal_file.write_bytes(whole)
    os.utime(signal_file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    study.succeed("windows")
    study.check_result(undisturbed)


def test_training_beyond_its_walltime_goes_on(study: GadiStudy, undisturbed: GadiStudy):
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
    log = (study.results / "logs/train_network" / f"{member}.log").read_text()
    assert "going on after epoch" in log
    study.check_result(undisturbed)
    history = f"models/{member}/history.tsv"
    equal_histories(study.results / history, undisturbed.results / history)
    equal_tracks(study.results / track, undisturbed.results / track)


@pytest.mark.parametrize("times", [pytest.param(1, marks=pytest.mark.full), 3])
def test_ctrl_c(study: GadiStudy, undisturbed: GadiStudy, times: int):
    head = study.start("windows")
    study.server.wait_until(lambda: has_started(study, 2) and len(study.server.jobs) == 3)
    for _ in range(times):
        os.killpg(head.pid, signal.SIGINT)
        time.sleep(0.3)
    assert head.wait(PATIENCE) != 0
    study.check_after_fault(undisturbed)
    if times > 1:
        study.succeed("--unlock")
    study.succeed("windows")
    study.check_result(undisturbed)


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
    study.succeed("--unlock")
    said = study.succeed("windows")
    if victims == "all":
        assert "Deleting jobs of an earlier run" in said
    study.check_result(undisturbed)


def test_server_away_for_a_while(study: GadiStudy, undisturbed: GadiStudy):
    study.server.set(down=True)
    head = study.start("windows")
    study.server.wait_until(lambda: study.server.unanswered("qsub"))
    study.server.set()
    study.server.wait_until(lambda: has_started(study))
    study.server.set(down=True)
    study.server.wait_until(lambda: study.server.unanswered("qstat"))
    study.server.set()
    assert head.wait(PATIENCE) == 0, study.said
    assert "cannot connect" in study.said
    assert study.server.submissions() == ARRAYS
    study.check_result(undisturbed)


@pytest.mark.full
def test_lost_replies_and_no_history(study: GadiStudy, undisturbed: GadiStudy):
    study.server.set(lost_replies=2, history=0.0)
    study.succeed("windows")
    assert study.server.submissions() == ARRAYS
    study.check_result(undisturbed)


def submit_head(study: GadiStudy) -> None:
    """Have a run done by a job, the study's directory not the one that it is started in."""
    arguments = study.command("windows", "--directory", str(study.directory))[3:]
    arguments[arguments.index("study.yaml")] = str(study.directory / "study.yaml")
    at = arguments.index("--profile")
    elsewhere = study.directory.parent / "elsewhere"
    elsewhere.mkdir()
    command = [str(study.profile_directory / "head"), *arguments[:at], *arguments[at + 2 :]]
    subprocess.run(command, cwd=elsewhere, check=True)


@pytest.mark.full
def test_head_as_a_job(study: GadiStudy, undisturbed: GadiStudy):
    submit_head(study)
    study.server.wait_until(lambda: bool(study.server.jobs) and not study.server.live)
    head = study.server.jobs[0]
    log = Path(head["Output_Path"].partition(":")[2]).read_text()
    assert head["Exit_status"] == "0", log
    assert "snakemake windows --directory" in log
    study.check_result(undisturbed)


@pytest.mark.full
def test_head_as_a_job_deleted(study: GadiStudy, undisturbed: GadiStudy):
    submit_head(study)
    study.server.wait_until(lambda: has_started(study, 2) and len(study.server.jobs) == 4)
    subprocess.run(["qdel", study.server.jobs[0].id], check=True)
    study.check_after_fault(undisturbed)
    assert len(study.server.jobs) == 4
