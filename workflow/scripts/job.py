"""What every rule's script does around its one library call: keep the log, tell errors plainly."""

import logging
import os
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import leopard
from leopard.errors import InputError, TimeUpError

if TYPE_CHECKING:
    from leopard.decoding.decoder import Decoder


@contextmanager
def job(log: str, inputs: Iterable[str] = ()) -> Iterator[TextIO]:
    """Send logging, stdout and stderr (native libraries' too) to the rule's log file.

    How far a long job is, and warnings, go to the terminal as well. An `InputError`, a
    `TimeUpError`, or the system's refusal to write, ends the job with status 1 and one line on the
    terminal as well as in the log; anything else keeps its traceback. What the context gives is the
    terminal, for the rare job that has something to tell there.

    Args:
        log: The rule's log file.
        inputs: Files that must be the same at the end as at the start. One that is replaced
            meanwhile would be older than the outputs, and pass for what they were made from.
    """
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    terminal = os.fdopen(os.dup(2), "w")
    with Path(log).open("w") as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(message)s", force=True
    )
    told = logging.StreamHandler(terminal)
    told.setLevel(leopard.PROGRESS)
    told.setFormatter(_Told(log))
    logging.getLogger("leopard").addHandler(told)
    try:
        before = {path: _state(path) for path in inputs}
        yield terminal
        for path, state in before.items():
            if _state(path) != state:
                raise InputError(path, "replaced while it was in use", "run again")
    except (InputError, TimeUpError, OSError) as error:
        line = f"error: {error}"
        print(line, file=terminal, flush=True)
        with suppress(OSError):  # on a full disk the log has no room for it
            if isinstance(error, OSError):
                traceback.print_exc()
            print(line, file=sys.stderr, flush=True)
        sys.exit(1)


class _Told(logging.Formatter):
    """Lines on the terminal begin with the job: its log below logs/, without its ending."""

    def __init__(self, log: str) -> None:
        parts = Path(log).with_suffix("").parts
        job = "/".join(parts[parts.index("logs") + 1 :]) if "logs" in parts else parts[-1]
        super().__init__(f"{job}: ".replace("%", "%%") + "%(kind)s%(message)s")

    def format(self, record: logging.LogRecord) -> str:
        record.kind = "warning: " if record.levelno >= logging.WARNING else ""
        return super().format(record)


def devices_of(snakemake: Any) -> dict[str, Any]:
    """What `leopard.devices.set_up` is to be told of a job: its threads and GPUs, the backend.

    From the config, not from params: neither backend nor GPUs are to make a job run again.
    """
    return {
        "threads": snakemake.threads,
        "n_devices": snakemake.resources.get("gpu", 0),
        "backend": snakemake.config["backend"],
        "gpu": snakemake.config["gpu"],
    }


def decoder_of(snakemake: Any, precision: str = "float32") -> "Decoder":
    """The ensemble of a job's input `models`, after `leopard.devices.set_up`.

    The lengths of tiles and batches are from the config, not from params: they change the speed
    alone, so that no job is run again for them.
    """
    from leopard import models
    from leopard.decoding.decoder import Decoder
    from leopard.models.precision import suit

    networks = [models.load(Path(x)) for x in snakemake.input.models]
    prediction = snakemake.config["prediction"]
    return Decoder(
        suit(networks, precision),
        prediction["tile_length"],
        prediction["batch_size"],
        snakemake.params.both_strands,
    )


def _state(path: str) -> tuple[int, int, int]:
    """What tells one version of a file from the next."""
    found = Path(path).stat()
    return found.st_ino, found.st_size, found.st_mtime_ns
