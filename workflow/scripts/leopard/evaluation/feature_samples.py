"""Bases drawn at random, with their features: what baselines learn from, and are chosen by."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import average_precision_score

from leopard.errors import InputError
from leopard.evaluation.features import read_features
from leopard.evaluation.motif_scores import MotifSearch, cut
from leopard.genome.tracks import Tracks

MOST = 1 << 28
"""Bases that are looked at, of all cell lines together: a tenth of a human genome."""

HITS = 10
"""Where there is a motif hit, a base that is not bound is so many times likelier to be drawn: those
are few, and all that is hard is among them. Weights make up for it."""


@dataclass(frozen=True)
class Sample:
    """Bases drawn: features float32 [n, k], bound bool [n], and for how many each stands [n]."""

    features: np.ndarray
    bound: np.ndarray
    weight: np.ndarray

    def average_precision(self, scores: np.ndarray) -> float:
        """Of scores [n], over all that the sample stands for."""
        return float(average_precision_score(self.bound, scores, sample_weight=self.weight))


def draw_sample(
    sources: Sequence[Tracks],
    chromosomes: Sequence[str],
    searches: Sequence[MotifSearch | None],
    n: int,
    rng: np.random.Generator,
) -> list[Sample]:
    """Bases of some cell lines, drawn at random.

    Args:
        sources: Readers of the cell lines, with signals and labels.
        chromosomes: Where to draw.
        searches: The features are read with each; the bases are the same, but for those more that
            are drawn for a hit of the first.
        n: Bases to draw of each label, or all there are; roughly, and more where there are hits.
        rng: Of the draw.

    Returns:
        A sample for each of `searches`.

    Raises:
        InputError: No base is bound, or every one.
    """
    regions = [(source, region) for source in sources for region in cut(source, chromosomes)]
    order, left = rng.permutation(len(regions)), MOST
    chosen = []
    for index in order:
        source, region = regions[index]
        if left > 0:
            chosen.append((source, region))
            left -= region[2] - region[1]
    totals = np.zeros(2, np.int64)
    for source, region in chosen:
        labels = source.labels(*region)
        totals += [np.count_nonzero(labels == value) for value in (0, 1)]
    if not totals.all():
        problem = "no bound base" if totals[0] else "every base is bound"
        raise InputError(", ".join(chromosomes), problem, "check the labels")
    chance = np.minimum(n / totals, 1)
    parts: list[list[np.ndarray]] = [[] for _ in searches]
    for source, region in chosen:
        labels = source.labels(*region)
        features = [read_features(source, search, *region) for search in searches]
        here = np.zeros(len(labels))
        here[labels == 1], here[labels == 0] = chance[1], chance[0]
        if searches[0] is not None:
            hard = (labels == 0) & (features[0][:, -1] > 0)
            here[hard] = min(HITS * chance[0], 1)
        kept = np.flatnonzero(rng.random(len(here)) < here)
        for part, all_features in zip(parts, features, strict=True):
            table = np.column_stack([labels[kept] == 1, 1 / here[kept], all_features[kept]])
            part.append(table.astype(np.float32))
    tables = [np.concatenate(part) for part in parts]
    return [Sample(x[:, 2:], x[:, 0] == 1, x[:, 1].astype(np.float64)) for x in tables]
