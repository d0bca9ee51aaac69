"""The GPUs of this machine, shared out among jobs that run on it side by side."""

import fcntl
import logging
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

# Open for the life of the process: a lock goes with the last descriptor of its file.
_claimed: list[int] = []


def present() -> list[str]:
    """The GPUs that this process may use, as CUDA_VISIBLE_DEVICES would name them."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name for name in visible.split(",") if name not in ("", "-1")]
    if not shutil.which("nvidia-smi"):
        return []
    query = ["nvidia-smi", "--query-gpu=uuid", "--format=csv,noheader"]
    done = subprocess.run(query, capture_output=True, text=True, check=False)
    return done.stdout.split() if done.returncode == 0 else []


def claim(n: int, directory: str | None = None) -> None:
    """Show this process `n` GPUs that no other such process holds, and hold them until it ends.

    Does nothing where there is nothing to choose: without GPUs, or where a scheduler has already
    picked this job's. Waits while too few are free. Must come before a backend looks for GPUs.

    Args:
        n: How many.
        directory: Where the lock files are; None for the machine's directory of temporary files.
    """
    names = present()
    if _claimed or len(names) <= n:
        return
    told = False
    while len(free := _lock_free(names, n, Path(directory or tempfile.gettempdir()))) < n:
        for descriptor in free.values():
            os.close(descriptor)
        if not told:
            logging.info("waiting for %d of %d GPUs to be free", n, len(names))
            told = True
        time.sleep(1)
    _claimed.extend(free.values())
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(free)


def _lock_free(names: list[str], n: int, directory: Path) -> dict[str, int]:
    """Up to `n` GPUs that nobody holds, locked: descriptors by name."""
    locked: dict[str, int] = {}
    for name in names:
        if len(locked) == n:
            break
        descriptor = _open(directory / f"leopard-{name}.lock")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
        else:
            locked[name] = descriptor
    return locked


def _open(path: Path) -> int:
    """A lock file, made where it is missing: of another user's, O_CREAT may be forbidden."""
    try:
        return os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return os.open(path, os.O_RDONLY | os.O_CREAT, 0o644)
