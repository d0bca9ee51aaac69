"""Speed of the data path, as ratios to references measured in the same run.

Each contest alternates between the two sides, so that a machine that slows down slows both, and
prints the median and range of the ratio over rounds.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyBigWig

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from leopard.checks import prepare_genome
from leopard.simulate import simulate_genome
from leopard.tracks import BASES, Tracks, open_reader
from leopard.windows import iterate_regions, write_windows

LENGTH = 10240
MOTIF = ROOT / "resources/motifs/CTCF.MA0139.1.meme"


def contest(name: str, ours: Callable[[], float], theirs: Callable[[], float], rounds: int) -> None:
    """Alternate the two, each returning a rate, and print the ratio ours / theirs."""
    pairs = [(ours(), theirs()) for _ in range(rounds)]
    ratios = sorted(a / b for a, b in pairs)
    print(
        f"{name}\t{statistics.median(a for a, _ in pairs):.1f}"
        f"\t{statistics.median(b for _, b in pairs):.1f}\t{statistics.median(ratios):.2f}"
        f"\t{ratios[0]:.2f}-{ratios[-1]:.2f}",
        flush=True,
    )


def rate(n: float, work: Callable[[], object]) -> float:
    """How many of n things per second `work` gets done."""
    began = time.perf_counter()
    work()
    return n / (time.perf_counter() - began)


def write_base_tracks(fasta: Path, directory: Path) -> None:
    """The genome as four bigWigs of 0 and 1, one a base, as the published scripts want it."""
    tracks = Tracks(fasta)
    for code, base in enumerate(BASES):
        with pyBigWig.open(str(directory / f"{base}.bigwig"), "w") as bigwig:
            bigwig.addHeader(list(tracks.chrom_sizes.items()))
            for chrom, size in tracks.chrom_sizes.items():
                values = (tracks.codes(chrom, 0, size) == code).astype(np.float32)
                bigwig.addEntries(chrom, 0, values=values, span=1, step=1)


def bench_extraction(directory: Path, windows: pd.DataFrame, rounds: int, threads: int) -> None:
    """Windows to arrays on disk, against `pyBigWig.values` as lists from one bigWig per channel."""
    fasta, signal = directory / "genome.fa", directory / "alpha.bigWig"
    write_base_tracks(fasta, directory)

    def ours() -> None:
        write_windows(directory / "s.npy", windows, partial(open_reader, "codes", fasta), threads)
        write_windows(
            directory / "a.npy", windows, partial(open_reader, "signal", fasta, [signal]), threads
        )

    few = windows.sample(50, random_state=1)
    channels = [pyBigWig.open(str(directory / f"{base}.bigwig")) for base in BASES]
    channels += [pyBigWig.open(str(signal))]

    def theirs() -> None:
        for chrom, start, end in iterate_regions(few):
            image = np.zeros((len(channels), LENGTH))
            for row, channel in enumerate(channels):
                image[row] = channel.values(chrom, start, end)

    contest(
        "extraction, windows/s",
        lambda: rate(len(windows), ours),
        lambda: rate(len(few), theirs),
        rounds,
    )


def bench_decoding(directory: Path, rounds: int) -> None:
    """FASTA and bigWig to a bigWig, against bare `predict_on_batch` on its tiles in memory."""
    from leopard import models
    from leopard.decoding import Decoder, decode_genome, tile_chromosome

    model = models.build("unet", prior=0.01)
    tracks = Tracks(directory / "genome.fa", [directory / "alpha.bigWig"])
    decoder = Decoder([model], tile_length=65536, batch_size=8, both_strands=False)
    chrom, size = max(tracks.chrom_sizes.items(), key=lambda item: item[1])
    tiles = tile_chromosome(size, decoder.tile_length, decoder.halo, decoder.grid)
    regions = [(chrom, tile.start, tile.start + tile.length) for tile in tiles]
    codes = np.stack([tracks.codes(*region) for region in regions])
    signal = np.stack([tracks.signal(*region) for region in regions])
    batches = [(codes[i : i + 8], signal[i : i + 8]) for i in range(0, len(tiles) - 7, 8)]
    model.predict_on_batch(batches[0])

    def ours() -> None:
        decode_genome(
            decoder, tracks, {chrom: size}, 0.001, directory / "p.bw", directory / "parts"
        )

    def theirs() -> None:
        for batch in batches:
            model.predict_on_batch(batch)

    contest(
        "decoding, kb/s",
        lambda: rate(size / 1e3, ours),
        lambda: rate(len(batches) * 8 * size / len(tiles) / 1e3, theirs),
        rounds,
    )


def main() -> None:
    """Run every contest and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each contest (default 5)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default 2)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        simulate_genome(directory, MOTIF, 1, ["alpha"], {"chr1": 4_000_000})
        prepare_genome(directory / "genome.fa.gz", directory / "genome.fa")
        starts = np.sort(np.random.default_rng(1).integers(0, 4_000_000 - LENGTH, 10_000))
        windows = pd.DataFrame({"chrom": "chr1", "start": starts, "end": starts + LENGTH})
        print("contest\tours\treference\tratio\trange")
        bench_extraction(directory, windows, arguments.rounds, arguments.threads)
        from leopard import devices

        print(devices.set_up(arguments.threads)["device"], file=sys.stderr)
        bench_decoding(directory, arguments.rounds)


if __name__ == "__main__":
    main()
