"""In-silico mutagenesis: each other base put in the place of the present one, exactly."""

import numpy as np
from scipy.stats import spearmanr

from leopard.genome.tracks import OTHER
from leopard.interpretation.contributions import Explainer, Windows

AT_ONCE = 256
"""Mutants that are held in memory together."""


def mutate(explainer: Explainer, windows: Windows, wanted: np.ndarray) -> np.ndarray:
    """What every base at some positions changes of the sites' logits.

    Args:
        explainer: The ensemble.
        windows: n of them.
        wanted: Which bases to change, bool [n, length]. What the networks cannot see from a site
            has an effect of exactly 0, and need not be computed.

    Returns:
        The logit with this base less that with the present one, float32 [n, length, 4], columns
        A C G T; 0 for the present base, where the sequence is unknown, and where not wanted.
    """
    codes = windows.codes[..., None]
    at = np.argwhere(wanted[..., None] & (codes < OTHER) & (codes != np.arange(OTHER)))
    before = explainer.logits(windows)
    effects = np.zeros((*windows.codes.shape, OTHER), np.float32)
    for first in range(0, len(at), AT_ONCE):
        row, position, base = at[first : first + AT_ONCE].T
        mutants = windows.take(row)  # a copy
        mutants.codes[np.arange(len(row)), position] = base
        effects[row, position, base] = explainer.logits(mutants) - before[row]
    return effects


def average_loss(effects: np.ndarray) -> np.ndarray:
    """What a logit loses on average as each present base turns into another, [n, length].

    Args:
        effects: As from `mutate`, [n, length, 4].
    """
    return -effects.sum(-1) / (OTHER - 1)


def correlate_ranks(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's rank correlation of two scores of the same bases; NaN where one is constant."""
    if len(one) < 2 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(spearmanr(one, other).statistic)
