"""Windows to arrays on disk, against `pyBigWig.values` as lists from one bigWig per channel.

The reference reads the same windows as the published scripts do: the genome as four bigWigs of 0
and 1, one a base, and the accessibility, each window of each as a Python list.
"""

import argparse
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyBigWig
from contest import HEADER, ROOT, contest, rate
from leopard.genome.tracks import BASES, Tracks, iterate_regions
from leopard.inputs.genome_file import prepare_genome
from leopard.inputs.signals import open_reader
from leopard.inputs.simulate import simulate_genome
from leopard.windows.arrays import write_windows

SIZE = 4_000_000
LENGTH = 10240
WINDOWS, REFERENCE_WINDOWS = 10_000, 100
MOTIF = ROOT / "resources/motifs/CTCF.MA0139.1.meme"


def write_base_tracks(fasta: Path, directory: Path) -> None:
    """The genome as four bigWigs of 0 and 1."""
    tracks = Tracks(fasta)
    for code, base in enumerate(BASES):
        with pyBigWig.open(str(directory / f"{base}.bigwig"), "w") as bigwig:
            bigwig.addHeader(list(tracks.chrom_sizes.items()))
            for chrom, size in tracks.chrom_sizes.items():
                values = (tracks.codes(chrom, 0, size) == code).astype(np.float32)
                bigwig.addEntries(chrom, 0, values=values, span=1, step=1)


def main() -> None:
    """Run the contest and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds (default 5)")
    parser.add_argument("--workers", type=int, default=2, help="our processes (default 2)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        simulate_genome(directory, MOTIF, 1, ["alpha"], {"chr1": SIZE})
        fasta, signal = directory / "genome.fa", directory / "alpha.bigWig"
        prepare_genome(directory / "genome.fa.gz", fasta)
        write_base_tracks(fasta, directory)
        starts = np.sort(np.random.default_rng(1).integers(0, SIZE - LENGTH, WINDOWS))
        windows = pd.DataFrame({"chrom": "chr1", "start": starts, "end": starts + LENGTH})
        few = windows.sample(REFERENCE_WINDOWS, random_state=1)
        channels = [pyBigWig.open(str(directory / f"{base}.bigwig")) for base in BASES]
        channels += [pyBigWig.open(str(signal))]
        readers = {
            "codes.npy": partial(open_reader, "codes", fasta),
            "signal.npy": partial(open_reader, "signal", fasta, {"accessibility": ([signal], [])}),
        }

        def ours() -> None:
            for file, reader in readers.items():
                write_windows(directory / file, windows, reader, arguments.workers)

        def theirs() -> None:
            for chrom, start, end in iterate_regions(few):
                image = np.zeros((len(channels), LENGTH))
                for row, channel in enumerate(channels):
                    image[row] = channel.values(chrom, start, end)

        print(HEADER)
        contest(
            "extraction, windows/s",
            lambda: rate(WINDOWS, ours),
            lambda: rate(REFERENCE_WINDOWS, theirs),
            arguments.rounds,
        )


if __name__ == "__main__":
    main()
