"""The commands of profiles/gadi, against recorded answers of a PBS Professional server."""

import ast
import json
import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pbs
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PROFILE = ROOT / "profiles/gadi"
TRAINING = {"gpu": 1, "mem_mb": 16000, "runtime": 600, "disk_mb": 1000}


@pytest.fixture(autouse=True)
def login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project, a working directory, and no other setting of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROJECT", "ab12")
    for name in ("STORAGE", "GPU_MODEL", "JOBFS_GB", "NETWORK_RULES", "PATIENCE_MINUTES"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> tuple[dict, list]:
    """What each PBS command answers, set by the test, and the commands given."""
    table: dict[str, object] = {"qdel": (0, "", "")}
    asked: list[tuple[str, ...]] = []

    def call(*command: str, seconds: float = 60):
        asked.append(command)
        answer = table[command[0]]
        return answer.pop(0) if isinstance(answer, list) else answer

    monkeypatch.setattr(pbs, "call", call)
    monkeypatch.setattr(pbs.time, "sleep", lambda seconds: None)
    return table, asked


def record(state: str, substate: str, code: str | None = None) -> str:
    lines = ["Job Id: 7.gadi-pbs", f"    job_state = {state}", f"    substate = {substate}"]
    lines += [] if code is None else [f"    Exit_status = {code}"]
    return "\n".join([*lines, "", ""])


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
    assert pbs.main(["status", "7.gadi-pbs"]) == 0
    said = capsys.readouterr()
    assert said.out == f"{word}\n"
    assert bool(said.err) == (word == "failed")
    assert answers[1] == [("qstat", "-f", "-x", "7.gadi-pbs")]


@pytest.mark.parametrize(
    "answer",
    [
        (255, "", "Connection refused\nqstat: cannot connect to server"),
        (1, "", ""),
        (0, "", ""),
        (0, "Job Id: 7.gadi-pbs\n", ""),
        (0, record("F", "92", "0").replace("7.", "8."), ""),
    ],
)
def test_status_while_the_server_does_not_say(answers, capsys, answer):
    answers[0]["qstat"] = answer
    assert pbs.main(["status", "7.gadi-pbs"]) == 0
    assert capsys.readouterr().out == "running\n"


def test_status_without_an_id_asks_nothing(answers, capsys):
    assert pbs.main(["status", ""]) == 0
    assert capsys.readouterr().out == "running\n"
    assert not answers[1]


@pytest.mark.parametrize(("code", "word"), [("0", "success"), ("1", "failed"), ("", "failed")])
def test_status_of_a_forgotten_job_is_in_its_exit_file(answers, capsys, code, word):
    answers[0]["qstat"] = (153, "", "qstat: Unknown Job Id 7.gadi-pbs")
    (pbs.STATE / "exit").mkdir(parents=True)
    (pbs.STATE / "exit/7.gadi-pbs").write_text(code + "\n")
    pbs.main(["status", "7.gadi-pbs"])
    assert capsys.readouterr().out == f"{word}\n"


def test_status_of_a_forgotten_job_without_exit_file_fails_in_the_end(answers, capsys):
    answers[0]["qstat"] = (153, "", "qstat: Unknown Job Id 7.gadi-pbs")
    pbs.main(["status", "7.gadi-pbs"])
    assert capsys.readouterr().out == "running\n"
    (missed,) = (pbs.STATE / "exit").iterdir()
    long_ago = time.time() - pbs.VANISHED - 1
    os.utime(missed, (long_ago, long_ago))
    pbs.main(["status", "7.gadi-pbs"])
    assert capsys.readouterr().out == "failed\n"


def test_a_variable_with_line_breaks_passes_for_no_attribute():
    text = record("R", "42").rstrip("\n") + (
        "\n    Variable_List = A=x\n    job_state = F\n    substate = 92\n\tmore\n"
        "    comment = Job run\n"
    )
    (found,) = pbs.parse_qstat(text).values()
    assert (found["job_state"], found["substate"], found["comment"]) == ("R", "42", "Job run")


@pytest.mark.parametrize(
    ("model", "queue", "ncpus"),
    [
        ({}, "gpuvolta", 12),
        ({"gpu_model": "v100"}, "gpuvolta", 12),
        ({"gpu_model": "a100"}, "dgxa100", 16),
        ({"gpu_model": "h200"}, "gpuhopper", 12),
    ],
)
@pytest.mark.parametrize("gpus", [1, 2, 4])
def test_gpu_rules_go_where_their_gpu_is(model, queue, ncpus, gpus):
    request = pbs.translate("train_network", 12, {**TRAINING, **model, "gpu": gpus})
    assert request == pbs.Request(queue, ncpus * gpus, gpus, 16000, 36000, 10240)


def test_one_word_sets_the_gpu_of_all_rules(monkeypatch):
    monkeypatch.setenv("GPU_MODEL", "a100")
    assert pbs.translate("train_network", 8, TRAINING).queue == "dgxa100"
    assert pbs.translate("train_network", 8, {**TRAINING, "gpu_model": "h200"}).queue == "gpuhopper"
    assert pbs.translate("draw_windows", 1, {"mem_mb": 1, "runtime": 1}).queue == "normal"


@pytest.mark.parametrize(
    "rule", ["download_file", "CTCF_download_file", "TAF1_download_shared_file"]
)
def test_downloads_go_where_the_network_is(rule):
    request = pbs.translate(rule, 1, {"mem_mb": 1000, "runtime": 600})
    assert request == pbs.Request("copyq", 1, 0, 1000, 36000, 10240)
    assert pbs.translate(f"{rule}s", 1, {"mem_mb": 1000, "runtime": 600}).queue == "normal"


def test_what_grew_beyond_the_queue_is_cut():
    grown = {"mem_mb": 240000, "runtime": 3000}
    request = pbs.translate("a", 2, grown, attempt=3)
    assert (request.mem_mb, request.walltime) == (194560, 48 * 3600)
    with pytest.raises(pbs.RefusedError, match="mem_mb=240000 on normal"):
        pbs.translate("a", 2, grown)


@pytest.mark.parametrize(
    ("rule", "threads", "changes", "problem"),
    [
        ("download_file", 1, {}, "gpu=1 on copyq, whose nodes have none"),
        ("download_file", 2, {"gpu": 0}, "2 CPUs on copyq, which gives 1"),
        ("download_file", 1, {"gpu": 0, "runtime": 601}, "runtime=601 on copyq"),
        ("train_network", 13, {}, "13 CPUs on gpuvolta, which gives 12 for each GPU"),
        ("train_network", 8, {"gpu": 5}, "gpu=5 on gpuvolta, whose nodes have 4"),
        ("train_network", 8, {"gpu_model": "p100"}, "gpu_model 'p100'; give one of v100, a100"),
        ("train_network", 8, {"mem_mb": 400_000}, "mem_mb=400000 on gpuvolta"),
        ("train_network", 8, {"runtime": 2881}, "runtime=2881 on gpuvolta"),
        ("train_network", 8, {"mem_mb": "<TBD>"}, "mem_mb='<TBD>'; give a whole number"),
        ("predict", 49, {"gpu": 0}, "49 CPUs on normal, which gives 48"),
        ("predict", 1, {"gpu": 0, "mem_mb": 0}, "mem_mb=0 on normal"),
    ],
)
def test_wrong_combinations_are_refused(rule, threads, changes, problem):
    with pytest.raises(pbs.RefusedError, match=re.escape(problem)) as error:
        pbs.translate(rule, threads, {**TRAINING, **changes})
    assert "\n" not in str(error.value)


def test_project_and_storage(monkeypatch):
    assert pbs.find_storage(Path("/scratch/ab12/me"), Path("/home/1/me")) == (
        "scratch/ab12+gdata/ab12"
    )
    with pytest.raises(pbs.RefusedError, match=r"/g/data/xy34/me would not .* add gdata/xy34"):
        pbs.find_storage(Path("/g/data/xy34/me"))
    monkeypatch.setenv("STORAGE", "scratch/ab12+gdata/xy34")
    assert pbs.find_storage(Path("/g/data/xy34")) == "scratch/ab12+gdata/xy34"
    monkeypatch.setenv("STORAGE", "/scratch/ab12")
    with pytest.raises(pbs.RefusedError, match="give it as"):
        pbs.find_storage()
    monkeypatch.setenv("STORAGE", "none")
    assert pbs.find_storage() == ""
    monkeypatch.setenv("PROJECT", "")
    with pytest.raises(pbs.RefusedError, match="no project; export PROJECT"):
        pbs.find_storage()


def test_job_names_are_allowed_and_never_the_same():
    wildcards = {"model": "unet", "member": "a/b:c d", "long": "x" * 300}
    names = {pbs.name_job("train_network", wildcards) for _ in range(100)}
    assert len(names) == 100
    assert all(
        re.fullmatch(r"train_network\.unet\.a_b_c_d\.[A-Za-z0-9._+-]{,208}", x) for x in names
    )
    assert max(map(len, names)) <= 230


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A job script as Snakemake writes it, and the ledger of its run."""
    properties = {
        "type": "single",
        "rule": "train_network",
        "wildcards": {"model": "unet", "member": "a-a-s1"},
        "threads": 8,
        "resources": TRAINING,
    }
    script = tmp_path / "job.sh"
    script.write_text(f"#!/bin/bash\n# properties = {json.dumps(properties)}\nx --attempt 2 y\n")
    (tmp_path / "ledger").touch()
    monkeypatch.setattr(pbs, "ledger_of", lambda head: pbs.Ledger(tmp_path / "ledger"))
    return script


def test_submit_translates_to_directives(answers, job, capsys, tmp_path):
    answers[0]["qsub"] = (0, "7.gadi-pbs\n", "")
    assert pbs.main(["submit", str(job)]) == 0
    assert capsys.readouterr().out == "7.gadi-pbs\n"
    (command,) = answers[1]
    assert command[0] == "qsub"
    assert command[-1] == str(job)
    options = dict(zip(command[1:-1:2], command[2:-1:2], strict=True))
    assert options["-q"] == "gpuvolta"
    assert options["-P"] == "ab12"
    assert options["-l"] == (
        "ncpus=12,ngpus=1,mem=16000MB,walltime=36000,jobfs=10240MB,storage=scratch/ab12+gdata/ab12"
    )
    assert options["-v"] == f"LEOPARD_PROFILE={PROFILE},LEOPARD_WALLTIME=36000"
    assert (options["-j"], options["-r"], options["-W"]) == ("oe", "n", "umask=027")
    assert re.fullmatch(r"train_network\.unet\.a-a-s1\.[0-9a-f]{8}", options["-N"])
    assert Path(options["-o"]).parent == tmp_path / ".snakemake/pbs/logs/train_network"
    assert Path(options["-o"]).parent.is_dir()
    assert (tmp_path / "ledger").read_text() == (
        f"submitting {options['-N']}\nsubmitted {options['-N']} 7.gadi-pbs\n"
    )


def test_submit_leaves_out_what_the_server_lacks(answers, job, monkeypatch):
    monkeypatch.setenv("STORAGE", "none")
    monkeypatch.setenv("JOBFS_GB", "0")
    answers[0]["qsub"] = (0, "7.gadi-pbs\n", "")
    pbs.main(["submit", str(job)])
    assert "ncpus=12,ngpus=1,mem=16000MB,walltime=36000" in answers[1][0]


def test_submit_asks_again_while_the_server_is_away(answers, job, capsys):
    away = (255, "", "qsub: cannot connect to server")
    answers[0]["qsub"] = [away, away, (0, "7.gadi-pbs\n", "")]
    answers[0]["qselect"] = [away, (0, "", ""), (0, "", "")]
    assert pbs.main(["submit", str(job)]) == 0
    assert capsys.readouterr().out == "7.gadi-pbs\n"
    assert [x[0] for x in answers[1]] == ["qsub", *["qselect"] * 2, "qsub", "qselect", "qsub"]


def test_submit_finds_the_job_whose_answer_was_lost(answers, job, capsys):
    answers[0]["qsub"] = [(255, "", "qsub: End of File")]
    answers[0]["qselect"] = (0, "7.gadi-pbs\n", "")
    assert pbs.main(["submit", str(job)]) == 0
    assert capsys.readouterr().out == "7.gadi-pbs\n"
    name = answers[1][0][2]
    assert answers[1][1] == ("qselect", "-x", "-N", name)


def test_submit_gives_up_in_one_line(answers, job, capsys, monkeypatch, tmp_path):
    answers[0]["qsub"] = (187, "", "qsub: Unknown resource\nResource_List.storage\n")
    assert pbs.main(["submit", str(job)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "Unknown resource Resource_List.storage" in said.err
    assert pbs.Ledger(tmp_path / "ledger").unfinished() == ([], [])
    monkeypatch.setenv("PROJECT", "")
    assert pbs.main(["submit", str(job)]) == 1
    assert capsys.readouterr().err.startswith("error: no project")
    assert len(answers[1]) == 1


@pytest.mark.parametrize("end", ["closed", "gone"])
def test_submit_deletes_the_job_of_a_run_that_ended(answers, job, capsys, tmp_path, end):
    ledger = tmp_path / "ledger"

    class Ending(list):
        def pop(self, index: int = -1):
            ledger.unlink() if end == "gone" else ledger.write_text("closed\n")
            return 0, "7.gadi-pbs\n", ""

    answers[0]["qsub"] = Ending()
    assert pbs.main(["submit", str(job)]) == 1
    assert capsys.readouterr().out == ""
    assert answers[1][-1] == ("qdel", "7.gadi-pbs")


def test_ledger_is_cleared_of_what_runs(answers, tmp_path, monkeypatch):
    ledger = pbs.Ledger(tmp_path / "ledger")
    ledger.path.write_text(
        "submitting a\nsubmitted a 1.s\nsubmitting b\nsubmitted b 2.s\nended 1.s\n"
        "submitting c\nrefused c\nsubmitting d\nsubmitting e\nsubmitted e 5.s\n"
    )
    states = {"2.s": ["R", "E", "F"], "4.s": ["Q", "F"], "5.s": []}

    def qstat(*command: str, seconds: float = 60):
        answers[1].append(command)
        if command[0] == "qselect":
            assert command == ("qselect", "-N", "d")
            return 0, "4.s\n" if states["4.s"] else "", ""
        if command[0] == "qdel":
            return 0, "", ""
        left = states[command[-1]]
        if not left:
            return 153, "", ""
        return 0, f"Job Id: {command[-1]}\n    job_state = {left.pop(0)}\n", ""

    monkeypatch.setattr(pbs, "call", qstat)
    monkeypatch.setattr(pbs, "SETTLE", 0)
    assert ledger.clear(10)
    assert not ledger.path.exists()
    asked = [x for x in answers[1] if x[0] == "qdel"]
    assert asked == [("qdel", "2.s", "4.s"), ("qdel", "2.s")]
    assert not any("1.s" in x for x in answers[1])


def test_ledger_stays_while_the_server_is_away(answers, tmp_path):
    ledger = pbs.Ledger(tmp_path / "ledger")
    ledger.path.write_text("submitting a\nsubmitted a 1.s\n")
    answers[0]["qstat"] = (255, "", "qstat: cannot connect to server")
    assert not ledger.clear(0.01)
    assert ledger.path.exists()


def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PBS_STANDIN", str(tmp_path / "server"))
    monkeypatch.setenv("STORAGE", "none")
    path = [ROOT / "tests/pbs/bin", Path(sys.executable).parent, "/usr/bin", "/bin"]
    monkeypatch.setenv("PATH", os.pathsep.join(map(str, path)))


def job_states() -> str:
    """The state letters of all jobs, in their order."""
    out = subprocess.run(["qstat", "-x"], capture_output=True, text=True, check=True).stdout
    return "".join(line.split()[2] for line in out.splitlines())


def wait_for(states: str) -> None:
    limit = time.monotonic() + 30
    while job_states() != states:
        assert time.monotonic() < limit, job_states()
        time.sleep(0.05)


@pytest.mark.parametrize("end", ["the head is killed", "PBS ends its job", "an earlier run was"])
def test_sidecar_deletes_what_is_left(tmp_path, monkeypatch, end):
    stand_in(tmp_path, monkeypatch)
    Path("job.sh").write_text("sleep 60\n")
    ids = [
        subprocess.run(
            ["qsub", "-N", f"n{i}", "-l", "walltime=90", *options, "job.sh"],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout.strip()
        for i, options in enumerate([["-h"], []])
    ]
    wait_for("HR")
    lines = f"submitting n0\nsubmitted n0 {ids[0]}\nsubmitting n1\n"
    if end != "the head is killed":  # in that case while it submitted
        lines += f"submitted n1 {ids[1]}\n"
    if end == "an earlier run was":
        pbs.LEDGERS.mkdir(parents=True)
        (pbs.LEDGERS / "another-host-1-2").write_text(lines)
    head = subprocess.Popen(["sleep", "60"])
    process = subprocess.Popen(
        [str(PROFILE / "sidecar"), str(head.pid)], stdout=subprocess.PIPE, text=True
    )
    ledger = Path(process.stdout.readline().strip())
    assert ledger.parent == tmp_path / pbs.LEDGERS
    if end == "an earlier run was":
        assert job_states() == "FF"
    else:
        ledger.open("a").write(lines)
    if end == "PBS ends its job":
        process.terminate()
    else:
        head.kill()  # and not waited for: a zombie is dead
    assert process.wait(30) == 0
    assert job_states() == "FF"
    assert not ledger.exists()
    head.kill()
    head.wait()


def test_the_head_is_found_through_a_shell_or_not(tmp_path, monkeypatch):
    finder = f"import sys; sys.path.insert(0, {str(PROFILE)!r}); import pbs; print(pbs.find_head())"
    command = [sys.executable, "-c", finder]
    direct = subprocess.run(command, capture_output=True, text=True, check=True)
    shell = subprocess.run(
        f"{shlex.join(command)}; true", shell=True, capture_output=True, text=True, check=True
    )
    assert direct.stdout == shell.stdout == f"{os.getpid()}\n"


def test_cancel_is_quick(tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    qdel = tmp_path / "bin/qdel"
    qdel.write_text('#!/bin/sh\necho "$@" > deleted\nsleep 20\n')
    qdel.chmod(0o755)
    path = [tmp_path / "bin", Path(sys.executable).parent, "/usr/bin", "/bin"]
    monkeypatch.setenv("PATH", os.pathsep.join(map(str, path)))
    ids = [f"{i}.gadi-pbs" for i in range(20)]
    subprocess.run([PROFILE / "cancel", *ids], check=True, timeout=10)
    assert Path("deleted").read_text().split() == ids


@pytest.mark.parametrize(
    ("hours", "expected"), [(("gpuvolta", 12, 16000), 36), (("dgxa100", 16, 16000), 72)]
)
def test_charge_of_a_gpu_hour(hours, expected):
    assert pbs.charge(*hours, 1) == expected


def test_charge_counts_cpus_or_their_share_of_memory():
    assert pbs.charge("normal", 1, 1024, 3) == 6
    assert pbs.charge("normal", 1, 16 * 1024, 3) == 24
    assert pbs.charge("gpuhopper", 12, 300 * 1024, 1) > pbs.charge("gpuhopper", 12, 16000, 1) == 90


def test_charges_in_the_documents():
    text = (ROOT / "docs/howto/gadi.md").read_text()
    for model, queue in pbs.GPU_QUEUES.items():
        cost = pbs.charge(queue, pbs.QUEUES[queue].cpus_per_gpu, 16000, 1)
        assert re.search(rf"\| {model} \| {queue} \| {cost:g} \|", text), model


def test_rules_named_in_the_profile_exist():
    rules = {
        name
        for path in (ROOT / "workflow/rules").glob("*.smk")
        for name in re.findall(r"^ *(?:use )?rule (?:\w+ as )?(\w+)", path.read_text(), re.M)
    }
    profile = yaml.safe_load((PROFILE / "config.yaml").read_text())
    assert {entry.split("=")[0] for entry in profile["set-threads"]} <= rules
    assert set(pbs.setting("network_rules").split()) <= rules


def run_head(tmp_path: Path, code: int, number: int) -> tuple[int, str]:
    """Run head.pbs where `timeout` ends with a code; its status, and how it submitted itself."""
    for name, text in {
        "timeout": f"exit {code}",
        "head": 'echo "$LEOPARD_ROUND $@" > submitted',
    }.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{text}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "environment.sh").write_text(":\n")
    done = subprocess.run(
        ["bash", PROFILE / "head.pbs"],
        env={
            "PATH": f"{tmp_path}:/usr/bin:/bin",
            "PBS_O_WORKDIR": str(tmp_path),
            "PBS_JOBID": "7.gadi-pbs",
            "LEOPARD_PROFILE": str(tmp_path),
            "LEOPARD_HEAD": "all --configfile config/mine.yaml",
            "LEOPARD_ROUND": str(number),
        },
        check=False,
    )
    submitted = tmp_path / "submitted"
    return done.returncode, submitted.read_text() if submitted.exists() else ""


def test_head_goes_on_only_when_out_of_time(tmp_path):
    assert run_head(tmp_path, 0, 1) == (0, "")
    assert run_head(tmp_path, 1, 1) == (1, "")
    assert run_head(tmp_path, 124, 30) == (124, "")
    assert run_head(tmp_path, 124, 1) == (0, "2 all --configfile config/mine.yaml\n")


def test_head_is_submitted_with_project_and_storage(answers, capsys):
    answers[0]["qsub"] = (0, "7.gadi-pbs\n", "")
    assert pbs.main(["head", "--configfile", "config/mine.yaml"]) == 0
    (command,) = answers[1]
    assert command[-1] == str(PROFILE / "head.pbs")
    assert "LEOPARD_HEAD=--configfile config/mine.yaml" in command[command.index("-v") + 1]
    assert command[command.index("-l") + 1] == "storage=scratch/ab12+gdata/ab12"
    assert pbs.main(["head", "--config", "a=[1,2]"]) == 1
    assert "comma" in capsys.readouterr().err


def test_the_commands_have_no_syntax_newer_than_python_3_6():
    ast.parse((PROFILE / "pbs.py").read_text(), feature_version=(3, 6))
