"""What the library's tests share: a small random genome, random networks."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyBigWig
import pysam
import pytest

CTCF = Path(__file__).resolve().parents[2] / "resources/motifs/CTCF.MA0139.1.meme"
"""What simulated genomes are planted with."""

SIZES = {"chr1": 20_011, "chr2": 3000, "chr3": 1000, "chr4": 17}
"""No multiples of 32, longer and shorter than a tile, and shorter than the network's grid."""


READS: dict[str, object] = {
    **{"counts": "assay", "shift": None, "smoothing": 10, "min_mapping_quality": 30},
    **{"duplicates": False, "unpaired": False, "secondary": False},
}
"""How reads are counted, as a bundle has it."""

MOTIF = np.array(
    [
        [0.80, 0.05, 0.00, 0.70, 0.10],
        [0.10, 0.85, 0.02, 0.10, 0.05],
        [0.05, 0.05, 0.96, 0.10, 0.05],
        [0.05, 0.05, 0.02, 0.10, 0.80],
    ]
)
"""Letter probabilities of a small motif, [4, 5], rows A C G T."""


@dataclass
class Genome:
    """A genome on disk and, by chromosome, what its files hold.

    Accessibility is noise and a bump at each bound site, so that there is something to learn.
    """

    fasta: Path
    sequences: dict[str, str]
    signal_files: list[Path]
    signals: list[dict[str, np.ndarray]]  # NaN where a file has no value
    labels_file: Path
    labels: dict[str, np.ndarray]  # 1, 0, and -1 where masked


def write_bigwig(path: Path, values: dict[str, np.ndarray]) -> Path:
    """Write arrays as a bigWig, one entry a base, none where NaN."""
    with pyBigWig.open(str(path), "w") as bigwig:
        bigwig.addHeader([(chrom, len(array)) for chrom, array in values.items()])
        for chrom, array in values.items():
            at = np.flatnonzero(~np.isnan(array))
            if len(at):
                bigwig.addEntries(
                    [chrom] * len(at),
                    at.tolist(),
                    ends=(at + 1).tolist(),
                    values=array[at].astype(float).tolist(),
                )
    return path


def strip_sums(path: Path, version: int) -> None:
    """Make a bigWig one whose header has no sums: of version 1, or with sums of 0."""
    content = bytearray(path.read_bytes())
    offset = int.from_bytes(content[44:52], "little")
    content[offset : offset + 40] = bytes(40)
    if version == 1:
        content[4:6] = (1).to_bytes(2, "little")
        content[44:52] = bytes(8)
    path.write_bytes(content)


def write_fasta(path: Path, sequences: dict[str, str], width: int = 61) -> Path:
    """Write and index a FASTA file."""
    with path.open("w") as stream:
        for name, sequence in sequences.items():
            lines = [sequence[i : i + width] for i in range(0, len(sequence), width)]
            stream.write("\n".join([f">{name}", *lines, ""]))
    pysam.faidx(str(path))
    return path


def write_genome(directory: Path, sizes: dict[str, int], spacing: int) -> Genome:
    """Write a random genome with a bound site every so many bases."""
    rng = np.random.default_rng(1)
    sequences, signals, labels = {}, [{}, {}], {}
    for chrom, size in sizes.items():
        letters = rng.choice(list("ACGTacgtNnRy"), size, p=[0.2] * 4 + [0.0475] * 4 + [0.0025] * 4)
        letters[size // 3 : size // 3 + size // 50] = "N"
        sequences[chrom] = "".join(letters)
        labels[chrom] = np.zeros(size, np.float32)
        accessibility = rng.gamma(1.0, 1.0, size).astype(np.float32)
        for middle in range(100, size - 50, spacing):
            labels[chrom][middle - 5 : middle + 6] = 1
            accessibility[middle - 8 : middle + 9] += 30
            if middle % (4 * spacing) == 100:
                labels[chrom][middle + 30 : middle + 50] = -1
        for replicate in signals:
            share = accessibility * rng.uniform(0.3, 0.7, size).astype(np.float32)
            share[rng.random(size) < 0.2] = np.nan
            replicate[chrom] = share
    return Genome(
        fasta=write_fasta(directory / "genome.fa", sequences),
        sequences=sequences,
        signal_files=[write_bigwig(directory / f"{i}.bw", s) for i, s in enumerate(signals)],
        signals=signals,
        labels_file=write_bigwig(directory / "labels.bw", labels),
        labels=labels,
    )


@pytest.fixture(scope="session")
def genome(tmp_path_factory: pytest.TempPathFactory) -> Genome:
    return write_genome(tmp_path_factory.mktemp("genome"), SIZES, spacing=150)


@pytest.fixture(scope="session")
def probabilities(genome):
    """Partly right probabilities of every base."""
    rng = np.random.default_rng(4)
    return {
        chrom: (1 / (1 + np.exp(3 - 3 * (y == 1) + rng.normal(0, 1.5, len(y))))).astype(np.float32)
        for chrom, y in genome.labels.items()
    }


SPARSE_SIZES = {"chr1": 40_011, "chr2": 12_000}


@pytest.fixture(scope="session")
def sparse_genome(tmp_path_factory: pytest.TempPathFactory) -> Genome:
    """One in which most bins are not bound."""
    return write_genome(tmp_path_factory.mktemp("sparse"), SPARSE_SIZES, spacing=1500)


def randomise(model, seed: int):
    """Give every weight a value of its own, as training would, and return the model."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        shape, name = weight.shape, weight.path.rsplit("/", 1)[-1]
        if name == "kernel":
            value = rng.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape)
        elif name in ("gamma", "moving_variance"):
            value = rng.uniform(0.5, 1.5, shape)
        else:
            value = rng.normal(0, 0.3, shape)
        weight.assign(value)
    return model


@pytest.fixture(scope="session")
def networks(device):
    """Two U-Nets and a CNN whose weights and running statistics are all in use."""
    from leopard import models

    return [
        randomise(models.build(name, prior=0.3), seed)
        for seed, name in enumerate(["unet", "unet", "cnn"])
    ]


@pytest.fixture(scope="session")
def cnn_bundle(tmp_path_factory, device):
    """A bundle of a CNN, for the genome."""
    from leopard import models
    from leopard.decoding.bundle_file import write_bundle

    directory = tmp_path_factory.mktemp("bundle")
    track = {"scaling": "mean", "measured": ["chr1"], "assay": None, "reads": READS, "measures": {}}
    member = {"train": "a", "validation": "a", "seed": 1, "chromosomes": {}}
    tiles = {"tile_length": 8192, "batch_size": 2, "background": 0, "reverse_complement": True}
    manifest = {
        **{"software": {}, "model": "cnn", "tf": "CTCF", "members": {"a-a-s1": member}},
        "genome": {"assembly": None, "chromosomes": SIZES},
        "tracks": {"accessibility": track},
        "decoding": tiles,
        "calibration": {"low": 1.2, "high": 0.9, "shift": 0.1},
        **{"threshold": 0.5, "measures": [], "licence": None, "citation": None},
    }
    seen = [{"name": "accessibility", "scaling": "mean", "transform": "log1p"}]
    files = {"members/a-a-s1.keras": directory / "a.keras"}
    randomise(models.build("cnn", prior=0.3, tracks=seen), 5).save(directory / "a.keras")
    (directory / "empty").touch()
    files |= dict.fromkeys(["card.md", "excluded.bed"], directory / "empty")
    write_bundle(directory / "cnn.zip", manifest, files)
    return directory / "cnn.zip"


@pytest.fixture
def log_level() -> Iterator[None]:
    """The command `leopard` sets it for its process, which in a test is that of all tests."""
    logger = logging.getLogger("leopard")
    before = logger.level
    yield
    logger.setLevel(before)
