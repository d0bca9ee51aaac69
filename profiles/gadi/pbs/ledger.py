"""What a run of Snakemake submitted: to find it again, to delete it, and to reckon its cost."""

import os
import shutil
import socket
import time
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Tuple

from pbs.errors import AwayError, RefusedError
from pbs.processes import birth
from pbs.server import ask, delete, find_by_name
from pbs.settings import STATE
from pbs.states import RUNNING, judge

LEDGERS = STATE / "ledgers"
LOCKS = Path(".snakemake/locks")
SETTLE = 5.0
"""Seconds after which a qsub whose submitter was killed has reached the server or never will."""
LIFE = 150.0
"""Seconds since its ledger's last change after which a run on another host is dead."""


class Submission(NamedTuple):
    """A job as the ledger has it."""

    name: str
    price: float  # service units an hour
    hours: float  # that it may run
    jobid: str = ""
    word: str = RUNNING  # success or failed once it has ended
    ran: float = 0.0  # hours that it ran, once it has ended

    @property
    def stem(self) -> str:
        """Its rule and wildcards, without what makes its name unique."""
        return self.name.rpartition(".")[0]

    @property
    def rule(self) -> str:
        """Its rule."""
        return self.name.partition(".")[0]


class Ledger:
    """The submissions of one run of Snakemake: a line for each thing that happened to one.

        job ID                               the PBS job that Snakemake runs in, if any
        locked TIME                          when its lock on the directory was made
        submitting NAME UNITS HOURS          what it costs an hour, and how long it may run
        submitted NAME ID
        refused NAME
        ended ID WORD HOURS                  how, and how long it ran
        closed                               nothing more is to be submitted

    A name is written before qsub, so that a job whose id was never read can be found by it. The
    sidecar closes the ledger when the run is over: it first writes that, then looks what there is;
    submit first writes what it did, then looks whether the ledger is closed. So one of them sees
    each job.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, *words: object) -> None:
        """Append a line.

        Raises:
            RefusedError: The ledger is gone, and so is the run.
        """
        try:
            # Never created here: a ledger that was cleared stays so.
            file = os.open(str(self.path), os.O_WRONLY | os.O_APPEND)
        except FileNotFoundError:
            raise RefusedError("the run that this job belongs to is over") from None
        os.write(file, (" ".join(map(str, words)) + "\n").encode())
        os.close(file)

    def read(self) -> List[List[str]]:
        """Its lines, in words."""
        try:
            return [line.split() for line in self.path.read_text().splitlines()]
        except FileNotFoundError:
            return [["closed"]]

    def begin(self) -> None:
        """Make it, for a run of Snakemake that has submitted nothing yet."""
        part = self.path.parent.parent / f"{self.path.name}.part"
        job = os.environ.get("PBS_JOBID")
        part.write_text(f"job {job}\n" if job else "")
        part.rename(self.path)

    def beat(self) -> None:
        """Show that the run is alive, and note its lock on the directory."""
        made = find_lock(self.path.parents[3])
        if made and ["locked", made] not in self.read():
            self.write("locked", made)
        elif self.path.exists():
            os.utime(str(self.path), None)

    def is_closed(self) -> bool:
        """Whether the run is over."""
        return ["closed"] in self.read()

    def submissions(self) -> List[Submission]:
        """What was submitted, or is being, in its order; without what was refused."""
        found: Dict[str, Submission] = {}
        names: Dict[str, str] = {}
        for event, *words in self.read():
            if event == "submitting":
                found[words[0]] = Submission(words[0], float(words[1]), float(words[2]))
            elif event == "refused":
                found.pop(words[0], None)
            elif event == "submitted" and words[0] in found:
                names[words[1]] = words[0]
                found[words[0]] = found[words[0]]._replace(jobid=words[1])
            elif event == "ended" and words[0] in names:
                name = names[words[0]]
                found[name] = found[name]._replace(word=words[1], ran=float(words[2]))
        return list(found.values())

    def was_refused(self, name: str) -> bool:
        """Whether the server turned down an earlier attempt at a job."""
        stem = name.rpartition(".")[0]
        return any(x[:1] == ["refused"] and x[1].rpartition(".")[0] == stem for x in self.read())

    def unfinished(self) -> Tuple[List[str], List[str]]:
        """Ids of jobs that were not seen to end, and names whose ids are not known."""
        left = [x for x in self.submissions() if x.word == RUNNING]
        return [x.jobid for x in left if x.jobid], [x.name for x in left if not x.jobid]

    def is_alive(self) -> Optional[bool]:
        """Whether the run is; None if another host would know.

        Raises:
            AwayError: The run is in a job, and the server does not say whether that is over.
        """
        *host, pid, born = self.path.name.split("-")
        if "-".join(host) == socket.gethostname():
            return bool(born) and birth(int(pid)) == born
        in_a_job = self.is_job_alive()
        if in_a_job is not None:
            return in_a_job
        return None if self.age() < LIFE else False

    def is_job_alive(self) -> Optional[bool]:
        """Whether the PBS job is that the run is in; None if it is in none.

        Raises:
            AwayError: The server does not say.
        """
        for event, *words in self.read():
            if event == "job":
                record = ask(words[0])
                return record is not None and judge(record) == RUNNING
        return None

    def age(self) -> float:
        """Seconds since its last change; the sidecar makes one every few seconds."""
        try:
            return time.time() - self.path.stat().st_mtime
        except FileNotFoundError:
            return float("inf")

    def clear(self, seconds: float) -> bool:
        """Delete what is queued or running; true once nothing is, and the ledger is removed."""
        start = time.monotonic()
        while self.path.exists():
            try:
                known, nameless = self.unfinished()
                for name in nameless:
                    known += find_by_name(name)
                records = {jobid: ask(jobid) for jobid in known}
                live = [i for i, record in records.items() if record and judge(record) == RUNNING]
                if live:
                    delete(live)
                elif not nameless or time.monotonic() - start > SETTLE:
                    self.remove()
                    break
            except AwayError:
                pass
            except FileNotFoundError:  # cleared by the next run's sidecar
                break
            if time.monotonic() - start > seconds:
                return False
            time.sleep(1)
        return True

    def remove(self) -> None:
        """Remove it, and with it the lock of its run, if that died without doing so."""
        directory = self.path.parents[3]
        if ["locked", find_lock(directory)] in self.read():
            alive = [x.path for x in read_ledgers(directory) if x.is_alive() is not False]
            if not alive:
                shutil.rmtree(str(directory / LOCKS), ignore_errors=True)
        self.path.unlink()


def find_lock(directory: Path) -> str:
    """When Snakemake's lock on a directory was made; empty if there is none."""
    try:
        made = [path.stat().st_mtime for path in (directory / LOCKS).glob("*.lock")]
    except FileNotFoundError:  # unlocked just now
        return ""
    return f"{max(made):.6f}" if made else ""


def ledger_of(pid: int, directory: Optional[Path] = None) -> Ledger:
    """The ledger of the run of a Snakemake's process."""
    name = f"{socket.gethostname()}-{pid}-{birth(pid)}"
    return Ledger((directory or Path.cwd()) / LEDGERS / name)


def read_ledgers(directory: Path) -> List[Ledger]:
    """Those of a directory's runs, dead or alive."""
    ledgers = directory / LEDGERS
    return [Ledger(path) for path in sorted(ledgers.iterdir())] if ledgers.exists() else []
