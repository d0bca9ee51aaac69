"""Snakemake itself as a small job, which submits the others."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import List, Sequence

from pbs.errors import RefusedError
from pbs.ledger import find_lock, read_ledgers
from pbs.notices import say
from pbs.planning import find_jobs, keep_prices, total_line
from pbs.queues import Request, read_queues
from pbs.server import ask, patiently
from pbs.settings import PROFILE, STATE, find_project, setting
from pbs.sidecar import start_sidecar
from pbs.states import RUNNING, judge
from pbs.submission import name_job, prepare_log, qsub_command, queue_job, write_script

HEAD = STATE / "head"
ROUNDS = 30
SUBMITS, RUNS = 36 / 48, 47 / 48
"""The parts of its walltime after which a head submits no more, and after which it stops its jobs,
which a rerun goes on with."""
TIDIES = 120.0
"""Seconds that a run which has ended is given to delete its jobs."""
DEATH_SIGNAL = 1  # prctl's PR_SET_PDEATHSIG


def find_directory(arguments: Sequence[str]) -> Path:
    """The directory that a run is to work in."""
    directory = "."
    for argument, value in zip(arguments, [*arguments[1:], ""]):
        name, given, own = argument.partition("=")
        if name in ("--directory", "-d"):
            directory = own if given else value
    return Path(directory).absolute()


def check_free(directory: Path) -> None:
    """Refuse a head that could not start.

    Raises:
        RefusedError: A run is alive in the directory, or has locked it and none knows which.
        AwayError: The server does not say.
    """
    last = directory / HEAD
    for jobid in last.read_text().split() if last.exists() else []:
        record = ask(jobid)
        if record and judge(record) == RUNNING:
            raise RefusedError(f"{directory} has a head already, {jobid}; qdel it, or let it end")
    known = []
    for ledger in read_ledgers(directory):
        limit = time.monotonic() + TIDIES
        while ledger.is_alive() and ledger.is_job_alive() is False and time.monotonic() < limit:
            time.sleep(1)  # its job was deleted just now
        if ledger.is_alive() is not False:
            raise RefusedError(
                f"a run is alive in {directory}, or was {ledger.age():.0f} s ago, "
                f"by {ledger.path.name} (host, process); stop it, or wait"
            )
        known += [words[0] for event, *words in ledger.read() if event == "locked"]
    lock = find_lock(directory)  # now, for a ledger that is gone has taken its lock with it
    if lock and lock not in known:
        raise RefusedError(
            f"{directory} is locked, not by a run of this profile; if no snakemake runs there, "
            "unlock it: snakemake --unlock"
        )


def head(*arguments: str) -> None:
    """Submit the head of a run, with the arguments of snakemake; print its id, and what to do.

    What the plan refuses is refused, and so is a directory in which the head could not start.
    """
    directory, number = find_directory(arguments), os.environ.get("LEOPARD_ROUND", "1")
    say_plan = ""
    if number == "1":
        patiently(lambda: check_free(directory))
        jobs = find_jobs(arguments)
        keep_prices(jobs, directory)
        say_plan = total_line(jobs)
    queue = setting("cpu_queue")
    request = Request(queue, 1, 0, 4096, int(read_queues()[queue].hours * 3600), 0)
    name = name_job("head", {})
    log = prepare_log("head", name)
    live = log.with_suffix(".live.log")
    script = write_script(
        (PROFILE / "head.pbs").read_text(),
        request,
        list(arguments),
        LEOPARD_ROUND=number,
        LEOPARD_LIVE_LOG=str(live),
        PROJECT=find_project() or "none",
        STORAGE=setting("storage"),
        GPU_MODEL=setting("gpu_model"),
    )
    jobid = queue_job(qsub_command(request, name, log), script, name)
    path = directory / HEAD
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(jobid + "\n")
    print(jobid, flush=True)
    lines = [
        say_plan,
        f"how it goes:   tail -f {live} (once it has started)",
        f"its job's log: {log} (once it has ended)",
        f"to stop it:    qdel {jobid}",
    ]
    print("\n".join(filter(None, lines)), file=sys.stderr)


def conduct(*arguments: str) -> None:
    """Run Snakemake in the head's job, and submit the head again when its time is over.

    Snakemake has a session of its own: of the SIGTERM by which PBS ends a job it would wait for its
    jobs, until it is killed with the directory locked. It is given Ctrl-C instead.
    """
    start, walltime = time.time(), float(os.environ["LEOPARD_WALLTIME"])
    stopped: List[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: stopped.append(number))
    live = Path(os.environ["LEOPARD_LIVE_LOG"]).open("ab+")  # noqa: SIM115  to the end
    os.dup2(live.fileno(), 2)  # for the sidecar, too
    child = subprocess.Popen(
        # It waits until the sidecar has deleted what an earlier run left, and freed its lock.
        [
            *("/bin/sh", "-c", 'read -r go && exec "$@" < /dev/null', "sh"),
            *("snakemake", "--profile", str(PROFILE), *arguments),
        ],
        stdin=subprocess.PIPE,
        stdout=live,
        stderr=live,
        start_new_session=True,
        preexec_fn=_die_with_parent,
    )
    assert child.stdin is not None
    ledger = start_sidecar(child.pid, find_directory(arguments))
    child.stdin.write(b"go\n")
    child.stdin.close()

    told, out_of_time = signal.SIGCONT, False
    while child.poll() is None:
        time.sleep(0.2)
        part = (time.time() - start) / walltime
        if (stopped or part > RUNS) and told != signal.SIGINT:
            told = signal.SIGINT
            say("Stopping: deleting what is queued or runs.")
            os.kill(child.pid, told)
        elif part > SUBMITS and told == signal.SIGCONT:
            told, out_of_time = signal.SIGTERM, True
            say("Out of time: a new head goes on when the jobs that run have ended.")
            os.kill(child.pid, told)
    # The sidecar ends with this job: it is to have deleted what Snakemake did not.
    limit = time.monotonic() + TIDIES
    while ledger.path.exists() and time.monotonic() < limit:
        time.sleep(0.2)
    live.seek(0)
    shutil.copyfileobj(live, sys.stdout.buffer)
    sys.stdout.flush()
    rounds = int(os.environ["LEOPARD_ROUND"])
    if out_of_time and not stopped and rounds < ROUNDS:
        # Failed jobs had their retries: only a run that was out of time goes on.
        os.environ["LEOPARD_ROUND"] = str(rounds + 1)
        head(*arguments)
    elif child.returncode:
        raise SystemExit(child.returncode if child.returncode > 0 else 1)


def _die_with_parent() -> None:
    """In the child: Ctrl-C if the parent is killed, and Ctrl-C answered as usual."""
    ctypes.CDLL(None).prctl(DEATH_SIGNAL, signal.SIGINT)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
