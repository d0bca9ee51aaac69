"""A trained model in one file, opened: what it is, and what it predicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from leopard.decoding.bundle_file import CARD, EXCLUDED, member_file, unpack_bundle
from leopard.decoding.calibration import Calibration

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Bundle:
    """A bundle that was opened and checked.

    Attributes:
        path: Of the zip.
        manifest: As the schema has it.
        directory: Holds its files until the object is gone.
        precision: In which its networks compute, as `leopard.models.precision` has it.
        opened: Cell lines that regions were decoded of.
    """

    path: Path
    manifest: dict[str, Any]
    directory: "TemporaryDirectory[str]"
    precision: str = "float32"
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

    @property
    def motif(self) -> "np.ndarray | None":
        """Probabilities of the factor's motif, float64 [width, 4], if the bundle has it."""
        import numpy as np

        about = self.manifest.get("motif")
        return np.array(about["matrix"]) if about else None

    @cached_property
    def networks(self) -> list[Any]:
        """The networks, loaded when they are first asked for.

        Raises:
            InputError: One that is no network, or holds what is not known to be harmless.
        """
        from leopard.decoding.untrusted import load_untrusted
        from leopard.models.precision import suit

        files = map(member_file, self.manifest["members"])
        networks = [load_untrusted(self.file(name), f"{self.path}, {name}") for name in files]
        return suit(networks, self.precision)

    @property
    def arrays(self) -> list[str]:
        """Names of the signals that the networks are given, in order."""
        from leopard.models import seen_arrays

        return seen_arrays(self.networks[0])

    @cached_property
    def decoder(self) -> Any:
        """The networks as a `leopard.decoding.decoder.Decoder`, in the study's own tiles."""
        from leopard.decoding.decoder import Decoder

        own = self.manifest["decoding"]
        return Decoder(
            self.networks, own["tile_length"], own["batch_size"], own["reverse_complement"]
        )

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
            self.opened[key] = open_cell_line(self, Path(genome), signal, directory)
        region = [(chrom, start, end)]
        (values,) = decode_regions(self.decoder, self.opened[key], region)
        return self.calibration(values)


def open_bundle(
    path: Path | str, checksum: str | None = None, precision: str = "float32"
) -> Bundle:
    """Open a bundle and check all of it but its networks, which are checked when they are loaded.

    Args:
        path: The zip.
        checksum: Its SHA-256, if known.
        precision: In which its networks are to compute: float32, or auto for what the device
            does best.

    Raises:
        InputError: Not a bundle, one of a later format, or one that was changed or damaged.

    Example:
        >>> bundle = open_bundle("ctcf.zip")
        >>> bundle.name, bundle.threshold
        ('CTCF cnn', 0.5)
    """
    path = Path(path)
    manifest, directory = unpack_bundle(path, checksum)
    return Bundle(path, manifest, directory, precision)
