"""Base-by-base decoding of transcription factor binding from DNA sequence and accessibility.

A folder for each stage, in the order of the data: :mod:`inputs`, :mod:`windows`, :mod:`training`,
:mod:`decoding`, :mod:`evaluation`, :mod:`interpretation`, :mod:`experiments`, :mod:`comparison`,
:mod:`report` and :mod:`browsing`; no module imports from a stage behind its own. All stages share
:mod:`study` (what was asked for), :mod:`genome` (the one reader, and formats), :mod:`models`, and
the modules beside this one: errors, devices, metrics.

What is listed in `API` is kept from version to version, and imported when it is first used::

    import leopard

    network = leopard.load("model.keras")
    tracks = leopard.Tracks(Path("genome.fa"), [Path("accessibility.bigWig")])
    decoder = leopard.Decoder([network], tile_length=65_536, batch_size=4, both_strands=True)
    for chrom, tile, probabilities in decoder.decode(tracks, {"chr1": tracks.chrom_sizes["chr1"]}):
        ...
"""

import tomllib
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

STAGES = (
    *("inputs", "windows", "training", "decoding", "evaluation", "interpretation", "experiments"),
    *("comparison", "report", "browsing"),
)
"""In the order of the data; a folder of this name holds what there is of a stage."""

PROGRESS = 25
"""Level of the lines by which a long job says how far it is, between information and warnings."""

PROGRESS_INTERVAL = 10
"""Seconds between two of them."""

API = {
    "InputError": "errors",
    "Tracks": "genome.tracks",
    "encode_sequence": "genome.tracks",
    "reverse_complement": "genome.tracks",
    "read_motif": "genome.formats",
    "read_narrowpeak": "genome.formats",
    "build": "models",
    "load": "models",
    "derive_reach": "models.reach",
    "Decoder": "decoding.decoder",
    "decode_genome": "decoding.track",
    "open_bundle": "decoding.bundle",
    "Calibration": "decoding.calibration",
    "call_peaks": "decoding.peaks",
    "write_narrowpeak": "decoding.peaks",
    "ScoreCounts": "metrics",
    "average_precision": "metrics",
}
"""The public names, and the module that each is defined in."""

__all__ = ["API", "PROGRESS", "PROGRESS_INTERVAL", *API]


def __getattr__(name: str) -> Any:
    """A public name, its module imported now: a program that only calls sites needs no Keras."""
    if name == "__version__":
        clone = Path(__file__).parents[3] / "pyproject.toml"
        if clone.is_file():  # another version may be installed beside it
            return tomllib.loads(clone.read_text())["project"]["version"]
        return version("leopard-decode")
    if name not in API:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{API[name]}"), name)


def __dir__() -> list[str]:
    """The public names."""
    return sorted({*globals(), *API})
