"""A trained model in one file: all that decoding needs, and nothing of the study it came from.

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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from leopard.decoding.calibration import Calibration
from leopard.errors import InputError

if TYPE_CHECKING:
    import numpy as np

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

TILE_LENGTH, BATCH_SIZE = 65_536, 8
"""Bases a tile, and tiles at once; they change the speed alone."""

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


@dataclass(frozen=True)
class Bundle:
    """A bundle that was opened and checked.

    Attributes:
        path: Of the zip.
        manifest: As the schema has it.
        directory: Holds its files until the object is gone.
        opened: Cell lines that regions were decoded of.
    """

    path: Path
    manifest: dict[str, Any]
    directory: "TemporaryDirectory[str]"
    opened: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def file(self, name: str) -> Path:
        """A file of the bundle, by its path there."""
        return Path(self.directory.name) / name

    @property
    def name(self) -> str:
        """Of the model, with its factor."""
        return f"{self.manifest['tf']} {self.manifest['model']}"

    @property
    def card(self) -> str:
        """What people should know of it, in Markdown."""
        return self.file(CARD).read_text(encoding="utf-8", errors="replace")

    @property
    def excluded(self) -> Path:
        """BED of bases that counted nowhere."""
        return self.file(EXCLUDED)

    @property
    def calibration(self) -> Calibration:
        """The map of its probabilities, which may change nothing."""
        return Calibration(**(self.manifest["calibration"] or {}))

    @property
    def threshold(self) -> float:
        """Least probability of a called base."""
        return self.manifest["threshold"]

    @cached_property
    def networks(self) -> list[Any]:
        """The networks, loaded when they are first asked for.

        Raises:
            InputError: One that is no network, or holds what is not known to be harmless.
        """
        from leopard.decoding.untrusted import load_untrusted

        members = self.manifest["members"]
        return [load_untrusted(self.file(member_file(name))) for name in members]

    @property
    def arrays(self) -> list[str]:
        """Names of the signals that the networks are given, in order."""
        from leopard.models import seen_arrays

        return seen_arrays(self.networks[0])

    def decoder(self, tile_length: int = TILE_LENGTH, batch_size: int = BATCH_SIZE) -> Any:
        """The networks as a `leopard.decoding.decoder.Decoder`."""
        from leopard.decoding.decoder import Decoder

        both_strands = self.manifest["decoding"]["reverse_complement"]
        return Decoder(self.networks, tile_length, batch_size, both_strands)

    def predict(
        self,
        genome: Path | str,
        signal: Path | str | Mapping[str, Sequence[Path]],
        chrom: str,
        start: int,
        end: int,
    ) -> "np.ndarray":
        """Calibrated probability that each base of a region is bound, float32 [end - start].

        The first call of a genome and signal measures the signal on whole chromosomes.

        Args:
            genome: FASTA with a `.fai` index beside it.
            signal: A bigWig; of a bundle that sees several tracks, by track those to be summed.
            chrom: A chromosome.
            start: First base, 0-based.
            end: Base after the last.

        Raises:
            InputError: The genome, signal or region is none that the bundle can be used with.
        """
        from leopard.decoding.cell_line import open_cell_line
        from leopard.decoding.regions import decode_regions

        if not isinstance(signal, Mapping):
            signal = {next(iter(self.manifest["tracks"])): [Path(signal)]}
        key = f"{genome} {signal}"
        if key not in self.opened:
            directory = self.file(f"opened/{len(self.opened)}")
            directory.mkdir(parents=True)
            self.opened[key] = open_cell_line(self, Path(genome), signal, directory)[0]
        region = [(chrom, start, end)]
        (values,) = decode_regions(self.decoder(), self.opened[key], region)
        return self.calibration(values)


def open_bundle(path: Path | str, checksum: str | None = None) -> Bundle:
    """Open a bundle and check all of it but its networks, which are checked when they are loaded.

    Args:
        path: The zip.
        checksum: Its SHA-256, if known.

    Raises:
        InputError: Not a bundle, one of a later format, or one that was changed or damaged.

    Example:
        >>> bundle = open_bundle("ctcf.zip")
        >>> bundle.name, bundle.threshold
        ('CTCF cnn', 0.5)
    """
    path = Path(path)
    try:
        if checksum and _digest(path) != checksum.removeprefix("sha256:").lower():
            raise InputError(path, "its SHA-256 is not the one given", REMEDY)
        with ZipFile(path) as bundle:
            names = [info.filename for info in bundle.infolist()]
            if len(names) > FILES or len(set(names)) < len(names) or MANIFEST not in names:
                problem = f"not a bundle: it has no {MANIFEST}, or too many files"
                raise InputError(path, problem, REMEDY)
            sizes = {info.filename: info.file_size for info in bundle.infolist()}
            for name, size in sizes.items():
                _check_entry(path, name, size)
            manifest = json.loads(bundle.read(MANIFEST))
            _check_manifest(path, manifest)
            _check_listed(path, manifest, set(names) - {MANIFEST})
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
        raise InputError(path, f"not a readable bundle ({_line(error)})", REMEDY) from error
    return Bundle(path, manifest, directory)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


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
