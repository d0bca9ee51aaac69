"""The tiny study through profiles/slurm, on a real Slurm started on this machine."""

import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
import yaml
from workflow.conftest import Study, build_study

SCRIPT = Path(__file__).with_name("slurm_cluster.sh")
PARTITIONS = {
    "cpu": {"max_runtime": "1d", "max_threads": 16},
    "gpu": {"max_runtime": "2d", "max_threads": 16, "max_gpu": 2},
}
MISSING = 77
PATIENCE = 1200  # seconds until a run counts as stuck, on a busy machine


@dataclass
class SlurmStudy(Study):
    """A study whose jobs go to the cluster, which is asked for news more often than usual."""

    def command(self, *arguments: str) -> list[str]:
        partitions = self.directory / "partitions.yaml"
        partitions.write_text(yaml.safe_dump({"partitions": PARTITIONS}))
        return [
            *super().command(*arguments),
            *("--slurm-partition-config", str(partitions)),
            *("--set-resources", "train_network:gpu_model=a100"),
            *("--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "1"),
            *("--latency-wait", "10"),
        ]


@dataclass
class Story:
    """What happened to the study: interrupted, run again, and one of its jobs cancelled."""

    study: SlurmStudy
    interrupted: list[dict[str, str]]
    finished: list[dict[str, str]]
    cancelled: str
    output: str


def jobs() -> list[dict[str, str]]:
    """Every job that Slurm remembers, by the names that scontrol gives its properties."""
    command = ["scontrol", "--oneliner", "--details", "show", "job"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [
        dict(word.split("=", 1) for word in line.split() if "=" in word)
        for line in text.splitlines()
        if line.startswith("JobId=")
    ]


def running(rule: str) -> list[str]:
    """Ids of the running jobs of a rule."""
    return [
        job["JobId"]
        for job in jobs()
        if job["JobState"] == "RUNNING" and job["Comment"].startswith(f"rule_{rule}")
    ]


def wait_for(reached: Callable[[], object], process: subprocess.Popen | None = None) -> None:
    """Wait, as long as the process runs."""
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert process is None or process.poll() is None, (
            "Snakemake finished before the moment came"
        )
        assert time.monotonic() < deadline, "the moment never came"
        time.sleep(0.5)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    directory = tmp_path_factory.mktemp("slurm")
    started = subprocess.run(
        [SCRIPT, "start", directory], stderr=subprocess.PIPE, text=True, check=False
    )
    if started.returncode == MISSING:
        pytest.skip(f"no Slurm on this machine: {started.stderr.strip()}")
    assert started.returncode == 0, started.stderr
    yield
    subprocess.run([SCRIPT, "stop", directory], check=True)


@pytest.fixture(scope="module")
def story(cluster: None, tmp_path_factory: pytest.TempPathFactory) -> Story:
    directory = tmp_path_factory.mktemp("study")
    study = SlurmStudy(directory, build_study(directory).config, profile="slurm")
    study.config["members"] = study.config["members"][:1]
    log = directory / "snakemake.log"

    def start(*arguments: str) -> subprocess.Popen:
        with log.open("w") as stream:
            return subprocess.Popen(
                study.command(*arguments), cwd=directory, stdout=stream, stderr=stream
            )

    process = start()
    try:
        # Not earlier: the executor forgets a job if interrupted at the moment of its submission.
        wait_for((study.results / "logs/simulate_genome.log").exists, process)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) != 0
        wait_for(lambda: "COMPLETING" not in {job["JobState"] for job in jobs()})
        interrupted = jobs()

        process = start("--report", "results/tiny/report.html", "--report-after-run")
        wait_for(lambda: running("predict_binding"), process)
        cancelled = running("predict_binding")[0]
        subprocess.run(["scancel", cancelled], check=True)
        assert process.wait(PATIENCE) == 0, log.read_text()[-5000:]
    finally:
        process.kill()
    ids = {job["JobId"] for job in interrupted}
    finished = [job for job in jobs() if job["JobId"] not in ids]
    return Story(study, interrupted, finished, cancelled, log.read_text())


def test_ctrl_c_leaves_no_job_behind(story: Story):
    assert story.interrupted
    assert {job["JobState"] for job in story.interrupted} <= {"CANCELLED", "COMPLETED"}
    assert "CANCELLED" in {job["JobState"] for job in story.interrupted}


def test_the_study_goes_on_to_its_report(story: Story):
    assert (story.study.results / "report.html").stat().st_size > 100_000
    summary = pd.read_csv(story.study.results / "evaluation/summary.tsv", sep="\t")
    assert set(summary["cell_line"]) == {"a", "b"}


def test_every_job_but_the_cancelled_one_ran_once(story: Story):
    submitted = Counter(job["Comment"] for job in story.finished)
    assert {
        "rule_draw_windows_wildcards_windows",
        "rule_train_network_wildcards_unet_a-a-s1",
    } <= set(submitted)
    twice = {what for what, n in submitted.items() if n > 1}
    assert twice == {job["Comment"] for job in story.finished if job["JobId"] == story.cancelled}
    failed = [job["JobId"] for job in story.finished if job["JobState"] != "COMPLETED"]
    assert failed == [story.cancelled]


def test_only_gpu_rules_get_gpus_and_the_gpu_partition(story: Story):
    for job in story.finished:
        rule = job["Comment"].removeprefix("rule_").partition("_wildcards")[0]
        models = re.findall(r"gpu:(\w+):[1-9]", job["JOB_GRES"])
        if rule == "train_network":
            assert models == ["a100"]
        else:
            decodes = rule in ("calibrate_model", "predict_binding", "evaluate_windows")
            assert len(models) == decodes
        assert job["Partition"] == ("gpu" if models else "cpu")


def test_jobs_ask_for_what_their_rules_say(story: Story):
    train = next(job for job in story.finished if "train_network" in job["Comment"])
    assert train["CPUs/Task"] == "8"
    assert train["MinMemoryNode"] == "24000M"
    assert train["TimeLimit"] == "10:00:00"


def test_a_job_tried_again_gets_twice_the_memory_and_time(story: Story):
    again = [job for job in story.finished if "predict_binding" in job["Comment"]]
    what = next(job["Comment"] for job in again if job["JobId"] == story.cancelled)
    asked = [(j["MinMemoryNode"], j["TimeLimit"]) for j in again if j["Comment"] == what]
    assert asked == [("16000M", "04:00:00"), ("32000M", "08:00:00")]
