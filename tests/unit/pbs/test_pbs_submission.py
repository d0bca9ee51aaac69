"""Job scripts as jobs: what qsub is given, asked again, and never asked twice."""

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import standin
from pbs import commands, submission
from pbs.errors import RefusedError
from pbs.ledger import Ledger
from pbs.notices import withdraw
from pbs.queues import Request, translate
from pbs.server import is_away, is_final
from pbs_fixtures import (  # noqa: F401
    AWAY,
    PROFILE,
    ROOT,
    TRAINING,
    fixture_answers,
    fixture_login,
    fixture_stand_in,
    job_states,
    leave_exit,
    write_job,
)

GPU_JOB = Request("gpuvolta", 12, 1, 16000, 36000, 10240)


def test_job_names_are_allowed_and_never_the_same():
    wildcards = {"model": "unet", "member": "a/b:c d", "long": "x" * 300}
    names = {submission.name_job("train_network", wildcards) for _ in range(100)}
    assert len(names) == 100
    assert all(
        re.fullmatch(r"train_network\.unet\.a_b_c_d\.[A-Za-z0-9._+-]{,208}", x) for x in names
    )
    assert max(map(len, names)) <= 230


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A job script as Snakemake writes it, and the ledger of its run."""
    (tmp_path / "ledger").touch()
    monkeypatch.setattr(submission, "ledger_of", lambda head: Ledger(tmp_path / "ledger"))
    return write_job(tmp_path / "job.sh")


def test_submit_translates_to_directives(answers, job, capsys, tmp_path):
    answers[0]["qsub"] = (0, "7.gadi-pbs\n", "")
    assert commands.main(["submit", str(job)]) == 0
    assert capsys.readouterr().out == "7.gadi-pbs\n"
    (command,) = answers[1]
    assert command[0] == "qsub"
    options = dict(zip(command[1::2], command[2::2], strict=True))
    assert options["-q"] == "gpuvolta"
    assert options["-P"] == "ab12"
    assert options["-l"] == (
        "ncpus=12,ngpus=1,mem=16000MB,walltime=36000,jobfs=10240MB,storage=scratch/ab12+gdata/ab12"
    )
    assert (options["-j"], options["-r"], options["-W"]) == ("oe", "n", "umask=027")
    assert re.fullmatch(r"train_network\.unet\.a-a-s1\.[0-9a-f]{8}", options["-N"])
    assert Path(options["-o"]).parent == tmp_path / ".snakemake/pbs/logs/train_network"
    assert Path(options["-o"]).parent.is_dir()
    # Ten hours of twelve CPUs at three units.
    assert (tmp_path / "ledger").read_text() == (
        f"submitting {options['-N']} 36.000 10.000\nsubmitted {options['-N']} 7.gadi-pbs\n"
    )


def test_submit_at_another_site(answers, job, monkeypatch):
    monkeypatch.setenv("LEOPARD_SITE", str(ROOT / "tests/pbs/plain/settings.ini"))
    monkeypatch.delenv("PROJECT")
    answers[0]["qsub"] = (0, "7.pbs\n", "")
    assert commands.main(["submit", str(job)]) == 0
    (command,) = answers[1]
    assert "-P" not in command
    assert command[command.index("-q") + 1] == "gpu"
    assert command[command.index("-l") + 1] == "ncpus=16,gpus=1,mem=16000MB,walltime=36000"


@pytest.mark.parametrize("directory", ["it's, a place", "plain"])
def test_the_script_holds_what_it_needs_whatever_the_paths(tmp_path, monkeypatch, directory):
    (tmp_path / directory).mkdir()
    monkeypatch.chdir(tmp_path / directory)
    arguments = ["all", "--config", "a=[1, 2]", "it's $HOME"]
    script = submission.write_script(
        '#!/bin/bash\n# properties = {}\n\necho "$LEOPARD_DIRECTORY|$LEOPARD_PROFILE|$*"\n',
        GPU_JOB,
        arguments,
    )
    assert script.startswith("#!/bin/bash\n# properties = {}\nexport ")
    said = subprocess.run(["bash"], input=script, capture_output=True, text=True, check=True)
    assert said.stdout == f"{tmp_path / directory}|{PROFILE}|{' '.join(arguments)}\n"


@pytest.mark.parametrize("directory", ["of it, (mine)", "plain"])
@pytest.mark.parametrize("given", ["--profile {}", "--profile={}", "SNAKEMAKE_PROFILE"])
def test_the_profile_s_commands_are_quoted(tmp_path, monkeypatch, directory, given):
    """As Snakemake reads the profile, and as its executor then calls them: by a shell, or not."""
    from snakemake.profiles import ProfileConfigFileParser

    profile = tmp_path / directory / "gadi"
    profile.parent.mkdir()
    profile.symlink_to(PROFILE)
    argv = ["snakemake", *(x.format(profile) for x in given.split(" ")), "--dry-run"]
    if given == "SNAKEMAKE_PROFILE":
        monkeypatch.setenv(given, str(profile))
    monkeypatch.setattr("sys.argv", argv)
    with (profile / "config.yaml").open() as file:
        options = ProfileConfigFileParser().parse(file)
    for name in ("submit", "status"):
        command = options[f"cluster-generic-{name}-cmd"] + " 'x'"
        assert shlex.split(command) == [str(profile / name), "x"]
    assert options["cluster-generic-cancel-cmd"] == str(profile / "cancel")
    assert options["jobscript"] == str(profile / "jobscript.sh")


def test_every_gpu_rule_has_the_cpus_that_are_paid_for(answers, job):
    """Whatever its name: nobody can forget to name one."""
    scripts = []
    answers[0]["qsub"] = (0, "7.gadi-pbs\n", "")
    write = submission.write_script

    def keep(text, *rest):
        scripts.append(text)
        return write(text, *rest)

    for rule, gpus, model in [("new_rule", 1, "v100"), ("CTCF_train_network", 2, "a100")]:
        write_job(job, rule=rule, resources=TRAINING | {"gpu": gpus, "gpu_model": model})
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(submission, "write_script", keep)
            assert commands.main(["submit", str(job)]) == 0
    assert " -m snakemake --set-threads new_rule=12 --attempt" in scripts[0]
    assert " -m snakemake --set-threads CTCF_train_network=32 --attempt" in scripts[1]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("--set-threads 'draw=2' call=3 --cores", "--set-threads 'draw=2' call=3 train=12 --cores"),
        ("--set-threads 'train=8' --cores", None),
        ("--set-threads train=8 --cores", None),
    ],
)
def test_whoever_sets_threads_is_obeyed(given, expected):
    text = f"python -m snakemake {given} all"
    assert submission.give_cpus(text, "train", 8, GPU_JOB) == text.replace(given, expected or given)
    assert submission.give_cpus(text, "draw", 2, GPU_JOB._replace(ngpus=0)) == text


def test_statuses_and_texts_of_a_server_that_is_away():
    for code, _, message in AWAY.values():
        assert is_away(message)
        assert not is_final(code, message)
    assert is_away("qsub: Communication failure")
    assert is_away("qsub: End of File")
    assert is_final(170, "qsub: Unknown queue")
    assert is_final(187, "qsub: Unknown resource Resource_List.storage")
    assert is_final(166, "qsub: Illegal attribute or resource value Resource_List.mem")
    assert not is_final(173, "qsub: Queue is not enabled")
    assert not is_final(32, "qsub: unknown project, says our hook")


def test_submit_asks_again_while_the_server_is_away(answers, job, capsys):
    answers[0]["qsub"] = [AWAY["qsub"], (183, "", "qsub: Communication failure"), (0, "7.g\n", "")]
    answers[0]["qselect"] = [AWAY["qselect"], *[(0, "", "")] * 4]
    assert commands.main(["submit", str(job)]) == 0
    said = capsys.readouterr()
    assert said.out == "7.g\n"
    # With and without -x: a server without history finds nothing with it.
    expected = ["qsub", "qselect", *["qselect"] * 2, "qsub", *["qselect"] * 2, "qsub"]
    assert [x[0] for x in answers[1]] == expected
    assert said.err.count("is away") == 2
    assert said.err.count("answers again") == 2


def test_submit_finds_the_job_whose_answer_was_lost(answers, job, capsys):
    answers[0]["qsub"] = [(183, "", "qsub: End of File")]
    answers[0]["qselect"] = (0, "7.gadi-pbs\n", "")
    assert commands.main(["submit", str(job)]) == 0
    assert capsys.readouterr().out == "7.gadi-pbs\n"
    name = answers[1][0][2]
    assert answers[1][1] == ("qselect", "-x", "-N", name)


@pytest.mark.parametrize("where", ["it runs", "it has ended"])
def test_a_lost_answer_without_job_history(answers, job, capsys, where):
    """Recorded: qselect -x has exit 0 and prints nothing, not even what runs."""
    table, asked = answers
    table["qsub"] = [(183, "", "qsub: End of File")]

    def qselect(*options):
        if where == "it runs":
            return (0, "" if "-x" in options else "7.gadi-pbs\n", "")
        leave_exit("7.gadi-pbs", f"0 1 {options[-1]}")
        return (0, "", "")

    table["qselect"] = qselect
    assert commands.main(["submit", str(job)]) == 0
    assert capsys.readouterr().out == "7.gadi-pbs\n"
    assert [x[0] for x in asked].count("qsub") == 1


def test_a_later_attempt_finds_what_an_earlier_one_sent(answers, job, capsys, monkeypatch):
    monkeypatch.setenv("PATIENCE_MINUTES", "0")
    answers[0]["qsub"] = AWAY["qsub"]
    answers[0]["qselect"] = AWAY["qselect"]
    assert commands.main(["submit", str(job)]) == 1
    sent = answers[1][0][2]
    answers[0]["qselect"] = lambda *options: (0, "7.g\n" if options[-1] == sent else "", "")
    write_job(job, attempt=2)
    assert commands.main(["submit", str(job)]) == 0
    assert capsys.readouterr().out == "7.g\n"
    assert [x[0] for x in answers[1]].count("qsub") == 1
    assert Path("ledger").read_text().splitlines()[-1] == f"submitted {sent} 7.g"


def test_a_refused_submission_waits(answers, job, capsys):
    """A queue that takes no jobs, then a hook that takes none; each is said once."""
    closed = (173, "", "qsub: Queue is not enabled\n")
    hook = (32, "", "qsub: No hours are left.\nAsk for more.\n")
    answers[0]["qsub"] = [*[closed] * 3, *[hook] * 3, (0, "7.gadi-pbs\n", "")]
    assert commands.main(["submit", str(job)]) == 0
    said = capsys.readouterr()
    assert said.out == "7.gadi-pbs\n"
    assert said.err.count("Queue is not enabled; trying again for 60 min") == 1
    assert said.err.count("No hours are left. Ask for more.; trying again") == 1
    assert said.err.count("gpuvolta takes jobs again") == 1
    assert [x[0] for x in answers[1]] == ["qsub"] * 7


def test_a_queue_s_patience_is_one_for_all_jobs(answers, job, capsys, monkeypatch):
    answers[0]["qsub"] = (173, "", "qsub: Queue is not enabled")
    asked = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATIENCE_MINUTES", "0.0001")
        for attempt in (1, 2, 3):
            write_job(job, attempt=attempt)
            assert commands.main(["submit", str(job)]) == 1
            asked.append(len(answers[1]))
    said = capsys.readouterr().err
    assert said.count("trying again") == 1
    assert said.count("error: qsub: Queue is not enabled") == 1
    assert [n - asked[0] for n in asked] == [0, 1, 2]  # the wait is behind the first
    # Another job waits no more than what is left, nor does one that has waited, whoever else did
    # get in meanwhile.
    write_job(job, rule="other")
    monkeypatch.setenv("PATIENCE_MINUTES", "0.0001")
    assert commands.main(["submit", str(job)]) == 1
    assert len(answers[1]) == asked[-1] + 1
    withdraw("refused-gpuvolta")
    write_job(job, attempt=2)
    assert commands.main(["submit", str(job)]) == 1
    assert len(answers[1]) == asked[-1] + 2
    assert "trying again" not in capsys.readouterr().err
    assert Ledger(Path("ledger")).unfinished() == ([], [])


def test_what_no_time_mends_is_refused_at_once_and_said_once(answers, job, capsys, monkeypatch):
    answers[0]["qsub"] = (187, "", "qsub: Unknown resource\nResource_List.storage\n")
    for attempt in (1, 2, 3):
        write_job(job, attempt=attempt)
        assert commands.main(["submit", str(job)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "Unknown resource Resource_List.storage" in said.err
    assert Ledger(Path("ledger")).unfinished() == ([], [])
    monkeypatch.setenv("PROJECT", "")
    assert commands.main(["submit", str(job)]) == 1
    assert "error: no project" in capsys.readouterr().err
    assert len(answers[1]) == 3


def test_the_stand_in_s_submission_from_a_path_with_a_blank(stand_in, tmp_path, monkeypatch):
    (tmp_path / "a study, mine").mkdir()
    monkeypatch.chdir(tmp_path / "a study, mine")
    name = submission.name_job("draw", {})
    log = submission.prepare_log("draw", name)
    request = Request("normal", 1, 0, 100, 60, 0)
    script = submission.write_script('#!/bin/bash\npwd; echo "$LEOPARD_DIRECTORY"\n', request, [])
    submission.queue_job(submission.qsub_command(request, name, log), script, name)
    while job_states() != "F":
        pass
    assert log.read_text().endswith(f"{tmp_path / 'a study, mine'}\n")
    assert standin.every_job()[0]["Exit_status"] == "0"


def test_the_log_of_an_earlier_job_is_not_left_for_one_that_never_starts(answers, job, capsys):
    """Snakemake shows the log of what failed."""
    Path("logs").mkdir()
    Path("logs/train.log").write_text("of an earlier run\n")
    answers[0]["qsub"] = (170, "", "qsub: Unknown queue")
    assert commands.main(["submit", str(job)]) == 1
    assert not Path("logs/train.log").exists()
    (kept,) = Path(".snakemake/pbs/logs/train_network").glob("*.earlier.log")
    assert kept.read_text() == "of an earlier run\n"


@pytest.mark.parametrize("end", ["closed", "gone"])
def test_submit_deletes_the_job_of_a_run_that_ended(answers, job, capsys, tmp_path, end):
    ledger = tmp_path / "ledger"

    def qsub(*options):
        ledger.unlink() if end == "gone" else ledger.write_text("closed\n")
        return 0, "7.gadi-pbs\n", ""

    answers[0]["qsub"] = qsub
    assert commands.main(["submit", str(job)]) == 1
    assert capsys.readouterr().out == ""
    assert answers[1][-1] == ("qdel", "7.gadi-pbs")


def test_cancel_is_quick(tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    qdel = tmp_path / "bin/qdel"
    qdel.write_text('#!/bin/sh\necho "$@" > deleted\nsleep 20\n')
    qdel.chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path / "bin"), os.environ["PATH"]]))
    ids = [f"{i}.gadi-pbs" for i in range(20)]
    subprocess.run([PROFILE / "cancel", *ids], check=True, timeout=10)
    assert Path("deleted").read_text().split() == ids


def test_what_is_no_job_script_is_refused(tmp_path, capsys):
    (tmp_path / "x.sh").write_text(json.dumps({}))
    assert commands.main(["submit", "x.sh"]) == 1
    assert "not a job script of Snakemake's" in capsys.readouterr().err


@pytest.mark.parametrize("site", ["plain", "gadi"])
def test_a_plain_server_takes_what_its_settings_file_asks_for(stand_in, monkeypatch, site):
    stand_in(queues=["workq", "gpu"], resources=["ncpus", "gpus", "mem", "walltime"], slots=0)
    if site == "plain":
        monkeypatch.setenv("LEOPARD_SITE", str(ROOT / "tests/pbs/plain/settings.ini"))
        monkeypatch.delenv("PROJECT")
    request = translate("train_network", 8, TRAINING)
    name = submission.name_job("train_network", {})
    command = submission.qsub_command(request, name, submission.prepare_log("train", name))
    if site == "gadi":
        with pytest.raises(RefusedError, match="Unknown resource Resource_List"):
            submission.queue_job(command, "true\n", name)
        return
    submission.queue_job(command, "true\n", name)
    (job,) = standin.every_job()
    assert (job["queue"], job.resource("gpus"), job.resource("ncpus")) == ("gpu", "1", "16")
