"""What a run would ask for, and cost, by a dry run of Snakemake."""

import json
import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Dict, List, Mapping, NamedTuple, Sequence, Tuple

from pbs.errors import RefusedError
from pbs.progress import PRICES
from pbs.queues import Request, is_among, price, read_queues, translate
from pbs.settings import PROFILE, STATE, find_storage

REPORTING = {
    **{"--report": 1, "--report-after-run": 0, "--report-stylesheet": 1, "--report-metadata": 1},
    **{"--reporter": 1, "--quiet": 9, "-q": 9, "--cores": 1, "-c": 1, "--dry-run": 0, "-n": 0},
}
"""Options that would keep a dry run from listing its jobs, and how many values they may have."""


class Job(NamedTuple):
    """Jobs of one rule that ask for the same."""

    rule: str
    request: Request

    @property
    def units(self) -> float:
        """Service units that one costs if it takes all its walltime."""
        return price(self.request) * self.request.walltime / 3600


def without_reporting(arguments: Sequence[str]) -> List[str]:
    """The arguments of a run that a dry run can use."""
    left, values = [], 0
    for argument in arguments:
        if argument.startswith("-"):
            name, given, _ = argument.partition("=")
            values = 0 if given else REPORTING.get(name, 0)
            if name in REPORTING or re.fullmatch(r"-[cq]\w+", argument):
                continue
        elif values:
            values -= 1
            continue
        left.append(argument)
    return left


def read_rules() -> Dict[str, bool]:
    """The workflow's rules by name: whether Snakemake runs them itself, wherever the others go."""
    root, rules = PROFILE.parents[1], {}
    for path in [root / "Snakefile", *root.glob("workflow/**/*.smk")]:
        blocks = re.split(r"^ *(?:use )?(?:rule|checkpoint) +(?=\w)", path.read_text(), flags=re.M)
        for block in blocks[1:]:
            name = re.match(r"(?:\w+ +as +)?(\w+)", block)
            if name:
                rules[name[1]] = bool(re.search(r"^ +localrule: *True", block, re.M))
    return rules


def is_local(rule: str, rules: Mapping[str, bool]) -> bool:
    """Whether Snakemake runs a rule itself; of several factors its name begins with one."""
    known = [name for name in rules if is_among(rule, [name])]
    return bool(known) and rules[max(known, key=len)]


def explain_failure(text: str) -> str:
    """What Snakemake says is wrong, in one line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    wrong = [
        i for i, line in enumerate(lines) if re.search(r"(\b|[a-z])(error|exception)\b", line, re.I)
    ]
    if not wrong:
        return lines[-1] if lines else "it said nothing"
    said = lines[wrong[0]]
    following = lines[wrong[0] + 1 : wrong[0] + 2]
    said = " ".join([said, *following]) if said.endswith(":") or " in file " in said else said
    return re.sub(r"^error: *", "", said, flags=re.I)


def read_jobs(text: str) -> "Counter[Job]":
    """The jobs that a dry run lists, without those that Snakemake runs itself.

    Raises:
        RefusedError: What one asks for no queue has.
    """
    rules = read_rules()
    asked: "Counter[Tuple[str, int, Tuple[Tuple[str, str], ...]]]" = Counter()
    for rule, block in re.findall(r"^(?:rule|checkpoint) (\w+):\n((?: {4}.+\n)+)", text, re.M):
        said = dict(re.findall(r"^ +(\w+): (.*)$", block, re.M))
        if "output" in said and not is_local(rule, rules):  # a target is no job
            resources = tuple(re.findall(r"(\w+)=([^,]+)", said["resources"]))
            asked[rule, int(said.get("threads", 1)), resources] += 1
    jobs: "Counter[Job]" = Counter()
    for (rule, threads, resources), n in asked.items():  # settings are read for each, not each job
        jobs[Job(rule, translate(rule, threads, dict(resources)))] += n
    return jobs


def find_jobs(arguments: Sequence[str]) -> "Counter[Job]":
    """The jobs of a run, from its arguments.

    Raises:
        RefusedError: Snakemake or a queue would refuse the run.
    """
    find_storage(Path.cwd(), PROFILE)
    most = str(max(queue.cpus for queue in read_queues().values()))
    # Without so many cores a dry run would show fewer threads than a job will have.
    options = ["--profile", str(PROFILE), "--dry-run", "--nolock", "--cores", most]
    try:
        done = subprocess.run(
            ["snakemake", *without_reporting(arguments), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
    except FileNotFoundError:
        raise RefusedError("snakemake: no such command; activate the environment") from None
    if done.returncode:
        log = Path.cwd() / STATE / "logs" / "plan.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(done.stdout)
        raise RefusedError(f"{explain_failure(done.stdout)} (all of it is in {log})")
    return read_jobs(done.stdout)


def keep_prices(jobs: "Counter[Job]", directory: Path) -> None:
    """Write down what a job of each rule costs at most, for who says how far the run is."""
    prices: Dict[str, float] = {rule: 0.0 for rule, local in read_rules().items() if local}
    for job in jobs:
        prices[job.rule] = max(job.units, prices.get(job.rule, 0.0))
    path = directory / PRICES
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(prices))


def total_line(jobs: "Counter[Job]") -> str:
    """How many jobs, and what they cost together."""
    units = sum(n * job.units for job, n in jobs.items())
    return f"{sum(jobs.values())} jobs; {units:.0f} service units if each took all its walltime"


def plan(*arguments: str) -> None:
    """Print what each job of a run would ask for, and cost at most; arguments as of snakemake."""
    jobs = find_jobs(arguments)
    row = "{:<28} {:>5}  {:<10} {:>5} {:>5} {:>7} {:>9} {:>7}"
    print(row.format("rule", "jobs", "queue", "ncpus", "ngpus", "mem_mb", "walltime", "units"))
    for job, n in jobs.items():
        walltime = "{}:{:02d}".format(*divmod(job.request.walltime // 60, 60))
        print(row.format(job.rule, n, *job.request[:4], walltime, f"{n * job.units:.1f}"))
    print(total_line(jobs))
