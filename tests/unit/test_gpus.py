"""Jobs side by side on one machine claim GPUs, wait for them, and give them back when they end."""

import os
import subprocess
import sys

import pytest
from leopard import gpus

CLAIM = """
import os, sys
from leopard import gpus
gpus.claim(int(sys.argv[1]), sys.argv[2])
print(os.environ.get("CUDA_VISIBLE_DEVICES"), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def claim(tmp_path):
    """Start a process that claims GPUs and holds them until its stdin is closed."""
    started = []

    def start(n, visible):
        environment = {"PYTHONPATH": os.pathsep.join(sys.path), "CUDA_VISIBLE_DEVICES": visible}
        process = subprocess.Popen(
            [sys.executable, "-c", CLAIM, str(n), str(tmp_path)],
            env=os.environ | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def said(process):
    return process.stdout.readline().strip()


def test_processes_side_by_side_get_gpus_of_their_own(claim):
    assert said(claim(1, "0,1,2,3")) == "0"
    assert said(claim(2, "0,1,2,3")) == "1,2"
    assert said(claim(1, "0,1,2,3")) == "3"


def test_a_process_waits_for_one_that_is_killed(claim):
    first = claim(2, "0,1,2")
    assert said(first) == "0,1"
    second = claim(2, "0,1,2")
    with pytest.raises(subprocess.TimeoutExpired):
        second.wait(0.5)
    first.kill()
    assert said(second) == "0,1"


@pytest.mark.parametrize("visible", ["", "-1", "2", "GPU-a,GPU-b"])
def test_nothing_to_choose(claim, visible):
    assert said(claim(2, visible)) == visible
    assert said(claim(2, visible)) == visible


def test_a_job_that_asks_for_none_sees_none(claim):
    assert said(claim(0, "GPU-a,GPU-b")) == ""


SET_UP = """
from leopard import devices
print(devices.set_up(2, "tensorflow")["device"])
print(devices.set_up(2, "tensorflow", n_devices=0, gpu="required"))  # a job that asks for none
devices.set_up(2, "tensorflow", gpu="required")
"""


def test_a_gpu_that_is_gone():
    environment = {"PYTHONPATH": os.pathsep.join(sys.path), "CUDA_VISIBLE_DEVICES": "GPU-gone"}
    done = subprocess.run(
        [sys.executable, "-c", SET_UP],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    first, second = done.stdout.splitlines()
    assert first.startswith("CPU") and "'n_devices': 1" in second
    assert "tensorflow cannot use GPU GPU-gone: computing on the CPU" in done.stderr
    assert "gpu: required: tensorflow can use 0 GPUs of the 1 that the job needs" in done.stderr


def test_nvidia_smi_names_the_gpus(monkeypatch, tmp_path):
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho GPU-a\necho GPU-b\n")
    tool.chmod(0o755)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert gpus.present() == ["GPU-a", "GPU-b"]
    tool.write_text("#!/bin/sh\necho No devices were found\nexit 6\n")
    assert gpus.present() == []
