"""Lines that are said once, however many commands come upon what they say."""

import hashlib
import os
import sys
import time
from typing import Optional

from pbs.settings import STATE

NOTICES = STATE / "notices"


def say(line: str) -> None:
    """A line for whoever watches the run; standard output belongs to Snakemake."""
    print(f"[{time.strftime('%H:%M:%S')}] {line}", file=sys.stderr, flush=True)


def say_once(kind: str, line: str, key: str = "") -> float:
    """Say a line unless it was said, and is not withdrawn since; the time when it was.

    Args:
        kind: What `withdraw` is to be told.
        line: What to say.
        key: What makes the line the same as another of its kind; without one the line itself.
    """
    path = NOTICES / f"{kind}.{hashlib.sha1((key or line).encode()).hexdigest()[:12]}"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.close(os.open(str(path), os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        try:
            return path.stat().st_mtime
        except FileNotFoundError:  # withdrawn by another command just now
            return time.time()
    say(line)
    return time.time()


def withdraw(kind: str) -> Optional[float]:
    """Forget what was said of a kind; the time when it was first, if this did forget it."""
    since = None
    if NOTICES.exists():
        for path in NOTICES.glob(f"{kind}.*"):
            try:
                said = path.stat().st_mtime
                path.unlink()
            except FileNotFoundError:
                continue
            since = min(said, since or said)
    return since


def withdraw_all() -> None:
    """Forget what was said to an earlier run."""
    withdraw("*")
