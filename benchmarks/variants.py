"""Variants scored, against `predict_on_batch` on the same windows in memory.

SNVs of a simulated genome, one network, both strands; the reference only computes the windows that
ours does, those of the reference and of the other alleles, in batches of the same size. The second
row has as many variants as the first, but in groups of neighbours that share windows.
"""

import argparse
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from contest import HEADER, ROOT, contest, rate

SIZE = 4_000_000
MOTIF = ROOT / "resources/motifs/CTCF.MA0139.1.meme"
FLANK, LONGEST = 100, 50


def main() -> None:
    """Run the contests and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="rounds (default 3)")
    parser.add_argument("--variants", type=int, default=1500, help="how many (default 1500)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default 2)")
    arguments = parser.parse_args()

    from leopard import devices

    devices.set_up(arguments.threads)

    from leopard.decoding.calibration import Calibration
    from leopard.decoding.decoder import Decoder, predict_windows
    from leopard.genome.tracks import Tracks
    from leopard.inputs.genome_file import prepare_genome
    from leopard.inputs.simulate import simulate_genome
    from leopard.interpretation.haplotypes import Variant
    from leopard.interpretation.variant_scores import Scorer
    from leopard.interpretation.variant_windows import Alleles
    from leopard.models import build

    class Recorder(Alleles):
        """Keeps what it reads."""

        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self.recorded: list[tuple[np.ndarray, np.ndarray]] = []

        def _read(self, *arguments: Any) -> tuple[np.ndarray, np.ndarray]:
            self.recorded.append(super()._read(*arguments))
            return self.recorded[-1]

    network = build("unet", prior=0.01)
    decoder = Decoder([network], 65_536, 8, both_strands=True)
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        simulate_genome(directory, MOTIF, 1, ["alpha"], {"chr1": SIZE})
        fasta = directory / "genome.fa"
        prepare_genome(directory / "genome.fa.gz", fasta)
        tracks = Tracks(fasta, [directory / "alpha.bigWig"])
        scorer = Scorer(decoder, tracks, FLANK, LONGEST, Calibration())
        print(HEADER)
        for layout, group in (("apart", 1), ("in groups of 10", 10)):
            middles = rng.integers(5000, SIZE - 5000, arguments.variants // group)
            starts = np.sort((middles[:, None] + rng.integers(0, 200, (1, group))).ravel())
            variants = [Variant(int(x), int(x) + 1, np.array([1], np.uint8)) for x in starts]
            windows = Recorder(decoder, tracks, "chr1", FLANK, LONGEST)
            for _ in windows.predict(variants):  # which also compiles the network
                pass

            def ours(variants: list[Variant] = variants) -> None:
                for _ in scorer.score("chr1", variants):
                    pass

            def theirs(windows: Recorder = windows) -> None:
                for codes, signals in windows.recorded:
                    predict_windows([network], codes, signals, both_strands=True)

            contest(
                f"SNVs {layout}, variants/s",
                partial(rate, len(variants), ours),
                partial(rate, len(variants), theirs),
                arguments.rounds,
            )


if __name__ == "__main__":
    main()
