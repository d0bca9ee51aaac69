#!/usr/bin/env python3
"""A stand-in for PBS Professional 23.06: qsub, qstat, qdel and qselect, as the real ones answer.

The links in bin/ name one command each. There is no server: the state is a file for each job in
the directory $PBS_STANDIN, and each job has a detached process that waits for a slot, runs the
script as PBS does, ends it at its walltime and writes down how it ended. Tests change the server
by `server.json` in that directory, which holds the fields of `Options` that are not the usual.
"""

import contextlib
import fcntl
import getopt
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

STATE = Path(os.environ.get("PBS_STANDIN", "/nonexistent"))
HOST = "server"
GADI_QUEUES = ("normal", "copyq", "gpuvolta", "dgxa100", "gpuhopper")
# A plain server has no jobfs and storage, nor has it Gadi's `wd`, which no request here needs.
GADI_RESOURCES = ("ncpus", "ngpus", "mem", "walltime", "jobfs", "storage")
LARGEST_NODE = {"ncpus": 128, "ngpus": 8, "mem": 2 << 40}
UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
SUBSTATES = {"Q": "10", "H": "20"}


@dataclass
class Options:
    """What a test can ask of the server."""

    down: bool = False  # no command reaches it
    starting: bool = False  # it is reached, but does not talk yet
    slots: int = 2  # jobs that run at a time
    queued: float = 0.0  # seconds that a job waits at least
    exiting: float = 0.2  # seconds in state E
    history: float | None = None  # seconds until a finished job is forgotten
    keeps_history: bool = True  # or it forgets at once, and says that it keeps none
    kill_delay: float = 2.0  # seconds between SIGTERM and SIGKILL
    overruns: int = 0  # running jobs whose walltime ends now
    slow: float = 0.0  # seconds that qsub takes, half of them when the job is in
    lost_replies: int = 0  # qsubs whose job is in, but whose answer is lost
    hook_rejections: int = 0  # jobs that a hook will refuse to start
    rejections: int = 0  # qsubs that a hook will refuse
    disabled: str = ""  # a queue that takes no jobs
    held: str = ""  # jobs whose names begin so are held as they are queued
    queues: Sequence[str] = GADI_QUEUES
    resources: Sequence[str] = GADI_RESOURCES

    @classmethod
    def read(cls) -> "Options":
        try:
            return cls(**json.loads((STATE / "server.json").read_text()))
        except FileNotFoundError:
            return cls()

    def write(self) -> None:
        usual = Options()
        changed = {
            f.name: getattr(self, f.name)
            for f in fields(self)
            if getattr(self, f.name) != getattr(usual, f.name)
        }
        write_whole(STATE / "server.json", json.dumps(changed))


class CommandError(Exception):
    """A command's message and exit status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def write_whole(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(text)
    part.replace(path)


@contextlib.contextmanager
def locked() -> Iterator[None]:
    """One process at a time changes the state."""
    STATE.mkdir(parents=True, exist_ok=True)
    with (STATE / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def take(option: str) -> bool:
    """Use up one of an option's count, if any is left."""
    with locked():
        options = Options.read()
        left = getattr(options, option)
        if left:
            setattr(options, option, left - 1)
            options.write()
        return bool(left)


def note(event: str, job: "Job") -> None:
    """Write down what happened when, for tests to read: starts and ends in their order."""
    with locked(), (STATE / "events").open("a") as file:
        print(event, job.id, job["Job_Name"], file=file)


class Job:
    """A job's attributes, in qstat's order; each change is written at once."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.path = STATE / "jobs" / f"{number}.json"
        self.attributes: dict[str, str] = json.loads(self.path.read_text())

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]

    @property
    def id(self) -> str:
        return f"{self.number}.{HOST}"

    @property
    def script(self) -> Path:
        return STATE / "spool" / f"{self.id}.SC"

    @property
    def is_finished(self) -> bool:
        return self["job_state"] == "F"

    def change(self, **changes: str) -> None:
        self.attributes = json.loads(self.path.read_text()) | changes
        self.attributes["mtime"] = time.ctime()
        write_whole(self.path, json.dumps(self.attributes))

    def resource(self, name: str) -> str:
        return self.attributes.get(f"Resource_List.{name}", "")

    @property
    def deletion(self) -> Path:
        return self.path.with_suffix(".delete")


def find(jobid: str, command: str) -> Job:
    """The job of an id, given with or without the server's name."""
    number = jobid.split(".")[0]
    with contextlib.suppress(FileNotFoundError, ValueError):
        job = Job(int(number))
        options = Options.read()
        history = options.history if options.keeps_history else 0
        age = time.time() - job.path.stat().st_mtime
        if not (job.is_finished and history is not None and age > history):
            return job
    raise CommandError(153, f"{command}: Unknown Job Id {jobid}")


def every_job() -> list[Job]:
    paths = (STATE / "jobs").glob("*.json")
    return [Job(number) for number in sorted(int(path.stem) for path in paths)]


def size(text: str) -> int:
    number, unit = re.fullmatch(r"(\d+)([kmgt]?)b?", text.lower()).groups()  # type: ignore[union-attr]
    return int(number) * UNITS[unit]


def seconds(text: str) -> int:
    total = 0
    for part in text.split(":"):
        total = 60 * total + int(part)
    return total


def check_resources(requests: list[str]) -> dict[str, str]:
    """The values of -l, or the server's refusal."""
    wanted = {}
    for request in ",".join(requests).split(","):
        name, _, value = request.partition("=")
        if name not in Options.read().resources:
            raise CommandError(187, f"qsub: Unknown resource Resource_List.{name}")
        shape = {
            "mem": r"(?i)\d+([kmgt]?b|[kmgt])?",
            "jobfs": r"(?i)\d+([kmgt]?b|[kmgt])?",
            "walltime": r"\d+(:\d{1,2}){0,2}",
            "storage": r".+",
        }.get(name, r"\d+")
        if not re.fullmatch(shape, value):
            raise CommandError(
                166, f"qsub: Illegal attribute or resource value Resource_List.{name}"
            )
        wanted[name] = value
    return wanted


def parse_variables(text: str) -> dict[str, str]:
    """The variables of -v: commas part them unless quoted."""
    found = {}
    for item in re.findall(r"""(?:[^,"']|"[^"]*"|'[^']*')+""", text):
        name, given, value = item.partition("=")
        found[name] = re.sub(r"[\"']", "", value) if given else os.environ.get(name, "")
    return found


def qsub(arguments: list[str]) -> int:
    """Take a job in."""
    letters = "N:q:P:l:j:o:e:W:r:S:v:m:h"
    given, rest = getopt.gnu_getopt(arguments, letters)
    script = Path(rest[0]).read_text() if rest else sys.stdin.read()
    in_script = [
        pair
        for line in re.findall(r"^#PBS (.*)$", script.split("\n\n")[0], re.M)
        for pair in getopt.gnu_getopt(line.split(), letters)[0]
    ]
    # The command line wins, option by option, -l resource by resource.
    options = dict(in_script) | dict(given)
    requests = [value for name, value in [*in_script, *given] if name == "-l"]
    wanted = check_resources(requests) if requests else {}
    name = options.get("-N", Path(rest[0]).name if rest else "STDIN")
    if not re.fullmatch(r"[A-Za-z0-9._+-]{1,230}", name):
        raise CommandError(2, "qsub: illegal -N value")
    queue = options.get("-q", "normal")
    server = Options.read()
    if queue not in server.queues:
        raise CommandError(170, "qsub: Unknown queue")
    if queue == server.disabled:
        raise CommandError(173, "qsub: Queue is not enabled")
    if take("rejections"):
        raise CommandError(32, "qsub: No hours are left for project ab12.\nAsk its lead for more.")
    slow, held = server.slow, "-h" in options or bool(server.held and name.startswith(server.held))
    time.sleep(slow / 2)

    wanted = {"ncpus": "1", "walltime": "24:00:00"} | wanted
    user, cwd = pwd.getpwuid(os.getuid()), str(Path.cwd())
    home = os.environ.get("HOME", user.pw_dir)
    with locked():
        counter = STATE / "sequence"
        number = int(counter.read_text()) + 1 if counter.exists() else 101
        write_whole(counter, str(number))
        for directory in ("jobs", "spool"):
            (STATE / directory).mkdir(exist_ok=True)
        variables = {
            "PBS_O_HOME": home,
            "PBS_O_LOGNAME": user.pw_name,
            "PBS_O_PATH": os.environ.get("PATH", ""),
            "PBS_O_SHELL": "/bin/bash",
            "PBS_O_WORKDIR": cwd,
            "PBS_O_SYSTEM": "Linux",
            "PBS_O_HOST": HOST,
            "PBS_O_QUEUE": queue,
            **parse_variables(options.get("-v", "")),
        }
        # As in qstat -f: what may be long or odd comes before Exit_status, after job_state.
        attributes = {
            "Job_Name": name,
            "Job_Owner": f"{user.pw_name}@{HOST}",
            "job_state": "H" if held else "Q",
            "queue": queue,
            "server": HOST,
            "ctime": time.ctime(),
            "Join_Path": options.get("-j", "n"),
            "mtime": time.ctime(),
            "Output_Path": f"{HOST}:{Path(cwd, options.get('-o', f'{name}.o{number}'))}",
            "Rerunable": "False" if options.get("-r") == "n" else "True",
            **{f"Resource_List.{key}": value for key, value in sorted(wanted.items())},
            "substate": SUBSTATES["H" if held else "Q"],
            "Variable_List": ",".join(f"{k}={v}" for k, v in variables.items()),
            "umask": options.get("-W", "").partition("umask=")[2] or "077",
            "shell": options.get("-S", "/bin/bash"),
            "home": home,
            "Submit_arguments": " ".join(arguments),
            "project": options.get("-P", "_pbs_project_default"),
            "comment": "Job held by user" if held else "Not Running: Queue not started.",
        }
        (STATE / "spool" / f"{number}.{HOST}.SC").write_text(script)
        (STATE / "spool" / f"{number}.{HOST}.SC").chmod(0o700)
        (STATE / "spool" / f"{number}.{HOST}.env").write_text(json.dumps(variables))
        write_whole(STATE / "jobs" / f"{number}.json", json.dumps(attributes))
        job = Job(number)
    too_much = [
        key
        for key, most in LARGEST_NODE.items()
        if (size(job.resource(key)) if job.resource(key) else 0) > most
    ]
    if too_much:
        job.change(
            comment=f"Can Never Run: Insufficient amount of resource: {too_much[0]} "
            f"(R: {job.resource(too_much[0])} A: {LARGEST_NODE[too_much[0]]})"
        )
    elif job["job_state"] == "Q":
        subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve()), "run", str(number)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(STATE / "spool" / f"{job.id}.mom").open("w"),
            start_new_session=True,
            cwd="/",
        )
    if take("lost_replies"):
        raise CommandError(255, "qsub: End of File")
    time.sleep(slow / 2)
    print(job.id)
    return 0


def show(job: Job, wrapped: bool) -> str:
    """A job as qstat -f prints it; long lines go on after a tab."""
    hidden = ("shell", "home")
    lines = [f"Job Id: {job.id}"]
    for name, value in job.attributes.items():
        if name in hidden:
            continue
        line = f"    {name} = {value}"
        if wrapped:
            head, tail = line[:79], line[79:]
            line = "\n\t".join([head, *(tail[i : i + 71] for i in range(0, len(tail), 71))])
        lines.append(line)
    return "\n".join([*lines, "", ""])


def qstat(arguments: list[str]) -> int:
    """Show jobs; every one if no id (or an empty one) is given."""
    given, ids = getopt.gnu_getopt(arguments, "fxwu:")
    options = dict(given)
    finished_too = "-x" in options
    if finished_too and not Options.read().keeps_history:
        print("qstat: PBS is not configured to maintain job history", file=sys.stderr)
        return 0
    if not any(ids):
        jobs = [job for job in every_job() if finished_too or not job.is_finished]
    else:
        jobs = []
    status = 0
    for jobid in filter(None, ids):
        try:
            job = find(jobid, "qstat")
            if job.is_finished and not finished_too:
                raise CommandError(
                    35,
                    f"qstat: {job.id} Job has finished, use -x or -H to obtain historical "
                    "job information",
                )
            jobs.append(job)
        except CommandError as failure:
            print(failure, file=sys.stderr)
            status = failure.status
    for job in jobs:
        if "-f" in options:
            print(show(job, "-w" not in options), end="")
        else:
            print(f"{job.id:<17} {job['Job_Name'][:16]:<16} {job['job_state']} {job['queue']}")
    return status


def qdel(arguments: list[str]) -> int:
    """Delete jobs: at once if they wait, by signals if they run."""
    status = 0
    for jobid in arguments:
        try:
            job = find(jobid, "qdel")
            with locked():
                job.change()
                if job.is_finished:
                    raise CommandError(35, f"qdel: Job has finished {job.id}")
                if job["job_state"] in SUBSTATES:
                    job.change(job_state="F", substate="91")
                else:
                    job.deletion.touch()
        except CommandError as failure:
            print(failure, file=sys.stderr)
            status = failure.status
    return status


def qselect(arguments: list[str]) -> int:
    """Print the ids of the jobs of a name."""
    options = dict(getopt.getopt(arguments, "xN:")[0])
    if "-x" in options and not Options.read().keeps_history:
        return 0
    for job in every_job():
        if job["Job_Name"] == options.get("-N", job["Job_Name"]):
            with contextlib.suppress(CommandError):
                if "-x" in options or not find(job.id, "qselect").is_finished:
                    find(job.id, "qselect")
                    print(job.id)
    return 0


def signal_session(leader: int, number: int) -> None:
    """Signal every process of a job's session."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if int(path.read_text().rpartition(")")[2].split()[3]) == leader:
                os.kill(int(path.parent.name), number)


def execute(job: Job, output: Path) -> tuple[str, str]:
    """Run a job's script to its end, its deletion or its walltime: substate and Exit_status."""
    jobfs = STATE / "spool" / f"{job.id}.jobfs"
    jobfs.mkdir()
    user = pwd.getpwuid(os.getuid()).pw_name
    environment = {
        **json.loads(job.script.with_suffix(".env").read_text()),
        "HOME": job["home"],
        "USER": user,
        "LOGNAME": user,
        "SHELL": "/bin/bash",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "PBS_ENVIRONMENT": "PBS_BATCH",
        "PBS_JOBID": job.id,
        "PBS_JOBNAME": job["Job_Name"],
        "PBS_QUEUE": job["queue"],
        "NCPUS": job.resource("ncpus"),
        "OMP_NUM_THREADS": job.resource("ncpus"),
        "TMPDIR": str(jobfs),
        # Gadi's own
        "PROJECT": job["project"],
        "PBS_NCPUS": job.resource("ncpus"),
        "PBS_JOBFS": str(jobfs),
    }
    with output.open("wb") as stream:
        process = subprocess.Popen(
            ["-bash"],
            executable=job["shell"],
            stdin=subprocess.PIPE,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=job["home"],
            env=environment,
            umask=0o077,
        )
    # The login shell reads the script's name, so that the script's first line says what runs it.
    assert process.stdin is not None
    process.stdin.write(f"{job.script}\n".encode())
    process.stdin.close()
    note("started", job)
    job.change(job_state="R", substate="42", session_id=str(process.pid), run_count="1")
    start, limit, cause = time.monotonic(), seconds(job.resource("walltime")), ""
    while process.poll() is None and not cause:
        time.sleep(0.05)
        if job.deletion.exists():
            cause = "deleted"
        elif time.monotonic() - start > limit or (Options.read().overruns and take("overruns")):
            cause = "walltime"
    if cause:
        signal_session(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(Options.read().kill_delay)
    # When its first process is gone the job is over, whatever else it started.
    signal_session(process.pid, signal.SIGKILL)
    code = process.wait()
    note("ended", job)
    shutil.rmtree(jobfs, ignore_errors=True)
    code = 256 - code if code < 0 else code
    if cause == "walltime":
        return "93", "-29"
    if cause == "deleted":
        return "91", str(code)
    return ("92" if code == 0 else "93"), str(code)


def run(arguments: list[str]) -> int:
    """What the server and the node do for one job, in a process of its own."""
    job = Job(int(arguments[0]))
    time.sleep(Options.read().queued)
    slot = None
    while slot is None:
        job = Job(job.number)
        if job.is_finished:
            return 0
        for number in range(Options.read().slots):
            file = (STATE / f"slot-{number}").open("w")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                slot = file
                break
            except BlockingIOError:
                file.close()
        else:
            time.sleep(0.1)
    with locked():
        job.change()
        if job.is_finished:
            return 0
        job.change(job_state="R", substate="41", stime=time.ctime())
    output = STATE / "spool" / f"{job.id}.OU"
    start = time.monotonic()
    if take("hook_rejections"):
        substate, code = "93", "-17"
    else:
        substate, code = execute(job, output)
    hours, rest = divmod(round(time.monotonic() - start), 3600)
    used = {"resources_used.walltime": f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"}
    job.change(job_state="E", substate="51", Exit_status=code, **used)
    time.sleep(Options.read().exiting)
    destination = Path(job["Output_Path"].partition(":")[2])
    if destination.is_dir():
        destination /= f"{job.id}.OU"
    if output.exists():
        output.chmod(0o666 & ~int(job["umask"], 8))
        # Without the directory the job goes as it went, and its log stays where no user sees it.
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            shutil.move(output, destination)
    slot.close()
    job.change(job_state="F", substate=substate, history_timestamp=str(int(time.time())))
    return 0


COMMANDS = {"qsub": qsub, "qstat": qstat, "qdel": qdel, "qselect": qselect}


def main(argv: list[str]) -> int:
    name = Path(argv[0]).name
    if name not in COMMANDS:
        return run(argv[2:])
    try:
        options = Options.read()
        if options.down or options.starting:
            with (STATE / "unanswered").open("a") as file:
                print(name, file=file)
            if options.starting:
                raise CommandError(183, f"{name}: Communication failure")
            # Exit statuses are errno modulo 256; qstat has one of its own.
            code = 255 if name == "qstat" else 15010 % 256
            problem = f"cannot connect to server {HOST} (errno=15010)"
            raise CommandError(code, f"Connection refused\n{name}: {problem}")
        return COMMANDS[name](argv[1:])
    except CommandError as failure:
        print(failure, file=sys.stderr)
        return failure.status
    except getopt.GetoptError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv))
