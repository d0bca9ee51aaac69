"""The program that outlives Snakemake, says how far a run is, and deletes what it left."""

import signal
import subprocess
import time
from pathlib import Path
from typing import Callable, Optional, Set

from pbs.errors import AwayError, RefusedError
from pbs.ledger import Ledger, ledger_of, read_ledgers
from pbs.notices import say, withdraw_all
from pbs.processes import birth
from pbs.progress import Watch
from pbs.settings import PROFILE, seconds_of

BEAT = 5.0
"""Seconds between the signs of life."""


def start_sidecar(head: int, directory: Optional[Path] = None) -> Ledger:
    """The ledger of a run, made when the jobs of earlier runs are gone.

    Raises:
        RefusedError: The sidecar did not start, or could not delete them.
    """
    process = subprocess.Popen(
        [str(PROFILE / "sidecar"), str(head)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        cwd=str(directory or Path.cwd()),
        # Out of reach of Ctrl-C, and of the signals by which PBS ends the session of a head's job.
        start_new_session=True,
    )
    assert process.stdout is not None
    path = process.stdout.readline().strip()
    if not path:
        raise RefusedError("no sidecar, no job; see the line before this one")
    return Ledger(Path(path))


def is_dead(ledger: Ledger, patience: float) -> bool:
    """Whether a run is, waiting until it is sure.

    Raises:
        RefusedError: The server would know, and stays away.
    """
    start, age, told = time.monotonic(), ledger.age(), False
    while True:
        try:
            alive = ledger.is_alive()
            if alive is not None:
                return not alive
            if ledger.age() < age:  # it has changed
                return False
            age = ledger.age()
            if not told:
                say(f"Waiting to see whether a run on another host is alive: {ledger.path.name}.")
            told = True
        except AwayError as error:
            if time.monotonic() - start > patience:
                raise RefusedError(f"{error}; start again when it answers") from None
        time.sleep(1)


def clear_earlier(own: Ledger, patience: float) -> None:
    """Delete the jobs of runs in this directory whose sidecar was killed with them.

    Raises:
        RefusedError: They cannot be deleted.
    """
    for ledger in read_ledgers(Path.cwd()):
        if ledger.path == own.path or not is_dead(ledger, patience):
            continue  # a run that shares this directory (--nolock)
        say("Deleting jobs of an earlier run that are still there.")
        if not ledger.clear(patience):
            raise RefusedError(f"jobs of an earlier run cannot be deleted; see {ledger.path}")


def sidecar(head: str) -> None:
    """Outlive Snakemake, then delete what it left queued or running, and its lock.

    First the same is done for earlier runs in this directory: the first submission waits for this
    program's line, so that no job is submitted that runs.
    """
    ended: Set[int] = set()
    signal.signal(signal.SIGTERM, lambda number, frame: ended.add(number))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    pid, ledger = int(head), ledger_of(int(head))
    born = birth(pid)
    ledger.path.parent.mkdir(parents=True, exist_ok=True)
    patience = seconds_of("patience_minutes")
    clear_earlier(ledger, patience)
    withdraw_all()
    ledger.begin()
    ledger.beat()
    print(ledger.path, flush=True)
    watch, interval = Watch(ledger, pid), seconds_of("progress_seconds", 1)
    beaten = looked = time.monotonic()
    while not ended and birth(pid) == born:
        time.sleep(0.5)
        now = time.monotonic()
        if now - beaten > BEAT:
            _try(ledger.beat)
            beaten = now
        if now - looked > interval:
            _try(watch.look)
            looked = time.monotonic()
    _try(ledger.beat)
    _try(lambda: ledger.write("closed"))
    # What cannot be deleted, as the server is away for long, is so at the start of the next run.
    ledger.clear(patience)


def _try(action: Callable[[], object]) -> None:
    """Do what may fail without the run's being worse off."""
    try:
        action()
    except Exception as error:  # the server is away, or the next run's sidecar was faster
        if not isinstance(error, (AwayError, RefusedError, OSError)):
            say(f"sidecar: {error!r}")
