"""A job script of Snakemake's as a job of the server's."""

import json
import re
import shlex
import shutil
import time
import uuid
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional

from pbs.errors import AwayError, RefusedError
from pbs.ledger import Ledger, ledger_of
from pbs.notices import say, say_once, withdraw
from pbs.processes import find_head
from pbs.queues import Request, is_among, price, translate
from pbs.server import call, delete, find_by_name, is_away, is_final, one_line
from pbs.settings import (
    PROFILE,
    STATE,
    find_project,
    find_storage,
    seconds_of,
    setting,
    setting_path,
    settings_file,
)
from pbs.sidecar import start_sidecar
from pbs.states import find_exit


def name_job(rule: str, wildcards: Mapping[str, str]) -> str:
    """A name that PBS allows and that no other submission has."""
    words = re.sub(r"[^A-Za-z0-9._+-]", "_", ".".join([rule, *wildcards.values()]))
    return f"{words[:200]}.{uuid.uuid4().hex[:8]}"


def qsub_command(request: Request, name: str, log: Path) -> List[str]:
    """The qsub command of a job, whose script it reads."""
    wanted = {
        "ncpus": str(request.ncpus),
        setting("gpu_resource"): str(request.ngpus or ""),
        "mem": f"{request.mem_mb}MB",
        "walltime": str(request.walltime),
        "jobfs": f"{request.jobfs_mb}MB" if request.jobfs_mb else "",
        "storage": find_storage(Path.cwd(), PROFILE),
    }
    project = find_project()
    return [
        *("qsub", "-N", name, "-q", request.queue),
        *(["-P", project] if project else []),
        *("-l", ",".join(f"{key}={value}" for key, value in wanted.items() if value)),
        # PBS itself runs no job a second time: Snakemake does.
        *("-r", "n", "-j", "oe", "-o", str(log), "-W", "umask=027", "-S", "/bin/bash"),
    ]


def write_script(text: str, request: Request, arguments: List[str], **variables: str) -> str:
    """A job's script with its variables and arguments in it, after the comments it begins with.

    In the script they may hold anything; qsub's -v takes no commas.
    """
    given = {
        "LEOPARD_PROFILE": str(PROFILE),
        "LEOPARD_SITE": str(settings_file()),
        "LEOPARD_ENVIRONMENT": str(setting_path("job_environment")),
        "LEOPARD_DIRECTORY": str(Path.cwd()),
        "LEOPARD_WALLTIME": str(request.walltime),
        **variables,
    }
    lines = [f"export {key}={shlex.quote(value)}" for key, value in given.items()]
    if arguments:
        lines.append("set -- " + " ".join(map(shlex.quote, arguments)))
    comments = re.match(r"(#.*\n)*", text)
    at = comments.end() if comments else 0
    return "\n".join([text[:at] + lines[0], *lines[1:], text[at:]])


def give_cpus(text: str, rule: str, threads: int, request: Request) -> str:
    """Snakemake's job script, in which its rule has all the CPUs that are paid for.

    A GPU comes with more CPUs than the rules ask for, and how many depends on the queue. Whoever
    sets a rule's threads is obeyed.
    """
    given = re.search(r"--set-threads((?: '?[\w-]+=[^\s']+'?)+)", text)
    chosen = [x.strip("'").partition("=")[0] for x in given[1].split()] if given else []
    if not request.ngpus or request.ncpus <= threads or is_among(rule, chosen):
        return text
    if given:
        return text.replace(given[0], f"{given[0]} {rule}={request.ncpus}")
    snakemake = " -m snakemake "
    return text.replace(snakemake, f"{snakemake}--set-threads {rule}={request.ncpus} ", 1)


def prepare_log(directory: str, name: str) -> Path:
    """Where a job's own output goes. Without its directory the output would be lost."""
    log = Path.cwd() / STATE / "logs" / directory / (name + ".log")
    log.parent.mkdir(parents=True, exist_ok=True)
    return log


def move_earlier_logs(logs: List[str], own: Path) -> None:
    """Keep a rule's logs of an earlier job beside the new job's own output.

    Snakemake shows a failed job's log: if it never starts, that would be another's.
    """
    for number, log in enumerate(logs):
        if Path(log).is_file():
            shutil.move(log, str(own.with_suffix(f".earlier{number or ''}.log")))


def queue_job(
    command: List[str],
    script: str,
    name: str,
    is_over: Callable[[], bool] = lambda: False,
    waits: bool = True,
) -> str:
    """The id that qsub gives a job; it is asked again while that may help, and never for two.

    Args:
        command: qsub, without the script.
        script: What it reads.
        name: The job's.
        is_over: Whether nobody wants the job any more.
        waits: Whether one that is turned down is to be tried again.

    Raises:
        RefusedError: The server turns the request down for good, or for too long.
        AwayError: The server stays away too long, or the run ends meanwhile.
    """
    start, pause, unsure = time.monotonic(), 1.0, False
    patience = seconds_of("patience_minutes")
    queue = command[command.index("-q") + 1]
    while True:
        code, out, err = call(*command, text=script)
        if code == 0 and out.split():
            if withdraw(f"refused-{queue}"):
                say(f"{queue} takes jobs again.")
            return out.split()[0]
        message = one_line(err) or f"qsub ended with status {code}"
        if is_final(code, message) or not (waits or is_away(message)):
            raise RefusedError(message)
        waited = time.monotonic() - start
        if is_away(message):
            unsure = True  # the answer may be all that was lost
        else:
            # One patience for all that wait for the queue.
            text = f"{queue}: {message}; trying again for {patience / 60:.0f} min."
            waited = max(waited, time.time() - say_once(f"refused-{queue}", text, message))
        while True:
            if is_over() or waited > patience:
                raise (AwayError if unsure else RefusedError)(message)
            _nap(pause, is_over)
            pause = min(2 * pause, 30)
            try:
                found = find_sent(name) if unsure else None
            except AwayError:
                waited = time.monotonic() - start
                continue
            if found:
                return found
            unsure = False
            break


def _nap(seconds: float, is_over: Callable[[], bool]) -> None:
    """Wait, but not for what is over."""
    for _ in range(max(1, round(seconds))):
        time.sleep(min(1, seconds))
        if is_over():
            break


def find_sent(name: str) -> Optional[str]:
    """The id of a job that was sent, if the server has it or had it.

    Raises:
        AwayError: The server did not say.
    """
    found = find_by_name(name, finished_too=True)
    return found[0] if found else find_exit(name)


def find_lost(ledger: Ledger, name: str) -> Optional[str]:
    """The id of a job that an earlier attempt sent without having an answer."""
    stem = name.rpartition(".")[0]
    for sent in ledger.submissions():
        if sent.stem == stem and not sent.jobid:
            try:
                jobid = find_sent(sent.name)
            except AwayError:
                continue
            if jobid:
                ledger.write("submitted", sent.name, jobid)
                return jobid
    return None


def submit(jobscript: str) -> None:
    """Submit a job script of Snakemake's; print the job's id."""
    text = Path(jobscript).read_text()
    found = re.search(r"^# properties = (.*)$", text, re.M)
    attempt = re.search(r"--attempt (\d+)", text)
    if not found or not attempt:
        raise RefusedError(f"{jobscript}: not a job script of Snakemake's")
    job: Dict[str, Any] = json.loads(found[1])
    rule, threads = job.get("rule") or "group", job["threads"]
    name = name_job(rule, job.get("wildcards") or {})
    log = prepare_log(rule, name)
    move_earlier_logs(job.get("log") or [], log)
    request = translate(rule, threads, job["resources"], int(attempt[1]))
    command = qsub_command(request, name, log)
    script = write_script(give_cpus(text, rule, threads, request), request, [])
    head = find_head()
    ledger = ledger_of(head)
    if not ledger.path.exists():
        ledger = start_sidecar(head)
    lost = find_lost(ledger, name)
    if lost:
        print(lost)
        return
    again = ledger.was_refused(name)
    ledger.write("submitting", name, f"{price(request):.3f}", f"{request.walltime / 3600:.3f}")
    try:
        jobid = queue_job(command, script, name, ledger.is_closed, not again)
    except RefusedError:
        ledger.write("refused", name)
        raise
    try:
        ledger.write("submitted", name, jobid)
        over = ledger.is_closed()
    except RefusedError:
        over = True
    if over:
        delete([jobid])
        raise RefusedError(f"{name}: the run ended while it was submitted")
    print(jobid)
