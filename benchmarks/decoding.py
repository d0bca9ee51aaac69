"""Decoding with a network that costs nothing: what all else costs, from FASTA to bigWig.

The network returns probabilities that look like those of a trained one: background that varies from
base to base and drifts, and here and there a site. Its tiles and halo are the U-Net's. Reading,
condensing and packing are timed by themselves, each in one thread, and all of it together, also as
a share of the speed of reading alone; and chromosomes of growing size, each in a process of its
own, show how time and memory grow.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

import contest  # noqa: F401 - finds the library
from leopard import devices

# isort: split
import numpy as np
import pysam
from leopard import models
from leopard.decoding.calibration import Calibration
from leopard.decoding.condense import condense
from leopard.decoding.decoder import Decoder
from leopard.decoding.track import STRETCH, decode_genome
from leopard.genome.bigwig_writer import REDUCTIONS, Steps, open_writer, pack
from leopard.genome.tracks import Tracks, cut_chromosomes

SIZE = 48_000_000
GROWTH = [1_000_000, 10_000_000, 100_000_000, 250_000_000]
TILE, BATCH, BACKGROUND = 65536, 8, 0.02
CALIBRATION = Calibration(1.2, 0.6, 0.3)
SITE_EVERY = 20_000
"""Bases from one site to the next; CTCF has one in 50,000 bases of human DNA."""

LINE = 64
"""Letters of a line in the FASTA file."""


def imagine_probabilities(n: int) -> np.ndarray:
    """Probabilities as a trained network gives them, float32 [n]."""
    rng = np.random.default_rng(1)
    drift = np.repeat(np.cumsum(rng.normal(0, 0.3, n // 64 + 1)), 64)[:n]
    drift -= np.convolve(drift, np.full(4097, 1 / 4097), "same")
    logits = -7.5 + drift + rng.normal(0, 0.25, n)
    offsets = np.arange(-60, 60)
    for middle in rng.integers(60, n - 60, n // SITE_EVERY):
        height = rng.normal(6, 3)
        logits[middle + offsets] += height * np.exp(-((offsets / 20) ** 2))
    return (1 / (1 + np.exp(-logits))).astype(np.float32)


def open_decoder(
    probabilities: np.ndarray, members: int = 1, both_strands: bool = False
) -> Decoder:
    """A U-Net's decoder whose networks answer at once."""
    network = models.build("unet", prior=0.01)
    answers = probabilities[: BATCH * TILE].reshape(BATCH, TILE, 1)
    network.predict_on_batch = lambda inputs: answers[: len(inputs[0]), : inputs[0].shape[1]]
    return Decoder([network] * members, TILE, BATCH, both_strands)


def make_up_files(directory: Path, size: int) -> None:
    """A chromosome of random letters, and an accessibility in steps of 20 bases."""
    rng, sizes = np.random.default_rng(1), {"chr1": size}
    with (
        (directory / "genome.fa").open("wb") as fasta,
        open_writer(directory / "signal.bigWig", sizes) as bigwig,
    ):
        fasta.write(b">chr1\n")
        for _, start, end in cut_chromosomes(sizes, LINE * REDUCTIONS[0]):
            lines = np.full(((end - start) // LINE, LINE + 1), ord("\n"), np.uint8)
            letters = rng.integers(0, 4, (len(lines), LINE))
            lines[:, :LINE] = np.frombuffer(b"ACGT", np.uint8)[letters]
            fasta.write(lines.tobytes())
            depth = rng.poisson(0.5, (end - start) // 20).astype(np.float32)
            bigwig.write(pack(0, [Steps(start, 20, depth)]))
    pysam.faidx(str(directory / "genome.fa"))


def open_files(directory: Path) -> Tracks:
    """Reader of what `make_up_files` made."""
    return Tracks(directory / "genome.fa", [directory / "signal.bigWig"])


def measure(name: str, bases: int, work: Callable[[], object], rounds: int) -> float:
    """Print the best of several rounds, and return its Mb/s."""
    walls, cpus = [], []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    speed = bases / 1e6 / min(walls)
    print(f"{name}\t{speed:.1f}\t{min(cpus) * 1e9 / bases:.1f}", flush=True)
    return speed


def bench_parts(directory: Path, rounds: int) -> None:
    """What each step takes on a chromosome, and all of them together."""
    make_up_files(directory, SIZE)
    tracks, sizes = open_files(directory), {"chr1": SIZE}
    probabilities = imagine_probabilities(BATCH * TILE)
    decoder = open_decoder(probabilities)
    stretches = probabilities.reshape(-1, STRETCH)
    condensed = [condense(stretch, BACKGROUND) for stretch in stretches]
    path, parts = directory / "track.bigWig", directory / "parts"

    ensemble = open_decoder(probabilities, members=2, both_strands=True)

    def read() -> None:
        for _ in decoder.decode(tracks, sizes):
            pass

    def decode(networks: Decoder, *calibrate: Calibration) -> None:
        decode_genome(networks, tracks, sizes, BACKGROUND, path, parts, *calibrate)

    n = len(probabilities)
    print("what\tMb/s\tCPU ms per Mb")
    reading = measure("reading", SIZE, read, rounds)
    measure("calibrating", n, lambda: [CALIBRATION(x) for x in stretches], rounds)
    measure("condensing", n, lambda: [condense(x, BACKGROUND) for x in stretches], rounds)
    measure("packing", n, lambda: [pack(0, pieces) for pieces in condensed], rounds)
    measure("free network, not calibrated", SIZE, lambda: decode(decoder), rounds)
    measure("two, on both strands", SIZE, lambda: decode(ensemble, CALIBRATION), rounds)
    free = measure("free network", SIZE, lambda: decode(decoder, CALIBRATION), rounds)
    print(f"free network / reading\t{free / reading:.2f}")
    print(f"size\t{path.stat().st_size / SIZE:.3f} MB per Mb")


def decode_once(directory: Path) -> None:
    """Decode the chromosome in a directory, and print what that took."""
    tracks = open_files(directory)
    decoder = open_decoder(imagine_probabilities(BATCH * TILE))
    before, began, path = time.process_time(), time.perf_counter(), directory / "track.bigWig"
    decode_genome(
        decoder, tracks, tracks.chrom_sizes, BACKGROUND, path, directory / "parts", CALIBRATION
    )
    wall, cpu = time.perf_counter() - began, time.process_time() - before
    peak, size = getrusage(RUSAGE_SELF).ru_maxrss / 1024, path.stat().st_size / 1e6
    bases = sum(tracks.chrom_sizes.values()) / 1e6
    print(f"{bases:.0f}\t{wall:.2f}\t{cpu:.2f}\t{peak:.0f}\t{size / bases:.3f}", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="the best counts (default 5)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default 2)")
    parser.add_argument("--once", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    devices.set_up(arguments.threads)
    if arguments.once:
        decode_once(arguments.once)
        return
    with tempfile.TemporaryDirectory() as name:
        bench_parts(Path(name), arguments.rounds)
    print("Mb\tseconds\tCPU seconds\tpeak MiB\tMB per Mb", flush=True)
    for size in GROWTH:
        with tempfile.TemporaryDirectory() as name:
            make_up_files(Path(name), size)
            subprocess.run([sys.executable, __file__, "--once", name], check=True)


if __name__ == "__main__":
    main()
