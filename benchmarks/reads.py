"""Cuts of a BAM to a bigWig, against bam2bw: the same reads to the same values.

Both run in processes of their own, so that each pays for its start, and both write zoom levels.
Neither filters, for bam2bw cannot; ours with the config's own filters is timed beside it.
"""

import argparse
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import pyBigWig
from contest import HEADER, ROOT, contest, rate
from leopard.inputs.simulated_reads import draw_fragments, write_bam

SIZE, STRETCHES = 2_000_000, 10  # bases of a chromosome, chromosomes
RATE = 0.07  # cuts per base
BAM2BW = Path(sys.executable).with_name("bam2bw")
ALL: dict[str, object] = {
    **{"counts": "cuts", "shift": [4, -5], "smoothing": 0, "min_mapping_quality": 0},
    **{"duplicates": True, "unpaired": True, "secondary": True},
}
FILTERED: dict[str, object] = {
    **{"counts": "assay", "shift": None, "smoothing": 10, "min_mapping_quality": 30},
    **{"duplicates": False, "unpaired": False, "secondary": False},
}
OURS = """
import sys
from pathlib import Path
from leopard.inputs.reads import count_reads
count_reads(Path({path!r}), Path({bam!r}), {sizes}, "atac", {settings}, threads={threads})
"""


def simulate(bam: Path) -> tuple[dict[str, int], int]:
    """Write a BAM: sizes of its chromosomes, and how many reads it has."""
    rng = np.random.default_rng(1)
    sizes = {f"chr{i}": SIZE for i in range(1, STRETCHES + 1)}
    fragments = {
        name: draw_fragments(rng, np.sort(rng.integers(0, size, int(RATE * size))), size)
        for name, size in sizes.items()
    }
    write_bam(bam, sizes, fragments, rng)
    return sizes, 2 * sum(map(len, fragments.values()))


def check_same(one: Path, other: Path) -> None:
    """Stop if two tracks differ."""
    with pyBigWig.open(str(one)) as a, pyBigWig.open(str(other)) as b:
        for name, size in a.chroms().items():
            values = (np.nan_to_num(x.values(name, 0, size, numpy=True)) for x in (a, b))
            assert np.array_equal(*values), name


def main() -> None:
    """Run the contest and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="rounds (default 3)")
    parser.add_argument("--threads", type=int, default=2, help="htslib's threads (default 2)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        bam, sheet = Path(directory, "a.bam"), Path(directory, "sizes")
        sizes, reads = simulate(bam)
        sheet.write_text("".join(f"{name}\t{size}\n" for name, size in sizes.items()))
        ours, theirs = Path(directory, "ours.bw"), Path(directory, "theirs.bw")

        def count(settings: dict[str, object]) -> None:
            code = OURS.format(
                path=str(ours),
                bam=str(bam),
                sizes=sizes,
                settings=settings,
                threads=arguments.threads,
            )
            subprocess.run(
                [sys.executable, "-c", code],
                env={"PYTHONPATH": str(ROOT / "workflow/scripts")},
                check=True,
            )

        # Its shift is of the last base of a reverse read, ours of what lies behind it.
        command = [str(BAM2BW), str(bam), "-u", *("-ps", "4", "-ns", "-4")]
        command += ["-s", str(sheet), "-n", str(theirs.with_suffix("")), "-z", "10"]
        reference = partial(subprocess.run, [sys.executable, *command], check=True)
        count(ALL)
        reference()
        check_same(ours, theirs)
        print(f"{reads:,} reads\n{HEADER}")
        theirs_rate = partial(rate, reads / 1e3, reference)
        for name, settings in (("all reads", ALL), ("filtered and smoothed", FILTERED)):
            ours_rate = partial(rate, reads / 1e3, partial(count, settings))
            contest(f"{name}, thousand reads/s", ours_rate, theirs_rate, arguments.rounds)


if __name__ == "__main__":
    main()
