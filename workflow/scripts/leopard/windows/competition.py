"""The windows of the 2022 APAC HPC-AI competition, from the lengths of chromosomes alone.

Its draws came from NumPy's legacy generator, whose streams never change, so that they can be had
again exactly.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from leopard.errors import InputError
from leopard.genome.formats import natural_key
from leopard.study.splits import SPLITS

TRAINING_SHARE = 0.8
"""Of the chromosomes that are not test chromosomes."""

INDEX_LENGTH = 1000
"""About how many entries a list has that names each chromosome in proportion to its length."""


def split_chromosomes(
    chromosomes: Sequence[str], share: float, rng: np.random.RandomState
) -> tuple[list[str], list[str]]:
    """Shuffle chromosomes, in natural order before, and cut: a share of them, and the rest."""
    shuffled = np.array(sorted(chromosomes, key=natural_key))
    rng.shuffle(shuffled)
    cut = int(len(shuffled) * share)
    return shuffled[:cut].tolist(), shuffled[cut:].tolist()


def draw_splits(
    chrom_sizes: Mapping[str, int],
    chromosomes: Mapping[str, Sequence[str]],
    counts: Mapping[str, int],
    length: int,
    seed: int,
) -> pd.DataFrame:
    """Draw every split's windows as the competition did: chrom, start, end, split.

    Windows stay in the order drawn, which is the one that its batches were made in. They may lie
    anywhere, among N as well.

    Args:
        chrom_sizes: Lengths in bases.
        chromosomes: Of each split; in which of train and validation each one is, the seed says.
        counts: Windows of each split.
        length: Of a window, in bases.
        seed: 1 in the competition, for each split anew.

    Raises:
        InputError: The seed splits the chromosomes otherwise.
    """
    tables = []
    for split in SPLITS:
        rng = np.random.RandomState(seed)
        learning = [*chromosomes["train"], *chromosomes["validation"]]
        train, validation = split_chromosomes(learning, TRAINING_SHARE, rng)
        if set(train) != set(chromosomes["train"]):
            raise InputError(
                "config (chromosomes)",
                f"not the split that seed {seed} draws",
                f"let validation be {', '.join(sorted(validation, key=natural_key))}",
            )
        drawn = dict(zip(SPLITS, (train, validation, chromosomes["test"]), strict=True))
        lists = {name: _index(chroms, chrom_sizes, rng) for name, chroms in drawn.items()}
        tables.append(_draw(lists[split], chrom_sizes, counts[split], length, rng))
    windows = pd.concat(tables, keys=SPLITS, names=["split"]).reset_index("split")
    return windows[["chrom", "start", "end", "split"]].reset_index(drop=True)


def _index(
    chromosomes: Sequence[str], chrom_sizes: Mapping[str, int], rng: np.random.RandomState
) -> np.ndarray:
    """Names of chromosomes, each in proportion to its length, shuffled."""
    sizes = np.array([chrom_sizes[chrom] for chrom in chromosomes])
    index = np.repeat(chromosomes, np.rint(sizes / sizes.sum() * INDEX_LENGTH).astype(int))
    rng.shuffle(index)
    return index


def _draw(
    index: np.ndarray,
    chrom_sizes: Mapping[str, int],
    n: int,
    length: int,
    rng: np.random.RandomState,
) -> pd.DataFrame:
    """Windows on the chromosomes of the list, which is shuffled again each time it is used up."""
    chroms, starts = [], []
    for i in range(n):
        if i and i % len(index) == 0:
            rng.shuffle(index)
        chroms.append(str(index[i % len(index)]))
        starts.append(int(rng.randint(0, chrom_sizes[chroms[-1]] - length)))
    return pd.DataFrame({"chrom": chroms, "start": starts}).assign(
        end=lambda t: t["start"] + length
    )
