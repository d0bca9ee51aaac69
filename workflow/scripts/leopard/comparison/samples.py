"""Which bins to learn from, and which bases to judge a slow model on."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from leopard.comparison import bins
from leopard.comparison.many_to_one import ManyToOne
from leopard.errors import InputError
from leopard.genome.tracks import MASKED, Tracks
from leopard.inputs.signals import open_line

BELOW = (0.9, 0.99)
"""Shares of bins below the cuts between kinds of bases that are not bound."""


def draw_bins(
    tracks: Tracks, chromosomes: Sequence[str], n: int, seed: Sequence[int]
) -> pd.DataFrame:
    """Draw bins to learn from, half of them bound if there are so many.

    Args:
        tracks: Reader with labels.
        chromosomes: Where to draw from; each gets a share of the unbound bins by its length.
        n: How many.
        seed: Entropy of the draw.

    Returns:
        chrom, centre (the base after the bin's middle) and label (1 or 0), by chromosome and
        centre.

    Raises:
        InputError: No bin is bound, or every one.
    """
    rng = np.random.default_rng(seed)
    total = sum(tracks.chrom_sizes[chrom] for chrom in chromosomes)
    tables = []
    for chrom in chromosomes:
        size = tracks.chrom_sizes[chrom]
        labels = bins.label_bins(tracks.labels(chrom, 0, size))
        bound, unbound = (np.flatnonzero(labels == value) for value in (1, 0))
        share = min(round(n * size / total), len(unbound))
        index = np.sort(np.append(bound, rng.choice(unbound, share, replace=False)))
        centre = bins.STRIDE * index + bins.HALF
        tables.append(pd.DataFrame({"chrom": chrom, "centre": centre, "label": labels[index]}))
    candidates = pd.concat(tables, ignore_index=True)
    for label, kind in ((1, "is bound"), (0, "is not bound")):
        if not (candidates["label"] == label).any():
            remedy = "check the labels or choose other chromosomes"
            raise InputError(", ".join(chromosomes), f"no bin that {kind}", remedy)
    chosen = []
    wanted = n // 2
    for label in (1, 0):
        rows = np.flatnonzero(candidates["label"] == label)
        chosen.append(rng.choice(rows, min(wanted, len(rows)), replace=False))
        wanted = n - len(chosen[0])
    return candidates.iloc[np.sort(np.concatenate(chosen))].reset_index(drop=True)


def draw_bases(
    tracks: Tracks, scores: Mapping[str, np.ndarray], n: int, seed: Sequence[int]
) -> pd.DataFrame:
    """A sample of bases to judge a model on that is too slow for all of them.

    Bound bases, and those not bound by how the model scores the bin around them: highest hundredth,
    the rest of the highest tenth, others. From each of these four some n are drawn, so that there
    are enough of the few that may be mistaken for bound.

    Args:
        tracks: Reader of the cell line's labels.
        scores: Of each bin, by chromosome.
        n: Bases of each kind to draw, or all there are; roughly, for each is drawn by itself.
        seed: Entropy of the draw.

    Returns:
        chrom, position, label (1 or 0) and weight (for how many bases it stands), by chromosome and
        position.
    """
    rng = np.random.default_rng(seed)
    cuts = np.quantile(np.concatenate(list(scores.values())), BELOW)
    bound = len(cuts) + 1
    edge = bins.HALF - bins.STRIDE // 2

    def read_kinds(chrom: str) -> np.ndarray:
        labels = tracks.labels(chrom, 0, tracks.chrom_sizes[chrom])
        by_bin = np.searchsorted(cuts, scores[chrom], "right").astype(np.uint8)
        # Each base belongs to the bin whose middle is the nearest.
        inside = np.repeat(by_bin, bins.STRIDE)
        kinds = np.pad(inside, (edge, len(labels) - edge - len(inside)), mode="edge")
        kinds[labels == 1] = bound
        kinds[labels == MASKED] = MASKED
        return kinds

    total = np.zeros(MASKED + 1, int)
    for chrom in scores:
        total += np.bincount(read_kinds(chrom), minlength=len(total))
    chance = (n / np.maximum(total, 1)).astype(np.float32)
    chance[MASKED] = 0
    tables = []
    for chrom in scores:
        kinds = read_kinds(chrom)
        kept = np.flatnonzero(rng.random(len(kinds), np.float32) < chance[kinds])
        tables.append(pd.DataFrame({"chrom": chrom, "position": kept, "kind": kinds[kept]}))
    bases = pd.concat(tables, ignore_index=True)
    kind = bases.pop("kind").to_numpy()
    weight = total / np.maximum(np.bincount(kind, minlength=len(total)), 1)
    return bases.assign(label=(kind == bound).astype(np.uint8), weight=weight[kind])


def draw_training(
    training: Tracks,
    validation: Tracks,
    chromosomes: Mapping[str, Sequence[str]],
    n: int,
    seed: int,
) -> tuple[tuple[Tracks, pd.DataFrame], tuple[Tracks, pd.DataFrame]]:
    """A cell line to learn from and one to validate on, each with its bins.

    Args:
        training: Reader of a cell line.
        validation: Reader of the one to validate on.
        chromosomes: By split.
        n: Bins to learn from; a fifth as many are for validation.
        seed: Of the draws.
    """
    drawn = []
    for number, (split, tracks, count) in enumerate(
        (("train", training, n), ("validation", validation, max(n // 5, 1)))
    ):
        drawn.append((tracks, draw_bins(tracks, chromosomes[split], count, [seed, 7, number])))
    return drawn[0], drawn[1]


def open_training(
    files: Mapping[str, Any],
    signals: Sequence[Mapping[str, tuple[Sequence[str], Sequence[str]]]],
    chromosomes: Mapping[str, Sequence[str]],
    n: int,
    seed: int,
) -> tuple[tuple[Tracks, pd.DataFrame], tuple[Tracks, pd.DataFrame]]:
    """The same of two cell lines that are still to be opened.

    Args:
        files: fasta and excluded, and of the two lines labels and validation_labels.
        signals: Of the line to learn from, and of the other, as of
            `leopard.inputs.signals.open_line`.
        chromosomes: As of `draw_training`.
        n: As of `draw_training`.
        seed: As of `draw_training`.
    """
    training, validation = (
        open_line(files["fasta"], own, files[labels], files["excluded"])
        for own, labels in zip(signals, ("labels", "validation_labels"), strict=True)
    )
    return draw_training(training, validation, chromosomes, n, seed)


def score_sample(
    model: ManyToOne, tracks: Tracks, chromosomes: Sequence[str], n: int, seed: int
) -> tuple[dict[str, np.ndarray], pd.DataFrame]:
    """A model's scores of all bins, float32 by chromosome, and of a sample of bases.

    Args:
        model: What scores.
        tracks: Reader of the cell line's labels.
        chromosomes: The held-out ones.
        n: As of `draw_bases`.
        seed: Of the draw.

    Returns:
        The scores of bins, and the bases as from `draw_bases` with their score.
    """
    of_bins = {chrom: model.score_bins(chrom, tracks.chrom_sizes[chrom]) for chrom in chromosomes}
    bases = draw_bases(tracks, of_bins, n, [seed, 6])
    groups = bases.groupby("chrom", sort=False)["position"]
    scores = [model.score(chrom, positions.to_numpy()) for chrom, positions in groups]
    return of_bins, bases.assign(score=np.concatenate(scores))
