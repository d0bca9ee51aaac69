"""Fresh training windows as a network that costs nothing would take them.

Both ways draw, turn and scale the same windows, read them ahead and pass them to TensorFlow in
batches. Ours cuts them out of chromosomes in memory; the reference reads each from the genome's
files.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from contest import HEADER, ROOT, contest, rate
from leopard import devices

# isort: split
import pandas as pd
from leopard.genome.formats import read_narrowpeak
from leopard.genome.loaded import LoadedTracks
from leopard.genome.tracks import Tracks
from leopard.inputs.genome_file import prepare_genome
from leopard.inputs.labels import label_peaks, write_labels
from leopard.inputs.simulate import simulate_genome
from leopard.training.batches import FreshWindows, WindowBatches
from leopard.windows.draw import list_usable_starts

SIZE, LENGTH, BATCH = 16_000_000, 10240, 64
WINDOWS, REFERENCE_WINDOWS = 32_768, 2048
MOTIF = ROOT / "resources/motifs/CTCF.MA0139.1.meme"


def open_genome(directory: Path) -> tuple[Tracks, pd.DataFrame]:
    """A simulated chromosome with labels, and where windows may begin."""
    simulate_genome(directory, MOTIF, 1, ["alpha"], {"chr1": SIZE})
    fasta, labels = directory / "genome.fa", directory / "labels.bigWig"
    prepare_genome(directory / "genome.fa.gz", fasta)
    sizes = {"chr1": SIZE}
    peaks = read_narrowpeak(directory / "alpha.narrowPeak", sizes)
    write_labels(labels, sizes, label_peaks(peaks, sizes, None))
    nothing = pd.DataFrame({"chrom": [], "start": [], "end": []})
    usable = list_usable_starts(fasta, ["chr1"], nothing, LENGTH, 0.5)
    return Tracks(fasta, [directory / "alpha.bigWig"], labels), usable


def feed(tracks: Tracks | LoadedTracks, usable: pd.DataFrame, n: int) -> Callable[[], None]:
    """A function that takes n windows, and does nothing with them."""
    source = FreshWindows(tracks, usable, ["chr1"], n, LENGTH, 0.5, seed=1)
    batches = WindowBatches(source, BATCH, seed=1, flip=True, magnitude=(0.8, 1.2))
    data = devices.read_ahead(batches)

    def work() -> None:
        for _ in data:
            pass

    return work


def main() -> None:
    """Run the contest and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds (default 5)")
    arguments = parser.parse_args()
    devices.set_up(2)
    with tempfile.TemporaryDirectory() as name:
        tracks, usable = open_genome(Path(name))
        began = time.perf_counter()
        loaded = LoadedTracks(tracks, ["chr1"])
        seconds = time.perf_counter() - began
        ours, theirs = feed(loaded, usable, WINDOWS), feed(tracks, usable, REFERENCE_WINDOWS)
        ours()
        theirs()
        print(HEADER)
        contest(
            f"fresh windows in batches of {BATCH}, windows/s",
            partial(rate, WINDOWS, ours),
            partial(rate, REFERENCE_WINDOWS, theirs),
            arguments.rounds,
        )
        print(f"to memory before, Mb/s\t{SIZE / seconds / 1e6:.1f}")


if __name__ == "__main__":
    main()
