"""How far a run is, what it cost and will, and which of its jobs do not get on."""

import json
import re
import time
from typing import Dict, List, Mapping, NamedTuple, Sequence, Set, Tuple

from pbs.ledger import Ledger, Submission
from pbs.notices import say
from pbs.processes import open_files
from pbs.server import Record, ask_live
from pbs.settings import STATE, seconds_of
from pbs.states import RUNNING, SUCCESS, hours_used

PRICES = STATE / "prices.json"


class Progress(NamedTuple):
    """How far a run is."""

    done: int  # jobs, as Snakemake counts them, those that it runs itself included
    total: int
    running: int
    queued: int
    units: float  # service units so far
    expected: float  # and of the whole run
    unpriced: int  # jobs to come of which nobody knows what they cost

    def __str__(self) -> str:
        line = f"{self.done} of {self.total} jobs done, {self.running} running, "
        line += f"{self.queued} queued"
        if self.units or self.expected:
            line += f"; {self.units:.1f} service units so far, {self.expected:.1f} expected"
            line += " at least" if self.unpriced else ""
        return line + "."


def read_steps(text: str) -> Tuple[int, int, Dict[str, int]]:
    """From Snakemake's log: jobs done, jobs in all, and how many of each rule there were to do."""
    table = re.search(r"^job +count\n-[ -]*\n((?:\w+ +\d+\n)+)", text, re.M)
    counts = dict(re.findall(r"^(\w+) +(\d+)$", table[1], re.M)) if table else {}
    rules = {rule: int(count) for rule, count in counts.items() if rule != "total"}
    steps = re.findall(r"^(\d+) of (\d+) steps \(", text, re.M)
    done, total = steps[-1] if steps else (0, sum(rules.values()))
    return int(done), int(total), rules


def reckon(
    submissions: Sequence[Submission],
    live: Mapping[str, Record],
    log: str,
    prices: Mapping[str, float],
) -> Progress:
    """How far a run is.

    A job that has ended cost what it took; one to come, what its rule's took on the average; if
    none has ended, what all its walltime costs.

    Args:
        submissions: As the ledger has them.
        live: Records of those that are queued or run, by id.
        log: Snakemake's.
        prices: What a job of each rule costs at most, in service units; 0 for a local one.
    """
    done, total, rules = read_steps(log)
    well = [x for x in submissions if x.word == SUCCESS]
    costs: Dict[str, List[float]] = {}
    for job in well:
        costs.setdefault(job.rule, []).append(job.price * job.ran)
    units = sum(x.price * x.ran for x in submissions if x.word != RUNNING)
    expected, running, queued = units, 0, 0

    for job in (x for x in submissions if x.word == RUNNING):
        record = live.get(job.jobid, {})
        spent = job.price * hours_used(record)
        most = job.price * job.hours
        units += spent
        expected += max(spent, _mean(costs[job.rule]) if job.rule in costs else most)
        starts = record.get("job_state") in ("R", "E")
        running += starts
        queued += not starts

    unpriced = 0
    for rule, count in rules.items():
        known = [x for x in submissions if x.rule == rule]
        to_come = max(0, count - len({x.stem for x in known}))
        if rule in costs:
            expected += to_come * _mean(costs[rule])
        elif known:
            expected += to_come * known[-1].price * known[-1].hours
        elif rule in prices:
            expected += to_come * prices[rule]
        else:
            unpriced += to_come
    return Progress(done, total, running, queued, units, expected, unpriced)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


class Watch:
    """What the sidecar says of a run while it goes on."""

    def __init__(self, ledger: Ledger, pid: int) -> None:
        self.ledger = ledger
        self.pid = pid
        self.since: Dict[Tuple[str, str], float] = {}
        self.said: Set[Tuple[str, str]] = set()

    def look(self) -> None:
        """Ask the server for the jobs, and say how far they are.

        Raises:
            AwayError: It did not answer.
        """
        submissions = self.ledger.submissions()
        live = ask_live([x.jobid for x in submissions if x.word == RUNNING and x.jobid])
        for line in self.find_stuck(live, time.time()):
            say(line)
        prices = json.loads(PRICES.read_text()) if PRICES.exists() else {}
        log = "".join(
            path.read_text(errors="replace")
            for path in open_files(self.pid)
            if path.name.endswith(".snakemake.log")
        )
        if log or submissions:
            say(str(reckon(submissions, live, log, prices)))

    def find_stuck(self, live: Mapping[str, Record], now: float) -> List[str]:
        """Lines on the jobs that have been held or waited for long; each job, or queue, once."""
        kinds = {jobid: stuck(record) for jobid, record in live.items() if stuck(record)}
        self.since = {key: self.since.get(key, now) for key in kinds.items()}
        groups: Dict[Tuple[str, str], List[str]] = {}
        for jobid, kind in sorted(kinds.items()):
            what = live[jobid].get("queue", "") if kind == "waits" else jobid
            groups.setdefault((kind, what), []).append(jobid)
        # What has got on meanwhile is news when it is stuck again.
        self.said &= set(groups)
        patience, lines = seconds_of("notice_minutes"), []
        for group in [x for x in groups if x not in self.said]:
            jobids = [x for x in groups[group] if now - self.since[x, group[0]] >= patience]
            if jobids:
                self.said.add(group)
                lines.append(describe(group[0], live[jobids[0]], jobids))
        return lines


def stuck(record: Record) -> str:
    """What keeps a job from running, if it is not its turn alone."""
    state = record.get("job_state")
    if state == "H":
        return "is held"
    if state in ("Q", "W"):
        return "can never run" if "Can Never Run" in record.get("comment", "") else "waits"
    return ""


def describe(kind: str, record: Record, jobids: Sequence[str]) -> str:
    """A line on a job that does not get on, and how many others like it."""
    comment = record.get("comment", "").rstrip(". ") or "no comment of PBS's"
    name = record.get("Job_Name", "").rpartition(".")[0]
    more = f", as do {len(jobids) - 1} more" if len(jobids) > 1 else ""
    remedy = {
        "is held": f"; qrls {jobids[0]} lets it go",
        "can never run": f"; qdel {jobids[0]}, and ask for less",
        "waits": "",
    }[kind]
    where = f" in {record.get('queue')}" if kind == "waits" else ""
    return f"{name} ({jobids[0]}) {kind}{where}{more}: {comment}{remedy}."
