"""The file of a bundle: a trained model, all that decoding needs, nothing of its study.

A bundle is a zip of `manifest.json` (`bundle.schema.json`), the networks (`members/*.keras`),
`excluded.bed`, what some scalings need (`references/*.npy`, `averages/*.bigWig`) and `card.md` for
people. Whoever opens one need not trust it: names are matched, sizes bounded and digests compared
before a file is used, and nothing in a network is run that `leopard.decoding.untrusted` does not
know.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from leopard.errors import InputError

FORMAT = 1
"""Version of what is written, and the newest that is read."""

MANIFEST, CARD, EXCLUDED = "manifest.json", "card.md", "excluded.bed"

NAME = r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]*"
MIB = 1 << 20
LIMITS = {
    re.escape(MANIFEST): 64 * MIB,
    re.escape(CARD): MIB,
    re.escape(EXCLUDED): 256 * MIB,
    rf"members/{NAME}\.keras": 1024 * MIB,
    rf"references/{NAME}\.npy": 64 * MIB,
    rf"averages/{NAME}\.bigWig": 16 * 1024 * MIB,
}
"""What may be in a bundle, and how large, in bytes, each file may be."""

FILES = 2000
"""How many files there may be."""

REMEDY = "fetch it again, or ask whoever made it"
SCHEMA = Path(__file__).with_name("bundle.schema.json")


def member_file(name: str) -> str:
    """Path in a bundle of a network."""
    return f"members/{name}.keras"


def reference_file(track: str) -> str:
    """Path in a bundle of the reference line's sampled values of a track."""
    return f"references/{track}.npy"


def average_file(track: str) -> str:
    """Path in a bundle of the mean of a track over cell lines."""
    return f"averages/{track}.bigWig"


def write_bundle(path: Path, manifest: Mapping[str, Any], files: Mapping[str, Path]) -> str:
    """Write a bundle; the same content gives the same bytes.

    Args:
        path: The zip; it appears only once it is whole.
        manifest: All keys of the schema but format and files.
        files: By path in the bundle.

    Returns:
        Its SHA-256.

    Raises:
        InputError: The manifest does not agree with the schema.
    """
    digests = {name: _digest(source) for name, source in sorted(files.items())}
    whole = {"format": FORMAT, **manifest, "files": digests}
    _check_manifest(path, whole)
    unfinished = path.with_suffix(".unfinished")
    with ZipFile(unfinished, "w", ZIP_STORED) as bundle:
        bundle.writestr(ZipInfo(MANIFEST), json.dumps(whole, indent=1, allow_nan=False) + "\n")
        for name in digests:
            # A date of its own would make every bundle another one. Networks hardly compress.
            info = ZipInfo(name)
            info.file_size = files[name].stat().st_size
            with files[name].open("rb") as source, bundle.open(info, "w") as target:
                shutil.copyfileobj(source, target, MIB)
    unfinished.replace(path)
    return _digest(path)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_manifest(path: Path, manifest: Any) -> None:
    """Raise InputError unless it agrees with the schema, and is of a version that is known."""
    version = manifest.get("format") if isinstance(manifest, dict) else None
    if isinstance(version, int) and version > FORMAT:
        software = manifest.get("software")
        made = software.get("leopard-decode") if isinstance(software, dict) else None
        problem = f"a bundle of format {version}; this version reads up to {FORMAT}"
        raise InputError(path, problem, f"use leopard-decode {made or 'of a later version'}")
    validator = Draft202012Validator(json.loads(SCHEMA.read_text()))
    error = best_match(validator.iter_errors(manifest))
    if error is not None:
        where = "/".join(map(str, error.absolute_path)) or "the whole"
        raise InputError(path, f"{MANIFEST}, {where}: {error.message[:200]}", REMEDY)


def unpack_bundle(path: Path, checksum: str | None) -> tuple[dict[str, Any], Any]:
    """Check a bundle and unpack it.

    Args:
        path: The zip.
        checksum: Its SHA-256, if known.

    Returns:
        The manifest, and a temporary directory of the files.

    Raises:
        InputError: Not a bundle, one of a later format, or one that was changed or damaged.
    """
    try:
        if checksum and _digest(path) != checksum.removeprefix("sha256:").lower():
            raise InputError(path, "its SHA-256 is not the one given", REMEDY)
        with ZipFile(path) as bundle:
            entries = bundle.infolist()
            sizes = {info.filename: info.file_size for info in entries}
            if len(entries) > FILES or len(sizes) < len(entries) or MANIFEST not in sizes:
                problem = f"not a bundle: it has no {MANIFEST}, or too many files"
                raise InputError(path, problem, REMEDY)
            for name, size in sizes.items():
                _check_entry(path, name, size)
            manifest = json.loads(bundle.read(MANIFEST))
            _check_manifest(path, manifest)
            _check_listed(path, manifest, set(sizes) - {MANIFEST})
            directory = TemporaryDirectory(prefix="leopard-")
            for name, digest in manifest["files"].items():
                target = Path(directory.name) / name
                target.parent.mkdir(exist_ok=True)
                with bundle.open(name) as source, target.open("xb") as copy:
                    shutil.copyfileobj(source, copy, MIB)
                if _digest(target) != digest:
                    raise InputError(path, f"{name} is not what {MANIFEST} says it is", REMEDY)
    except FileNotFoundError as error:
        raise InputError(path, "no such file", "correct the path") from error
    except RecursionError as error:
        raise InputError(path, f"{MANIFEST} is nested without end", REMEDY) from error
    except (BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        raise InputError(path, f"not a readable bundle ({str(error)[:200]})", REMEDY) from error
    return manifest, directory


def _check_entry(path: Path, name: str, size: int) -> None:
    """Raise InputError unless a bundle may have a file of that name and size."""
    limits = [limit for pattern, limit in LIMITS.items() if re.fullmatch(pattern, name)]
    if not limits:
        raise InputError(path, f"it holds {name[:100]!r}, which no bundle has", REMEDY)
    if size > limits[0]:
        raise InputError(path, f"{name} has {size} bytes, more than any bundle's", REMEDY)


def _check_listed(path: Path, manifest: Mapping[str, Any], names: set[str]) -> None:
    """Raise InputError unless a bundle's files are those that its manifest lists and needs."""
    needed = {CARD, EXCLUDED, *map(member_file, manifest["members"])}
    tracks = manifest["tracks"].items()
    needed |= {reference_file(name) for name, own in tracks if own["scaling"] == "quantile"}
    listed = set(manifest["files"])
    if listed != names or not needed <= names:
        odd = sorted((listed ^ names) | (needed - names))[0]
        raise InputError(path, f"{odd} is missing, or not listed in {MANIFEST}", REMEDY)
    for name, own in tracks:
        if unknown := set(own["measured"]) - set(manifest["genome"]["chromosomes"]):
            problem = f"{MANIFEST} names a chromosome {min(unknown)!r} without a length"
            raise InputError(path, f"{problem}, at track {name}", REMEDY)
