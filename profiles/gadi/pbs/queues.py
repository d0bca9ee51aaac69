"""What a site's queues have and cost, and a rule's resources as a request to one of them."""

import csv
from typing import Any, Dict, Iterable, Mapping, NamedTuple

from pbs.errors import RefusedError
from pbs.settings import setting, setting_path


class Queue(NamedTuple):
    """What a queue's nodes have, how long a job may run there, and what it costs."""

    cpus: int
    gpus: int
    cpus_per_gpu: int  # that come with each GPU, no more and no fewer
    memory_gb: float
    memory_gb_per_cpu: float
    hours: float
    rate: float  # service units for each CPU, or its share of memory, and hour


class Request(NamedTuple):
    """What a job asks PBS for."""

    queue: str
    ncpus: int
    ngpus: int
    mem_mb: int
    walltime: int  # seconds
    jobfs_mb: int


def _read_table() -> Iterable[Dict[str, str]]:
    """The site's table of queues, which the report reads as well."""
    path = setting_path("queues")
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if any(row.get(column) in (None, "") for column in ("gpu_type", *Queue._fields)):
                raise RefusedError(f"{path}: queue {row.get('queue')} lacks a value; add it")
            yield row


def read_queues() -> Dict[str, Queue]:
    """The queues of the site, by name."""
    return {
        row["queue"]: Queue(*(kind(row[name]) for name, kind in Queue.__annotations__.items()))
        for row in _read_table()
    }


def read_gpu_queues() -> Dict[str, str]:
    """The queue of each GPU model that the site has."""
    return {row["gpu_type"]: row["queue"] for row in _read_table() if int(row["gpus"])}


def charge(queue: str, ncpus: int, mem_mb: float, hours: float) -> float:
    """Service units that a job costs: rate x the larger of CPUs and memory's share x hours."""
    prices = read_queues()[queue]
    return prices.rate * max(ncpus, mem_mb / 1024 / prices.memory_gb_per_cpu) * hours


def price(request: Request) -> float:
    """Service units that a job costs in an hour."""
    return charge(request.queue, request.ncpus, request.mem_mb, 1)


def is_among(rule: str, names: Iterable[str]) -> bool:
    """Whether a rule is one of these; of several factors it begins with one: CTCF_download_file."""
    return any(f"_{rule}".endswith("_" + name) for name in names)


def translate(rule: str, threads: int, resources: Mapping[str, Any], attempt: int = 1) -> Request:
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
            raise RefusedError(f"{rule}: {name}={resources[name]!r}; give a whole number") from None

    ngpus = number("gpu")
    models = read_gpu_queues()
    model = str(resources.get("gpu_model") or setting("gpu_model"))
    if model not in models:
        raise RefusedError(f"gpu_model {model!r}; give one of {', '.join(models)}")
    if is_among(rule, setting("network_rules").split()):
        name = setting("network_queue")
    else:
        name = models[model] if ngpus else setting("cpu_queue")
    queue = read_queues()[name]

    def check(possible: bool, asked: str, remedy: str) -> None:
        if not possible:
            raise RefusedError(f"{rule}: {asked} on {name}, {remedy}")

    check(
        ngpus <= queue.gpus,
        f"gpu={ngpus}",
        f"whose nodes have {queue.gpus or 'none'}; ask for no more",
    )
    ncpus = ngpus * queue.cpus_per_gpu if ngpus else threads
    given = f"{queue.cpus_per_gpu} for each GPU" if ngpus else queue.cpus
    check(
        threads <= min(ncpus, queue.cpus),
        f"{threads} CPUs",
        f"which gives {given}; set fewer threads",
    )
    mem_mb, minutes = number("mem_mb"), number("runtime")
    most_mb, most_minutes = int(queue.memory_gb * 1024), int(queue.hours * 60)
    if attempt > 1:
        mem_mb, minutes = min(mem_mb, most_mb), min(minutes, most_minutes)
    check(
        0 < mem_mb <= most_mb,
        f"mem_mb={mem_mb}",
        f"whose nodes have {queue.memory_gb:g} GB; set mem_mb within that",
    )
    check(
        0 < minutes <= most_minutes,
        f"runtime={minutes}",
        f"where jobs end after {queue.hours:g} h; set runtime, in minutes, within that",
    )
    jobfs_gb = int(setting("jobfs_gb"))
    jobfs_mb = max(number("disk_mb"), jobfs_gb * 1024) if jobfs_gb else 0
    return Request(name, ncpus, ngpus, mem_mb, minutes * 60, jobfs_mb)
