"""What every rule's script does around its one library call: keep the log, tell errors plainly."""

import logging
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from leopard.errors import InputError, TimeUpError


@contextmanager
def job(log: str) -> Iterator[TextIO]:
    """Send logging, stdout and stderr (native libraries' too) to the rule's log file.

    An `InputError`, a `TimeUpError`, or the system's refusal to write, ends the job with status 1
    and one line on the terminal as well as in the log; anything else keeps its traceback. What the
    context gives is the terminal, for the rare job that has something to tell there.
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
    try:
        yield terminal
    except (InputError, TimeUpError, OSError) as error:
        line = f"error: {error}"
        if isinstance(error, OSError):
            traceback.print_exc()
        print(line, file=sys.stderr)
        print(line, file=terminal, flush=True)
        sys.exit(1)
