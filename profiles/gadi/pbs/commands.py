"""The commands by their names, and the two that Snakemake calls most."""

import contextlib
import signal
import subprocess
import sys
from pathlib import Path
from typing import Callable, Dict, List

from pbs.errors import AwayError, RefusedError
from pbs.heads import conduct, head
from pbs.ledger import ledger_of
from pbs.notices import say, say_once
from pbs.planning import plan
from pbs.processes import find_head
from pbs.server import ask, is_away
from pbs.sidecar import sidecar
from pbs.states import FAILED, RUNNING, explain, hours_used, judge, judge_vanished, read_exit
from pbs.submission import submit


def status(jobid: str) -> None:
    """Print running, success or failed; running if the server does not say."""
    word = RUNNING
    try:
        record = ask(jobid)
        word = judge(record) if record else judge_vanished(jobid)
        if word == FAILED:
            say(f"job {jobid}: {explain(record)}")
        if word != RUNNING:
            hours = hours_used(record) if record else int((read_exit(jobid) + ["0"] * 2)[1]) / 3600
            with contextlib.suppress(RefusedError):
                ledger_of(find_head()).write("ended", jobid, word, f"{hours:.4f}")
    except AwayError as error:
        if not is_away(str(error)):  # that is said already
            say_once("status", f"No status of {jobid}: {error}; asking again.", str(error))
    except Exception as error:  # any other answer than a word would end the whole run
        say_once("status", f"No status of {jobid}: {error}", str(error))
    print(word)


def cancel(*jobids: str) -> None:
    """Delete jobs. Snakemake allows two seconds; the sidecar sees to what takes longer."""
    if jobids:
        qdel = subprocess.Popen(
            ["qdel", *jobids],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        with contextlib.suppress(subprocess.TimeoutExpired):
            qdel.wait(timeout=1)


COMMANDS: Dict[str, Callable[..., None]] = {
    "submit": submit,
    "status": status,
    "cancel": cancel,
    "sidecar": sidecar,
    "head": head,
    "conduct": conduct,
    "plan": plan,
}


def main(argv: List[str]) -> int:
    """Do what the name of the program says, with its arguments."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is Snakemake's to answer
    name = Path(argv[0]).name
    try:
        COMMANDS[name](*argv[1:])
    except (RefusedError, AwayError) as error:
        if name == "submit":  # Snakemake tries again, and so do other jobs
            say_once("error", f"error: {error}", str(error))
        else:
            print(f"error: {error}", file=sys.stderr)
        return 1
    return 0
