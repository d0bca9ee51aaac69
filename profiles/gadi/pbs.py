#!/usr/bin/env python3
"""Snakemake's jobs on Gadi: the commands of its cluster-generic executor for PBS Professional.

`submit`, `status`, `cancel`, `sidecar`, `head` and `plan` are links to this file, which does what
the name it is called by says. Nothing but the standard library, and nothing newer than Python 3.6:
a login node's own Python runs it. Snakemake calls the first three, and the first `submit` of a run
starts the sidecar: one that Snakemake (9.27) starts keeps a run with nothing to do from ever
ending.

What belongs to a run is in .snakemake/pbs of its working directory:
    ledgers/  a file for each run of Snakemake: what it submitted, and what of that has ended
    exit/     a file for each job, by id: the exit status, written by the job script as its last act
    logs/     what each job wrote outside its rule's log
"""

import configparser
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

PROFILE = Path(__file__).resolve().parent
STATE = Path(".snakemake/pbs")
LEDGERS = STATE / "ledgers"

RUNNING, SUCCESS, FAILED = "running", "success", "failed"
UNKNOWN_ID, NO_SERVER = 153, 255
HOOK_REJECTION = "-17"

SETTLE = 5.0
"""Seconds after which a qsub whose submitter was killed has reached the server or never will."""
VANISHED = 60.0
"""Seconds that an exit file may take to show on the head's node."""


class Queue(NamedTuple):
    """What a queue's nodes have, how long a job may run there, and what it costs."""

    cpus: int
    gpus: int
    memory_gb: int
    memory_gb_per_cpu: float
    hours: int
    rate: float  # service units for each CPU, or its share of memory, and hour

    @property
    def cpus_per_gpu(self) -> int:
        """CPUs that come with each GPU, no more and no fewer."""
        return self.cpus // self.gpus


QUEUES = {
    "normal": Queue(48, 0, 190, 4, 48, 2),
    "copyq": Queue(1, 0, 190, 4, 10, 2),
    "gpuvolta": Queue(48, 4, 382, 8, 48, 3),
    "dgxa100": Queue(128, 8, 2000, 16, 48, 4.5),
    "gpuhopper": Queue(48, 4, 1024, 21, 48, 7.5),
}
GPU_QUEUES = {"v100": "gpuvolta", "a100": "dgxa100", "h200": "gpuhopper"}

REASONS = {
    HOOK_REJECTION: "rejected by a hook of the server, to be submitted again",
    "-27": "memory exceeded",
    "-29": "walltime exceeded",
    "265": "killed",
    "271": "deleted",
}


class RefusedError(Exception):
    """What keeps a job from being submitted, and what to do; shown in one line."""


class AwayError(Exception):
    """The server gave no answer; the next one may come."""


class Request(NamedTuple):
    """What a job asks PBS for."""

    queue: str
    ncpus: int
    ngpus: int
    mem_mb: int
    walltime: int  # seconds
    jobfs_mb: int


def charge(queue: str, ncpus: int, mem_mb: float, hours: float) -> float:
    """Service units that a job costs: rate x the larger of CPUs and memory's share x hours."""
    prices = QUEUES[queue]
    return prices.rate * max(ncpus, mem_mb / 1024 / prices.memory_gb_per_cpu) * hours


def setting(name: str) -> str:
    """A setting by its name in settings.ini; the environment's, in capitals, comes first."""
    file = configparser.ConfigParser()
    file.read(str(PROFILE / "settings.ini"))
    return os.environ.get(name.upper()) or file.get("gadi", name)


def find_project() -> str:
    """The project to charge."""
    project = setting("project")
    if not re.fullmatch(r"[a-z0-9]+", project):
        problem = "no project" if not project else "project {!r} is not one".format(project)
        raise RefusedError(
            problem + "; export PROJECT=ab12, or set it in profiles/gadi/settings.ini"
        )
    return project


def find_storage(*used: Path) -> str:
    """The filesystems to mount, checked against the paths that every job needs."""
    project = find_project()
    storage = setting("storage") or "scratch/{0}+gdata/{0}".format(project)
    if storage == "none":
        return ""
    if not re.fullmatch(r"(scratch|gdata)/\w+(\+(scratch|gdata)/\w+)*", storage):
        raise RefusedError("storage {!r}; give it as scratch/ab12+gdata/ab12".format(storage))
    for path in used:
        found = re.match(r"/(scratch|g/data)/(\w+)/", "{}/".format(path))
        if found:
            filesystem = "{}/{}".format(found[1].replace("g/data", "gdata"), found[2])
            if filesystem not in storage.split("+"):
                raise RefusedError(
                    "{} would not be mounted; add {} to STORAGE, now {}".format(
                        path, filesystem, storage
                    )
                )
    return storage


def translate(rule: str, threads: int, resources: Dict[str, object], attempt: int = 1) -> Request:
    """A rule's threads and resources as a request to PBS.

    The rules ask for more memory and walltime with each attempt: from the second on, what is more
    than the queue has is cut to that.

    Raises:
        RefusedError: What no node of the queue could give, or what the queue is not for.
    """

    def number(name: str, default: int = 0) -> int:
        try:
            return int(str(resources.get(name, default)))
        except ValueError:
            raise RefusedError(
                "{}: {}={!r}; give a whole number".format(rule, name, resources[name])
            ) from None

    ngpus = number("gpu")
    model = str(resources.get("gpu_model") or setting("gpu_model"))
    if model not in GPU_QUEUES:
        raise RefusedError("gpu_model {!r}; give one of {}".format(model, ", ".join(GPU_QUEUES)))
    # In a study of several factors a rule is named after its factor: CTCF_download_file.
    if any("_{}".format(rule).endswith("_" + x) for x in setting("network_rules").split()):
        name = "copyq"
    else:
        name = GPU_QUEUES[model] if ngpus else "normal"
    queue = QUEUES[name]

    def check(possible: bool, asked: str, remedy: str) -> None:
        if not possible:
            raise RefusedError("{}: {} on {}, {}".format(rule, asked, name, remedy))

    check(
        ngpus <= queue.gpus,
        "gpu={}".format(ngpus),
        "whose nodes have {}; ask for no more".format(queue.gpus or "none"),
    )
    ncpus = ngpus * queue.cpus_per_gpu if ngpus else threads
    check(
        threads <= min(ncpus, queue.cpus),
        "{} CPUs".format(threads),
        "which gives {}; set fewer threads".format(
            "{} for each GPU".format(queue.cpus_per_gpu) if ngpus else queue.cpus
        ),
    )
    mem_mb, minutes = number("mem_mb"), number("runtime")
    if attempt > 1:
        mem_mb, minutes = min(mem_mb, queue.memory_gb * 1024), min(minutes, queue.hours * 60)
    check(
        0 < mem_mb <= queue.memory_gb * 1024,
        "mem_mb={}".format(mem_mb),
        "whose nodes have {} GB; set mem_mb within that".format(queue.memory_gb),
    )
    check(
        0 < minutes <= queue.hours * 60,
        "runtime={}".format(minutes),
        "where jobs end after {} h; set runtime, in minutes, within that".format(queue.hours),
    )
    jobfs_gb = int(setting("jobfs_gb"))
    return Request(
        name,
        ncpus,
        ngpus,
        mem_mb,
        minutes * 60,
        max(number("disk_mb"), jobfs_gb * 1024) if jobfs_gb else 0,
    )


def name_job(rule: str, wildcards: Dict[str, str]) -> str:
    """A name that PBS allows and that no other submission has."""
    words = re.sub(r"[^A-Za-z0-9._+-]", "_", ".".join([rule, *wildcards.values()]))
    return "{}.{}".format(words[:200], uuid.uuid4().hex[:8])


def call(*command: str, seconds: float = 60) -> Tuple[int, str, str]:
    """A PBS command's exit status and output; one that takes too long counts as no server.

    In a session of its own, for Ctrl-C is sent to all of Snakemake's children.
    """
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
    except FileNotFoundError:
        raise RefusedError(
            "{}: no such command; start on a node of Gadi".format(command[0])
        ) from None
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return NO_SERVER, "", "no answer in {:.0f} s".format(seconds)
    return process.returncode, out, err


def parse_qstat(text: str) -> Dict[str, Dict[str, str]]:
    """The records in what `qstat -f` printed, by job id.

    Long values go on in lines that begin with a tab. A value that has line breaks (a variable of
    the environment may) is cut at the first, and cannot pass for another attribute: where one comes
    twice the first counts.
    """
    records = {}  # type: Dict[str, Dict[str, str]]
    record, last = {}, ""  # type: Dict[str, str], str
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


def ask(jobid: str) -> Optional[Dict[str, str]]:
    """A job's attributes, None if the server does not know the id (any more).

    Raises:
        AwayError: The server did not say.
    """
    if not jobid:
        raise RefusedError("no job id; qstat would list every job")
    code, out, err = call("qstat", "-f", "-x", jobid)
    if code == UNKNOWN_ID:
        return None
    for found, record in parse_qstat(out).items():
        if code == 0 and found.split(".")[0] == jobid.split(".")[0] and "job_state" in record:
            return record
    raise AwayError(err.strip())


def judge(record: Dict[str, str]) -> str:
    """Snakemake's word for a job's state. Exiting is running still."""
    if record["job_state"] != "F":
        return RUNNING
    ended_well = record.get("Exit_status") == "0" and record.get("substate") == "92"
    return SUCCESS if ended_well else FAILED


def explain(record: Optional[Dict[str, str]]) -> str:
    """Why a job failed, and where its log is."""
    if record is None:
        return "failed, and the server forgot it; its log is in {}".format(STATE / "logs")
    code = record.get("Exit_status", "absent, it never ran")
    why = REASONS.get(code, "exit status {}".format(code))
    return "{}; see {}".format(why, record.get("Output_Path", "").rpartition(":")[2])


def judge_vanished(jobid: str) -> str:
    """The same for a job that the server forgot, by the exit file that it left."""
    path = STATE / "exit" / jobid
    if path.exists():
        return SUCCESS if path.read_text().strip() == "0" else FAILED
    missed = STATE / "exit" / (jobid + ".missed")
    if not missed.exists():
        missed.parent.mkdir(parents=True, exist_ok=True)
        missed.touch()
    return FAILED if time.time() - missed.stat().st_mtime > VANISHED else RUNNING


class Ledger:
    """The submissions of one run of Snakemake: a line for each thing that happened to one.

    A name is written before qsub, so that a job whose id was never read can be found by it. The
    sidecar closes the ledger when the run is over: it first writes that, then looks what there is;
    submit first writes what it did, then looks whether the ledger is closed. So one of them sees
    each job.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, *words: str) -> None:
        """Append a line.

        Raises:
            RefusedError: The ledger is gone, and so is the run.
        """
        try:
            # Never created here: a ledger that was cleared stays so.
            file = os.open(str(self.path), os.O_WRONLY | os.O_APPEND)
        except FileNotFoundError:
            raise RefusedError("the run that this job belongs to is over") from None
        os.write(file, (" ".join(words) + "\n").encode())
        os.close(file)

    def read(self) -> List[List[str]]:
        """Its lines, in words."""
        try:
            return [line.split() for line in self.path.read_text().splitlines()]
        except FileNotFoundError:
            return [["closed"]]

    def is_closed(self) -> bool:
        """Whether the run is over."""
        return ["closed"] in self.read()

    def unfinished(self) -> Tuple[List[str], List[str]]:
        """Ids of jobs that were not seen to end, and names whose ids are not known."""
        ids = {}  # type: Dict[str, Optional[str]]
        over = set()
        for event, *words in self.read():
            if event == "submitting":
                ids[words[0]] = None
            elif event == "submitted":
                ids[words[0]] = words[1]
            elif event in ("refused", "ended"):
                over.add(words[0])
        known = [jobid for jobid in ids.values() if jobid and jobid not in over]
        return known, [name for name, jobid in ids.items() if not jobid and name not in over]

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
                    call("qdel", *live)
                elif not nameless or time.monotonic() - start > SETTLE:
                    self.path.unlink()
                    break
            except AwayError:
                pass
            except FileNotFoundError:  # cleared by the next run's sidecar
                break
            if time.monotonic() - start > seconds:
                return False
            time.sleep(1)
        return True


def find_by_name(name: str, *options: str) -> List[str]:
    """Ids of the jobs of a name; with the option -x also of those that ended."""
    code, out, err = call("qselect", *options, "-N", name)
    if code:
        raise AwayError(err.strip())
    return out.split()


def queue_job(command: List[str], name: str, is_over: Callable[[], bool]) -> str:
    """The id that qsub gives a job. While the server is away it is asked again, never for two.

    Raises:
        RefusedError: The server turns the request down, or stays away too long.
    """
    start, pause = time.monotonic(), 1.0
    patience = float(setting("patience_minutes")) * 60
    while True:
        code, out, err = call(*command)
        if code == 0:
            return out.split()[0]
        message = err.strip().replace("\n", " ") or "qsub ended with status {}".format(code)
        if code != NO_SERVER:
            raise RefusedError("{}: {}".format(name, message))
        while True:
            if is_over() or time.monotonic() - start > patience:
                raise AwayError("{}: {}".format(name, message))
            time.sleep(pause)
            pause = min(2 * pause, 30)
            try:
                # The answer may be all that was lost.
                found = find_by_name(name, "-x")
            except AwayError:
                continue
            if found:
                return found[0]
            break


def qsub_command(request: Request, name: str, log: Path) -> List[str]:
    """The qsub command of a job, but for its script."""
    wanted = {
        "ncpus": str(request.ncpus),
        "ngpus": str(request.ngpus or ""),
        "mem": "{}MB".format(request.mem_mb),
        "walltime": str(request.walltime),
        "jobfs": "{}MB".format(request.jobfs_mb) if request.jobfs_mb else "",
        "storage": find_storage(Path.cwd(), PROFILE),
    }
    if "," in str(PROFILE):
        raise RefusedError("{}: PBS takes no comma in a variable; move the clone".format(PROFILE))
    return [
        *("qsub", "-N", name, "-q", request.queue, "-P", find_project()),
        *("-l", ",".join("{}={}".format(k, v) for k, v in wanted.items() if v)),
        # PBS itself runs no job a second time: Snakemake does.
        *("-r", "n", "-j", "oe", "-o", str(log), "-W", "umask=027", "-S", "/bin/bash"),
        *("-v", "LEOPARD_PROFILE={},LEOPARD_WALLTIME={}".format(PROFILE, request.walltime)),
    ]


def prepare_log(directory: str, name: str) -> Path:
    """Where a job's own output goes. Without its directory the output would be lost."""
    log = Path.cwd() / STATE / "logs" / directory / (name + ".log")
    log.parent.mkdir(parents=True, exist_ok=True)
    return log


def birth(pid: int) -> str:
    """When a process started, in ticks of the kernel's clock; empty if it is dead."""
    try:
        # After the name, which may hold anything, in parentheses: state, ..., starttime.
        fields = Path("/proc/{}/stat".format(pid)).read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if fields[0] == "Z" else fields[19]


def find_head() -> int:
    """The process of the Snakemake that called this command, by way of a shell or not."""
    parent = os.getppid()
    words = Path("/proc/{}/cmdline".format(parent)).read_bytes().split(b"\0")
    if words[1:2] == [b"-c"] and words[0].endswith(b"sh"):
        status = Path("/proc/{}/status".format(parent)).read_text()
        parent = int(re.findall(r"^PPid:\s*(\d+)", status, re.M)[0])
    return parent


def ledger_of(head: int) -> Ledger:
    """The ledger of the run of a Snakemake's process."""
    name = "{}-{}-{}".format(socket.gethostname(), head, birth(head))
    return Ledger(Path.cwd() / LEDGERS / name)


def start_sidecar(head: int) -> Ledger:
    """The ledger of a run's first submission, when the jobs of earlier runs are gone."""
    process = subprocess.Popen(
        [str(PROFILE / "sidecar"), str(head)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        # Out of reach of Ctrl-C, and of the signals by which PBS ends the session of a head's job.
        start_new_session=True,
    )
    assert process.stdout is not None
    path = process.stdout.readline().strip()
    if not path:
        raise RefusedError("no sidecar, no job; see the line before this one")
    return Ledger(Path(path))


def submit(jobscript: str) -> None:
    """Submit a job script of Snakemake's; print the job's id."""
    text = Path(jobscript).read_text()
    found = re.search(r"^# properties = (.*)$", text, re.M)
    attempt = re.search(r"--attempt (\d+)", text)
    if not found or not attempt:
        raise RefusedError("{}: not a job script of Snakemake's".format(jobscript))
    job = json.loads(found[1])
    rule = job.get("rule") or "group"
    request = translate(rule, job["threads"], job["resources"], int(attempt[1]))
    name = name_job(rule, job.get("wildcards") or {})
    command = [*qsub_command(request, name, prepare_log(rule, name)), jobscript]
    head = find_head()
    ledger = ledger_of(head)
    if not ledger.path.exists():
        ledger = start_sidecar(head)
    ledger.write("submitting", name)
    try:
        jobid = queue_job(command, name, ledger.is_closed)
    except RefusedError:
        ledger.write("refused", name)
        raise
    try:
        ledger.write("submitted", name, jobid)
        over = ledger.is_closed()
    except RefusedError:
        over = True
    if over:
        call("qdel", jobid)
        raise RefusedError("{}: the run ended while it was submitted".format(name))
    print(jobid)


def status(jobid: str) -> None:
    """Print running, success or failed; running if the server does not say."""
    word = RUNNING
    try:
        record = ask(jobid)
        word = judge(record) if record else judge_vanished(jobid)
        if word == FAILED:
            print("job {}: {}".format(jobid, explain(record)), file=sys.stderr)
        if word != RUNNING:
            with contextlib.suppress(RefusedError):
                ledger_of(find_head()).write("ended", jobid)
    except Exception as error:  # any other answer than a word would end the whole run
        print("status of {}: {}".format(jobid, error), file=sys.stderr)
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


def sidecar(head: str) -> None:
    """Outlive Snakemake, then delete what it left queued or running.

    First the same is done for earlier runs in this directory whose sidecar was killed with them:
    the first submission waits for this program's line, so that no job is submitted that runs.
    """
    ended = []  # type: List[int]
    signal.signal(signal.SIGTERM, lambda number, frame: ended.append(number))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    pid, ledger = int(head), ledger_of(int(head))
    ledger.path.parent.mkdir(parents=True, exist_ok=True)
    patience = float(setting("patience_minutes")) * 60
    for path in sorted(ledger.path.parent.iterdir()):
        other = path.name.split("-")[-2]
        if birth(int(other)) and ledger_of(int(other)).path == path:
            continue  # a run that shares this directory (--nolock)
        print("Deleting jobs of an earlier run that are still there.", file=sys.stderr)
        if not Ledger(path).clear(patience):
            raise RefusedError("jobs of an earlier run cannot be deleted; see {}".format(path))
    ledger.path.touch()
    print(ledger.path, flush=True)
    while not ended and birth(pid) and ledger_of(pid).path == ledger.path:
        time.sleep(0.5)
    with contextlib.suppress(RefusedError):  # the next run's sidecar was faster
        ledger.write("closed")
    # What cannot be deleted, as the server is away for long, is so at the start of the next run.
    ledger.clear(patience)


def head(*arguments: str) -> None:
    """Submit the head of a run, with the arguments of snakemake; print its id."""
    if any("," in argument or argument.split() != [argument] for argument in arguments):
        raise RefusedError("an argument with a comma or blank in it; put it into the config")
    storage = find_storage(Path.cwd(), PROFILE)
    name = name_job("head", {})
    passed = {
        "LEOPARD_PROFILE": str(PROFILE),
        "LEOPARD_HEAD": " ".join(arguments),
        "LEOPARD_ROUND": os.environ.get("LEOPARD_ROUND", "1"),
        "PROJECT": find_project(),
        "STORAGE": storage or "none",
        "GPU_MODEL": setting("gpu_model"),
    }
    command = ["qsub", "-N", name, "-P", find_project(), "-o", str(prepare_log("head", name))]
    command += ["-l", "storage=" + storage] if storage else []
    command += ["-v", ",".join("{}={}".format(k, v) for k, v in passed.items())]
    print(queue_job([*command, str(PROFILE / "head.pbs")], name, lambda: False))


def plan(*arguments: str) -> None:
    """Print what each job of a run would ask for, and cost at most; arguments as of snakemake."""
    find_storage(Path.cwd(), PROFILE)
    most = str(max(queue.cpus for queue in QUEUES.values()))
    done = subprocess.run(
        # Without so many cores a dry run would show fewer threads than a job will have.
        ["snakemake", "--profile", str(PROFILE), "--dry-run", "--cores", most, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    if done.returncode:
        raise RefusedError("snakemake cannot plan this:\n" + done.stdout)
    jobs = Counter()  # type: Counter[Tuple[str, Request]]
    for rule, text in re.findall(
        r"^(?:rule|checkpoint) (\w+):\n((?: {4}.+\n)+)", done.stdout, re.M
    ):
        said = dict(re.findall(r"^ +(\w+): (.*)$", text, re.M))
        if "output" in said:  # a target is no job
            resources = dict(re.findall(r"(\w+)=([^,]+)", said["resources"]))
            jobs[rule, translate(rule, int(said.get("threads", 1)), resources)] += 1
    row = "{:<28} {:>5}  {:<10} {:>5} {:>5} {:>7} {:>9} {:>7}"
    print(row.format("rule", "jobs", "queue", "ncpus", "ngpus", "mem_mb", "walltime", "units"))
    total = 0.0
    for (rule, asked), n in jobs.items():
        hours = asked.walltime / 3600
        cost = n * charge(asked.queue, asked.ncpus, asked.mem_mb, hours)
        total += cost
        walltime = "{}:{:02d}".format(*divmod(asked.walltime // 60, 60))
        print(row.format(rule, n, *asked[:4], walltime, "{:.1f}".format(cost)))
    print(
        "{} jobs; {:.0f} service units if each took all its walltime".format(
            sum(jobs.values()), total
        )
    )


COMMANDS = {
    "submit": submit,
    "status": status,
    "cancel": cancel,
    "sidecar": sidecar,
    "head": head,
    "plan": plan,
}  # type: Dict[str, Callable[..., None]]


def main(argv: List[str]) -> int:
    """Do what the name of the program says, with its arguments."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is Snakemake's to answer
    try:
        COMMANDS[Path(argv[0]).name](*argv[1:])
    except (RefusedError, AwayError) as error:
        print("error: {}".format(error), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
