"""The server's commands, and what they answer: OpenPBS 23.06's statuses and texts.

Statuses are errno modulo 256, and one errno has many causes: a server that is away is told by the
text of what it did not say.
"""

import re
import subprocess
import time
from typing import Callable, Dict, List, Optional, Sequence, Tuple, TypeVar

from pbs.errors import AwayError, RefusedError
from pbs.notices import say, say_once, withdraw
from pbs.settings import seconds_of

UNKNOWN_ID, HOOK = 153, 32
NO_ANSWER = 255

AWAY = re.compile(
    r"cannot connect to server|Communication failure|End of File|Connection (refused|reset)"
    r"|Connection timed out|no answer in",
    re.I,
)
FINAL = re.compile(
    r"unknown|illegal|invalid|violates|exceeds|usage:|denied|unauthorized|bad UID|-N value", re.I
)
NO_HISTORY = "not configured to maintain job history"

Answer = TypeVar("Answer")
Record = Dict[str, str]
"""A job's attributes as qstat -f names them."""


def is_away(message: str) -> bool:
    """Whether a command's words are those of one that reached no server."""
    return bool(AWAY.search(message))


def is_final(code: int, message: str) -> bool:
    """Whether qsub will say the same of the same request at any other time.

    A hook may reject today what it admits tomorrow, whatever its words.
    """
    return code != HOOK and not is_away(message) and bool(FINAL.search(message))


def one_line(text: str) -> str:
    """A command's message, which may have several lines, in one."""
    return " ".join(text.split())


def run(command: Sequence[str], text: str = "", seconds: float = 60) -> Tuple[int, str, str]:
    """A command's exit status and output.

    In a session of its own, for Ctrl-C is sent to all of Snakemake's children.
    """
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE if text else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
    except FileNotFoundError:
        raise RefusedError(f"{command[0]}: no such command; start where PBS is, on Gadi") from None
    try:
        out, err = process.communicate(text or None, timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return NO_ANSWER, "", f"{command[0]}: no answer in {seconds:.0f} s"
    return process.returncode, out, err


def call(*command: str, text: str = "") -> Tuple[int, str, str]:
    """A PBS command's exit status and output; one that takes too long counts as no server.

    An outage is said once when it begins, once when it ends, by whichever command comes upon it.
    """
    code, out, err = run(command, text)
    if code and is_away(err):
        say_once("away", f"The PBS server is away: {one_line(err)}; waiting for it.", key="away")
    else:
        since = withdraw("away")
        if since:
            say(f"The PBS server answers again, after {(time.time() - since) / 60:.0f} min.")
    return code, out, err


def parse_qstat(text: str) -> Dict[str, Record]:
    """The records in what `qstat -f` printed, by job id.

    Long values go on in lines that begin with a tab. A value that has line breaks (a variable of
    the environment may) is cut at the first, and cannot pass for another attribute: where one comes
    twice the first counts.
    """
    records: Dict[str, Record] = {}
    record: Record = {}
    last = ""
    for line in text.split("\n"):
        attribute = re.match(r"    (\S+) = ?(.*)", line, re.S)
        if line.startswith("Job Id: "):
            record, last = records.setdefault(line[8:].strip(), {}), ""
        elif line.startswith("\t"):
            if last:
                record[last] += line[1:]
        elif attribute and attribute[1] not in record:
            last = attribute[1]
            record[last] = attribute[2]
        else:
            last = ""
    return records


def ask(jobid: str) -> Optional[Record]:
    """A job's attributes, None if the server does not know the id (any more).

    Raises:
        AwayError: The server did not say.
    """
    if not jobid:
        raise RefusedError("no job id; qstat would list every job")
    code, out, err = call("qstat", "-f", "-x", jobid)
    if code == 0 and NO_HISTORY in err:
        # It then knows what is queued or runs, and says so where it is not asked for more.
        code, out, err = call("qstat", "-f", jobid)
    if code == UNKNOWN_ID:
        return None
    for found, record in parse_qstat(out).items():
        if code == 0 and found.split(".")[0] == jobid.split(".")[0] and "job_state" in record:
            return record
    raise AwayError(one_line(err) or f"qstat ended with status {code} and no record")


def ask_live(jobids: Sequence[str]) -> Dict[str, Record]:
    """The attributes of those of some jobs that are queued or run, by the ids as given.

    Raises:
        AwayError: The server did not say.
    """
    if not jobids:
        return {}
    _, out, err = call("qstat", "-f", *jobids)
    if is_away(err):
        raise AwayError(one_line(err))
    by_number = {jobid.split(".")[0]: jobid for jobid in jobids}
    return {
        by_number[found.split(".")[0]]: record
        for found, record in parse_qstat(out).items()
        if found.split(".")[0] in by_number and record.get("job_state", "F") != "F"
    }


def find_by_name(name: str, finished_too: bool = False) -> List[str]:
    """Ids of the jobs of a name.

    Raises:
        AwayError: The server did not say.
    """
    found: List[str] = []
    # Without history -x finds nothing, not even what runs.
    for options in [["-x"], []] if finished_too else [[]]:
        code, out, err = call("qselect", *options, "-N", name)
        if code:
            raise AwayError(one_line(err))
        found += [jobid for jobid in out.split() if jobid not in found]
    return found


def patiently(action: Callable[[], Answer]) -> Answer:
    """What an action gives, tried again while the server is away.

    Raises:
        AwayError: It stays away too long.
    """
    start, pause = time.monotonic(), 1.0
    while True:
        try:
            return action()
        except AwayError:
            if time.monotonic() - start > seconds_of("patience_minutes"):
                raise
        time.sleep(pause)
        pause = min(2 * pause, 30)


def delete(jobids: Sequence[str]) -> None:
    """Delete jobs; whether they are gone is to be asked."""
    if jobids:
        call("qdel", *jobids)
