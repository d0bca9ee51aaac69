"""Sites explained, against the bare network's forward passes on the same windows in memory.

The best called sites of a finished study and its first model, on one strand. The reference is
`predict_on_batch` of as many windows as the fewest steps have points: what one would pay for an
integral if gradients cost nothing and nothing were read, refined or written. In the second row
both also mutate each base of the sites to the three others.
"""

import argparse
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from contest import HEADER, contest, rate


def main() -> None:
    """Run the contests and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path, help="its results, such as results/demo")
    parser.add_argument("--rounds", type=int, default=3, help="rounds (default 3)")
    parser.add_argument("--sites", type=int, default=64, help="how many (default 64)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default 2)")
    arguments = parser.parse_args()

    from leopard import devices

    devices.set_up(arguments.threads)

    from leopard import models
    from leopard.decoding.decoder import Decoder, predict_windows
    from leopard.genome.tracks import Tracks
    from leopard.interpretation.contribution_sites import choose_calls, lay_out
    from leopard.interpretation.contributions import FIRST_STEPS
    from leopard.interpretation.explain import BATCH, explain_sites

    first = sorted((arguments.study / "models").glob("*/*/model.keras"))[-1]
    network, name = models.load(first), first.parts[-3]
    line = sorted((arguments.study / "predictions" / name).glob("*.narrowPeak"))[0]
    decoder = Decoder([network], 65_536, 8, both_strands=False)
    signal = arguments.study / "simulated" / f"{line.stem}.bigWig"
    tracks = Tracks(arguments.study / "genome/genome.fa", [signal])
    sites = choose_calls(line, arguments.sites)
    layout = lay_out(sites, decoder, tracks.chrom_sizes)
    windows = layout.read(tracks, np.arange(len(sites)))
    bases = int((windows.site > 0).sum() / len(sites))
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)

        def ours(mutagenesis: bool) -> None:
            chosen = mutagenesis, None, directory / "parts", directory
            explain_sites(sites, decoder, tracks, list(tracks.chrom_sizes), *chosen)

        def theirs(passes: int) -> None:
            for first in range(0, len(sites), BATCH):
                rows = slice(first, first + BATCH)
                for _ in range(passes):
                    arrays = windows.codes[rows], windows.signals[rows]
                    predict_windows([network], *arrays, both_strands=False)

        print(HEADER)
        for label, mutagenesis, passes in (
            ("sites explained a second", False, FIRST_STEPS),
            ("the same with mutagenesis", True, FIRST_STEPS + 3 * bases),
        ):
            contest(
                label,
                partial(rate, len(sites), partial(ours, mutagenesis)),
                partial(rate, len(sites), partial(theirs, passes)),
                arguments.rounds,
            )


if __name__ == "__main__":
    main()
