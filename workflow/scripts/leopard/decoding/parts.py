"""What a run can take over from an earlier one, while what it was made of is the same."""

from collections.abc import Callable
from pathlib import Path

from leopard.genome.tracks import Tracks

IDENTITY = "identity.txt"
"""Says what the parts were made of."""


def prepare_parts(parts: Path, identity: str) -> None:
    """Make a directory of finished chromosomes, empty unless it is of the same identity."""
    parts.mkdir(parents=True, exist_ok=True)
    recorded = parts / IDENTITY
    if not recorded.exists() or recorded.read_text() != identity:
        _empty(parts)
        recorded.write_text(identity)


def discard_parts(parts: Path) -> None:
    """Remove a directory of parts that are no longer needed."""
    _empty(parts)
    parts.rmdir()


def _empty(parts: Path) -> None:
    """Remove all parts, their identity first: some of them, by it, would pass for all."""
    (parts / IDENTITY).unlink(missing_ok=True)
    for part in parts.iterdir():
        part.unlink()


def make_once(made: Path, identity: str, make: Callable[[], None]) -> None:
    """Make a file, unless it is there and was made of the same.

    Args:
        made: The file. Beside it is kept what it was made of.
        identity: That.
        make: What makes it, whole or not at all.
    """
    record = made.with_suffix(".made_of.txt")
    if not (made.exists() and record.exists() and record.read_text() == identity):
        record.unlink(missing_ok=True)
        make()
        record.write_text(identity)


def list_states(tracks: Tracks) -> list[tuple[str, int, int]]:
    """What tells one version of a reader's files from the next."""
    return [state_of(path) for path in tracks.files]


def state_of(path: Path) -> tuple[str, int, int]:
    """What tells one version of a file from the next: path, bytes, time of change in ns."""
    found = path.stat()
    return str(path), found.st_size, found.st_mtime_ns
