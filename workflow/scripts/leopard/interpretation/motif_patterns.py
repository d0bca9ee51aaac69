"""Patterns that recur in contributions, found by TF-MoDISco, and its file of them."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd

from leopard.genome.formats import new_file
from leopard.genome.motif_files import measure_information
from leopard.study.explained import HYPOTHETICAL, LEAST_SITES, ONE_HOT

log = logging.getLogger(__name__)

WIDTH = 200
"""Bases around the middle of a site in which motifs are looked for."""

SETTINGS: Mapping[str, Any] = {
    **{"sliding_window_size": 20, "flank_size": 5, "trim_to_window_size": 30},
    **{"initial_flank_to_add": 10, "final_flank_to_add": 0, "target_seqlet_fdr": 0.05},
    **{"max_seqlets_per_metacluster": 20_000, "n_leiden_runs": 50},
}
"""Those of modisco-lite's own command, but for the number of clusterings, its library's."""

GROUPS = ("pos_patterns", "neg_patterns")
"""Patterns that speak for a site, and those that speak against it, as the file has them."""

CORE = 0.3
"""A pattern's core begins and ends with a position of at least this share of its largest
contribution, as in modisco-lite's own report."""

INFORMATIVE = 0.5
"""Bits of a position that is of the motif, though next to nothing depends on it."""


@dataclass(frozen=True)
class Pattern:
    """A pattern of bases and their contributions.

    Attributes:
        name: As the file has it, such as pos_patterns.pattern_0.
        frequencies: Shares of the bases among its seqlets, float64 [4, width], rows A C G T.
        contributions: Mean contributions of the present bases, in logits: the contribution-weight
            matrix, float64 [4, width].
        seqlets: Where it was found: site (row of the table of sites), start and end (bases of the
            window), reverse (whether on the opposite strand).
    """

    name: str
    frequencies: np.ndarray
    contributions: np.ndarray
    seqlets: pd.DataFrame

    @property
    def core(self) -> tuple[int, int]:
        """Its first position that matters, and the one after its last.

        Example:
            >>> heights = np.array([[0.1, 0.9, -0.2, 0.3, 0.0]] + [[0.0] * 5] * 3)
            >>> Pattern("one", heights, heights, pd.DataFrame()).core
            (1, 4)
        """
        height = np.abs(self.contributions).sum(axis=0)
        inside = np.flatnonzero(height >= CORE * height.max())
        return int(inside[0]), int(inside[-1]) + 1

    @property
    def motif(self) -> tuple[int, int]:
        """The core and what goes on beside it, as long as one of two positions is informative.

        A network may call sites for a part of the motif alone, but its seqlets have all of it.

        Example:
            >>> shares = np.array([[0.25, 1, 0.25, 0.25, 1, 0.25, 1, 0.25, 0.25]])
            >>> shares = np.vstack([shares, *[(1 - shares) / 3] * 3])
            >>> heights = np.array([[0.0] * 4 + [1] + [0] * 4] + [[0] * 9] * 3)
            >>> Pattern("one", shares, heights, pd.DataFrame()).motif
            (4, 7)
        """
        informative = measure_information(self.frequencies).sum(axis=1) >= INFORMATIVE
        first, last = self.core
        while informative[max(first - 2, 0) : first].any():
            first -= 1 if informative[first - 1] else 2
        while informative[last : last + 2].any():
            last += 1 if informative[last] else 2
        return first, last

    @property
    def core_starts(self) -> np.ndarray:
        """The first base of the core of each seqlet, in its window, int64 [n].

        On the opposite strand, the pattern's last position is the seqlet's first base.
        """
        first, last = self.core
        behind = self.frequencies.shape[1] - last
        return (self.seqlets["start"] + np.where(self.seqlets["reverse"], behind, first)).to_numpy()


def crop_width(width: int) -> tuple[int, int]:
    """Which columns of arrays so wide are looked at, an even number of them.

    Example:
        >>> crop_width(1001), crop_width(31)
        ((400, 600), (0, 30))
    """
    kept = min(WIDTH, width - width % 2)
    first = width // 2 - kept // 2
    return first, first + kept


def find_patterns(contributions: Path, destination: Path) -> None:
    """Find patterns with TF-MoDISco (Shrikumar et al. 2018), and write its file.

    Memory grows with the number of sites, by some 10 kB for each.

    Args:
        contributions: HDF5 of `leopard.interpretation.contribution_results`.
        destination: The file: without a pattern if there are too few sites.
    """
    with h5py.File(contributions) as h5:
        kept = slice(*crop_width(h5[ONE_HOT].shape[-1]))
        arrays = [
            h5[name][..., kept].transpose(0, 2, 1).astype(np.float32)
            for name in (ONE_HOT, HYPOTHETICAL)
        ]
    found: Any = (None, None)
    if len(arrays[0]) > LEAST_SITES and arrays[1].any():
        from modiscolite.tfmodisco import TFMoDISco  # it starts to compile at once

        found = TFMoDISco(*arrays, **SETTINGS)
    if not any(found):
        log.warning(
            "no patterns: %d sites, and TF-MoDISco needs more than %d with a motif each; explain "
            "more of them (explain.best in the config)",
            len(arrays[0]),
            LEAST_SITES,
        )
    from modiscolite.io import save_hdf5

    with new_file(destination) as unfinished:
        save_hdf5(unfinished, *found, arrays[0].shape[1])


def read_patterns(path: Path) -> tuple[list[Pattern], int]:
    """The patterns of a file of TF-MoDISco, in its order, and the bases of a window."""
    patterns = []
    with h5py.File(path) as h5:
        for group in GROUPS:
            names = sorted(h5.get(group, ()), key=lambda name: int(name.split("_")[-1]))
            for name in names:
                found = h5[group][name]
                columns = {
                    column: found["seqlets"][key][:]
                    for column, key in (
                        ("site", "example_idx"),
                        ("start", "start"),
                        ("end", "end"),
                        ("reverse", "is_revcomp"),
                    )
                }
                frequencies, scores = found["sequence"][:].T, found["contrib_scores"][:].T
                seqlets = pd.DataFrame(columns)
                patterns.append(Pattern(f"{group}.{name}", frequencies, scores, seqlets))
        return patterns, int(h5.attrs["window_size"])
