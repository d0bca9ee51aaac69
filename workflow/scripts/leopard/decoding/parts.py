"""Parts of a result that a stopped run goes on from, while what they were made of is the same."""

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


def list_states(tracks: Tracks) -> list[tuple[str, int, int]]:
    """What tells one version of a reader's files from the next: path, bytes, time of change."""
    return [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in tracks.files]
