"""Baselines as strong as a referee would demand, fitted on what the networks are trained on.

`motif`: a search whose hits count for as many bases as a label is wide. `motif_accessibility`: a
logistic regression on its score and accessibility, with their squares and products. `trees`:
gradient boosting on the features of :mod:`leopard.evaluation.features`. All are fitted on the
training chromosomes of the training cell lines, and what is to be chosen is chosen by average
precision on the validation chromosomes of the validation cell lines.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import skops.io
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from leopard.evaluation.feature_samples import Sample, draw_sample
from leopard.evaluation.features import WIDTHS, read_features
from leopard.evaluation.motif_scores import MotifSearch, cut
from leopard.genome.tracks import Tracks, add_runs, new_bigwig

log = logging.getLogger(__name__)

BASES = 100_000
"""Of each label, so many are drawn to learn from, or all there are; to choose by, twice."""

FLANKS = (10, 25, 50, 100, 250)
"""Bases to each side of a hit's middle that are tried, beside the hit itself, where the width of
labels is not known."""

ACCESSIBILITY = ((1,), (1, 3), (0, 1, 2, 3))
"""Which of the widths of accessibility `motif_accessibility` may look at."""

ROUNDS, STEP = 150, 10
"""So many trees are grown, of which the first are kept: how many, in steps, is chosen."""

TRUSTED = ["sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"]
"""What a file of trees may hold beside what skops takes from anyone. Its nodes are not checked: one
that is made to harm can crash a prediction, but runs no code."""

MANTISSA = 5
"""Bits of the odds' mantissa that are written: steps of 3% make runs, and small files."""


@dataclass(frozen=True)
class Fitted:
    """Fitted baselines.

    Attributes:
        motif: The search; None without a motif, and then there is no `line` either.
        line: On the motif's score and means of the first signal, which `columns` of the features.
        columns: Which.
        trees: On all features, trained on as many bound bases as others.
        shift: Added to the trees' log-odds, in nats, for there are fewer in a genome.
    """

    motif: MotifSearch | None
    line: Pipeline | None
    columns: Sequence[int]
    trees: HistGradientBoostingClassifier
    shift: float

    def predict(self, features: np.ndarray) -> dict[str, np.ndarray]:
        """Odds that bases are bound, float32 [n], by baseline, of features [n, k]."""
        logits = {"trees": self.trees.decision_function(features) + self.shift}
        if self.line is not None:
            logits["motif_accessibility"] = self.line.decision_function(features[:, self.columns])
        return {name: np.exp(x.clip(-30, 15)).astype(np.float32) for name, x in logits.items()}

    def save(self, path: Path) -> None:
        """Write to a file that ends in .skops."""
        skops.io.dump({**vars(self), "motif": vars(self.motif) if self.motif else None}, path)

    @classmethod
    def load(cls, path: Path) -> "Fitted":
        """Read what `save` wrote. No code in the file is run."""
        parts = skops.io.load(path, trusted=TRUSTED)
        motif = MotifSearch(**parts.pop("motif")) if parts["motif"] else parts.pop("motif")
        return cls(motif, **parts)


def list_searches(
    odds: np.ndarray,
    mode: str,
    flank: int | None,
    training: Sequence[Tracks],
    chromosomes: Sequence[str],
) -> list[MotifSearch]:
    """Searches whose hits count for as many bases as a label is wide; several if it is not known.

    Args:
        odds: As from `leopard.evaluation.motif_scores.log_odds`.
        mode: Of the labels: "peaks", "motif" (the hits themselves) or "bigwig" (not known).
        flank: In mode "peaks", bases to each side of a summit; None for whole peaks, whose median
            width it then is.
        training: Readers of the training cell lines' labels.
        chromosomes: Of the peaks.
    """
    if mode == "motif":
        return [MotifSearch.over_itself(odds)]
    if mode == "bigwig":
        return [MotifSearch.over_itself(odds), *(MotifSearch(odds, x, x) for x in FLANKS)]
    if flank is None:
        peaks = pd.concat([tracks.sites(chromosomes) for tracks in training])
        flank = int((peaks["end"] - peaks["start"]).median()) // 2
    return [MotifSearch(odds, flank, flank)]


def fit_baselines(
    training: Sequence[Tracks],
    validation: Sequence[Tracks],
    chromosomes: Mapping[str, Sequence[str]],
    searches: Sequence[MotifSearch],
    seed: int,
) -> tuple[Fitted, pd.DataFrame]:
    """Fit all baselines that learn, and choose what is to be chosen.

    Args:
        training: Readers of the training cell lines, with signals, accessibility the first of
            them, and labels.
        validation: Those of the validation cell lines.
        chromosomes: By split.
        searches: To choose from; none where there is no motif.
        seed: Of the samples and of the trees.

    Returns:
        The baselines, and what was tried: baseline, setting, average_precision on validation,
        chosen.
    """
    rng = np.random.default_rng([seed, 8])
    tried: list[pd.DataFrame] = []
    held_out = draw_sample(
        validation, chromosomes["validation"], searches or [None], 2 * BASES, rng
    )
    search, seen = None, held_out[0]
    if searches:
        widths = [
            (f"{x.before} + 1 + {x.after} bases", seen.average_precision(seen.features[:, -1]))
            for x, seen in zip(searches, held_out, strict=True)
        ]
        best = _choose("motif", widths, tried)
        search, seen = searches[best], held_out[best]
    sample = draw_sample(training, chromosomes["train"], [search], BASES, rng)[0]
    log.info("%d of %d bases drawn are bound", sample.bound.sum(), len(sample.bound))

    line, columns = None, []
    if search is not None:
        lines = []
        for means in ACCESSIBILITY:
            columns = [*means, sample.features.shape[1] - 1]
            fit = fit_line(sample, columns)
            gain = seen.average_precision(fit.decision_function(seen.features[:, columns]))
            over = " ".join(str(WIDTHS[x]) for x in means)
            lines.append((f"means over {over} bases", gain, fit, columns))
        _, _, line, columns = lines[_choose("motif_accessibility", [x[:2] for x in lines], tried)]

    trees = grow_trees(sample, ROUNDS, seed)
    grown = [
        (f"{number} trees", seen.average_precision(scores.ravel()))
        for number, scores in enumerate(trees.staged_decision_function(seen.features), 1)
        if number % STEP == 0
    ]
    trees = grow_trees(sample, STEP * (_choose("trees", grown, tried) + 1), seed)

    balance = sample.weight[sample.bound].sum() / sample.weight[~sample.bound].sum()
    baselines = Fitted(search, line, columns, trees, float(np.log(balance)))
    return baselines, pd.concat(tried, ignore_index=True)


def _choose(baseline: str, settings: Sequence[tuple[str, float]], tried: list[pd.DataFrame]) -> int:
    """Which setting has the highest average precision, the first of them; all go into `tried`."""
    table = pd.DataFrame(settings, columns=["setting", "average_precision"])
    best = int(table["average_precision"].idxmax())
    table.insert(0, "baseline", baseline)
    tried.append(table.assign(chosen=table.index == best))
    log.info("%s: %s, validation average precision %.4f", baseline, *settings[best])
    return best


def fit_line(sample: Sample, columns: Sequence[int]) -> Pipeline:
    """Logistic regression on some features, their squares and products, with a weak ridge."""
    squares = PolynomialFeatures(2, include_bias=False)
    model = make_pipeline(
        StandardScaler(), squares, StandardScaler(), LogisticRegression(max_iter=1000)
    )
    weight = sample.weight / sample.weight.mean()
    return model.fit(
        sample.features[:, columns], sample.bound, logisticregression__sample_weight=weight
    )


def grow_trees(sample: Sample, rounds: int, seed: int) -> HistGradientBoostingClassifier:
    """Boosted trees of bound bases and as much weight of others.

    Were the weights those of the genome, a leaf of bound bases alone would leap by 1 / rate in one
    step, and ranking would suffer.
    """
    weight = sample.weight.copy()
    for label in (sample.bound, ~sample.bound):
        weight[label] *= len(weight) / 2 / weight[label].sum()
    trees = HistGradientBoostingClassifier(
        max_iter=rounds,
        l2_regularization=5,
        early_stopping=False,
        random_state=seed,
    )
    return trees.fit(sample.features, sample.bound, sample_weight=weight)


def coarsen(values: np.ndarray) -> np.ndarray:
    """float32 values >= 0 rounded to `MANTISSA` bits, which keeps their order but for ties."""
    drop = np.uint32(23 - MANTISSA)
    bits = values.astype(np.float32).view(np.uint32) + (np.uint32(1) << (drop - np.uint32(1)))
    return (bits >> drop << drop).view(np.float32)


def write_probabilities(
    paths: Mapping[str, Path], fitted: Fitted, tracks: Tracks, chromosomes: Iterable[str]
) -> None:
    """Write the probabilities of fitted baselines on whole chromosomes, a bigWig each.

    Args:
        paths: By baseline.
        fitted: The baselines.
        tracks: Reader of the cell line.
        chromosomes: Which.
    """
    order = [chrom for chrom in tracks.chrom_sizes if chrom in set(chromosomes)]
    sizes = {chrom: tracks.chrom_sizes[chrom] for chrom in order}
    with ExitStack() as stack:
        bigwigs = {x: stack.enter_context(new_bigwig(path, sizes)) for x, path in paths.items()}
        for region in cut(tracks, order):
            predicted = fitted.predict(read_features(tracks, fitted.motif, *region))
            for name, bigwig in bigwigs.items():
                odds = coarsen(predicted[name])
                add_runs(bigwig, region[0], odds / (1 + odds), region[1])
