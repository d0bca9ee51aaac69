"""Sites explained, against the bare network's forward passes on the same windows in memory.

Sites of a simulated genome, one network, both strands, one thread more or less as for decoding.
The reference is `predict_on_batch` of as many windows as the fewest steps have points, on either
strand: what one would pay for an integral if gradients cost nothing and nothing were read,
refined or written. In the second row both also mutate each base of the sites to the three others.
"""

import argparse
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from contest import HEADER, ROOT, contest, rate

SIZE = 1_000_000
MOTIF = ROOT / "resources/motifs/CTCF.MA0139.1.meme"
LENGTH = 18
"""Bases of a site, as called ones of CTCF have."""


def main() -> None:
    """Run the contests and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="rounds (default 3)")
    parser.add_argument("--sites", type=int, default=64, help="how many (default 64)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default 2)")
    arguments = parser.parse_args()

    from leopard import devices

    devices.set_up(arguments.threads)

    from leopard.decoding.decoder import Decoder, predict_windows
    from leopard.genome.tracks import Tracks
    from leopard.inputs.genome_file import prepare_genome
    from leopard.inputs.simulate import simulate_genome
    from leopard.interpretation.contribution_sites import lay_out
    from leopard.interpretation.contributions import FIRST_STEPS
    from leopard.interpretation.explain import BATCH, explain_sites
    from leopard.models import build

    network = build("unet", prior=0.01)
    decoder = Decoder([network], 65_536, 8, both_strands=True)
    starts = np.sort(np.random.default_rng(1).integers(5000, SIZE - 5000, arguments.sites))
    sites = pd.DataFrame({"chrom": "chr1", "start": starts, "end": starts + LENGTH})
    sites = sites.assign(name="site", score=0.5)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        simulate_genome(directory, MOTIF, 1, ["alpha"], {"chr1": SIZE})
        fasta = directory / "genome.fa"
        prepare_genome(directory / "genome.fa.gz", fasta)
        tracks = Tracks(fasta, [directory / "alpha.bigWig"])
        layout = lay_out(sites, decoder, tracks.chrom_sizes)
        windows = layout.read(tracks, np.arange(len(sites)))

        def ours(mutagenesis: bool) -> None:
            chosen = mutagenesis, None, directory / "parts", directory
            explain_sites(sites, decoder, tracks, ["chr1"], *chosen)

        def theirs(passes: int) -> None:
            for first in range(0, len(sites), BATCH):
                rows = slice(first, first + BATCH)
                for _ in range(passes):
                    arrays = windows.codes[rows], windows.signals[rows]
                    predict_windows([network], *arrays, both_strands=True)

        print(HEADER)
        for label, mutagenesis, passes in (
            ("sites explained a second", False, FIRST_STEPS),
            ("the same with mutagenesis", True, FIRST_STEPS + 3 * LENGTH),
        ):
            contest(
                label,
                partial(rate, len(sites), partial(ours, mutagenesis)),
                partial(rate, len(sites), partial(theirs, passes)),
                arguments.rounds,
            )


if __name__ == "__main__":
    main()
