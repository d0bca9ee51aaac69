"""Anchor in small: boosted trees on motif hits and accessibility around a bin.

After Li, Quang & Guan (Genome Research 29:281-292, 2019). Left out are its features of gene
expression and of accessibility in other cell lines. The trees are scikit-learn's histogram gradient
boosting, LightGBM's method, which the project has already; XGBoost brings GPU libraries along.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import skops.io
from sklearn.ensemble import HistGradientBoostingClassifier

from leopard.comparison import bins
from leopard.comparison.many_to_one import ManyToOne, read_bins
from leopard.evaluation.fitted import TRUSTED
from leopard.evaluation.scores import Reader
from leopard.genome.tracks import Tracks

log = logging.getLogger(__name__)

NEIGHBOURS = 3
"""Bins to each side, end to end, that are summarised like the bin itself."""

LENGTH = (2 * NEIGHBOURS + 1) * bins.LENGTH

ORDERS = 3
"""Of the hits in a bin and its two neighbours, so many are features, the best first."""

TREES = 300


def summarise_windows(signal: np.ndarray, hits: np.ndarray) -> np.ndarray:
    """Features of windows of seven bins, the one to be scored in the middle.

    Args:
        signal: Accessibility, float32 [n, 1400].
        hits: Score of a motif hit at its middle base, else 0, float32 [n, 1400].

    Returns:
        float32 [n, 31]: largest, mean and smallest signal of each bin; best hit of each bin; the
        best three hits of the middle bin and its two neighbours together.
    """
    by_bin = signal.reshape(len(signal), -1, bins.LENGTH)
    hits_by_bin = hits.reshape(by_bin.shape)
    near = hits[:, bins.LENGTH * (NEIGHBOURS - 1) : bins.LENGTH * (NEIGHBOURS + 2)]
    orders = np.sort(np.partition(near, -ORDERS, axis=1)[:, -ORDERS:], axis=1)[:, ::-1]
    summaries = [
        by_bin.max(axis=2),
        by_bin.mean(axis=2),
        by_bin.min(axis=2),
        hits_by_bin.max(axis=2),
    ]
    return np.concatenate([*summaries, orders], axis=1)


def open_readers(tracks: Tracks, hits: Tracks) -> list[tuple[Reader, int]]:
    """What Anchor reads of a cell line: accessibility, and hits as the signal of other tracks."""
    return [(tracks.signal, 0), (hits.signal, 0)]


def train_anchor(
    training: tuple[Tracks, pd.DataFrame],
    validation: tuple[Tracks, pd.DataFrame],
    hits: Tracks,
    seed: int,
    path: Path,
) -> None:
    """Boost trees until those of a validation cell line are predicted no better, and save them.

    Args:
        training: A cell line and its bins, as from `leopard.comparison.samples.draw_bins`.
        validation: Another, or the same on other chromosomes.
        hits: Motif hits as a signal.
        seed: Of the trees.
        path: Where to, ending in .skops.
    """
    (x, y), (x_validation, y_validation) = (
        (summarise_windows(*read_bins(open_readers(tracks, hits), table, LENGTH)), table["label"])
        for tracks, table in (training, validation)
    )
    trees = HistGradientBoostingClassifier(max_iter=TREES, early_stopping=True, random_state=seed)
    trees.fit(x, y, X_val=x_validation, y_val=y_validation)
    log.info("%d trees", trees.n_iter_)
    skops.io.dump(trees, path)


def load_trees(path: Path) -> HistGradientBoostingClassifier:
    """Trees as `train_anchor` saved them. No code in the file is run.

    Raises:
        skops.io.exceptions.UntrustedTypesFoundException: The file holds something else.
    """
    return skops.io.load(path, trusted=TRUSTED)


def open_anchor(
    classifiers: Sequence[HistGradientBoostingClassifier], tracks: Tracks, hits: Tracks
) -> ManyToOne:
    """The mean of some classifiers on a cell line."""

    def predict(signal: np.ndarray, hits: np.ndarray) -> np.ndarray:
        features = summarise_windows(signal, hits)
        return np.mean([x.predict_proba(features)[:, 1] for x in classifiers], axis=0)

    return ManyToOne(LENGTH, open_readers(tracks, hits), predict)
