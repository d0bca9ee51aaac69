"""What a job's record, or the exit file that it left, says of how it goes or went."""

import contextlib
import time
from typing import List, Optional

from pbs.server import Record
from pbs.settings import STATE

RUNNING, SUCCESS, FAILED = "running", "success", "failed"

EXITS = STATE / "exit"
VANISHED = 60.0
"""Seconds that an exit file may take to show on the head's node."""

REASONS = {
    "-17": "rejected by a hook of the server, to be submitted again",
    "-27": "memory exceeded",
    "-29": "walltime exceeded",
    "265": "killed",
    "271": "deleted",
}


def judge(record: Record) -> str:
    """Snakemake's word for a job's state. Exiting is running still."""
    if record["job_state"] != "F":
        return RUNNING
    ended_well = record.get("Exit_status") == "0" and record.get("substate") == "92"
    return SUCCESS if ended_well else FAILED


def explain(record: Optional[Record]) -> str:
    """Why a job failed, and where its log is."""
    if record is None:
        return f"failed, and the server forgot it; its log is in {STATE / 'logs'}"
    code = record.get("Exit_status", "absent, it never ran")
    why = REASONS.get(code, f"exit status {code}")
    return f"{why}; see {record.get('Output_Path', '').rpartition(':')[2]}"


def hours_used(record: Record) -> float:
    """Hours that a job has run, or ran."""
    total = 0
    for part in record.get("resources_used.walltime", "0").split(":"):
        total = 60 * total + int(part or 0)
    if not total and record.get("job_state") == "R" and "stime" in record:
        with contextlib.suppress(ValueError):  # the node tells the server every minute or so
            total = int(time.time() - time.mktime(time.strptime(record["stime"])))
    return max(total, 0) / 3600


def read_exit(jobid: str) -> List[str]:
    """What a job wrote as its last act: exit status, seconds, name. Empty if it did not."""
    try:
        return (EXITS / jobid).read_text().split()
    except FileNotFoundError:
        return []


def find_exit(name: str) -> Optional[str]:
    """The id of the job of a name that has ended, by what it left."""
    for path in EXITS.glob("[!.]*") if EXITS.exists() else []:
        if read_exit(path.name)[2:] == [name]:
            return path.name
    return None


def judge_vanished(jobid: str) -> str:
    """Snakemake's word for a job that the server forgot."""
    left = read_exit(jobid)
    if left or (EXITS / jobid).exists():
        return SUCCESS if left[:1] == ["0"] else FAILED
    missed = EXITS / (jobid + ".missed")
    if not missed.exists():
        missed.parent.mkdir(parents=True, exist_ok=True)
        missed.touch()
    return FAILED if time.time() - missed.stat().st_mtime > VANISHED else RUNNING
