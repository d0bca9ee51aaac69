"""One cell line judged: each model and baseline, on each test chromosome and on all."""

import logging
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from leopard.evaluation.other_lines import SpecificLabels
from leopard.evaluation.reliability import mean_site, tabulate_reliability
from leopard.evaluation.scores import BATCH_WINDOWS, ScoreTrack, count_chromosome, count_regions
from leopard.genome.tracks import Tracks, iterate_regions
from leopard.metrics import (
    ScoreCounts,
    average_precision,
    best_threshold,
    overlap_at,
    precision_recall_curve,
    summarise,
)

log = logging.getLogger(__name__)

CURVE_POINTS = 400

SUMMARY = [
    "cell_line", "model", "resolution", "positive_rate", "loss", "pr_auc", "average_precision",
    "auroc", "dice_coef", "binary_io_u", "dice_best", "binary_io_u_best", "threshold",
    "calibration",
]  # fmt: skip
"""Columns of summary.tsv."""

TOTALS = ("chromosomes", "windows", "specific", "seen")
"""Scopes that are no chromosome."""


def choose_threshold(
    pairs: Sequence[tuple[ScoreTrack, Tracks]], chromosomes: Sequence[str], window_length: int
) -> float:
    """The score that separates bound bases best (largest Dice) on validation chromosomes.

    Args:
        pairs: Scores and labels of each validation cell line.
        chromosomes: The validation chromosomes.
        window_length: Bases.
    """
    total = ScoreCounts(pairs[0][0].probabilities)
    for track, tracks in pairs:
        for chrom in chromosomes:
            total = total + count_chromosome(track, tracks, chrom, window_length)
    threshold = best_threshold(total)
    log.info(
        "threshold %.4g, Dice and IoU there %.4f, %.4f", threshold, *overlap_at(total, threshold)
    )
    return threshold


def evaluate(
    scores: Mapping[str, ScoreTrack],
    thresholds: Mapping[str, float],
    tracks: Tracks,
    chromosomes: Sequence[str],
    windows: pd.DataFrame,
    invert: Mapping[str, Callable[[np.ndarray], np.ndarray]],
    others: Sequence[Tracks] = (),
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Judge one cell line.

    Args:
        scores: By model or baseline.
        thresholds: Chosen on validation data, by model or baseline.
        tracks: Reader of the cell line, with labels.
        chromosomes: The held-out ones.
        windows: Test windows, chrom, start, end.
        invert: Of the models whose reliability is asked for, what gives their probabilities
            before they were calibrated.
        others: Readers of the labels of the other cell lines.

    Returns:
        Metrics, a row for each model and scope (each chromosome, "chromosomes" for all of them,
        "windows" for the test windows, and, if there are others, "specific" for all chromosomes
        as `leopard.evaluation.other_lines.mask_common` leaves them); the precision-recall curves
        over all chromosomes (model, recall, precision, threshold); and of those in `invert`, the
        rows of `leopard.evaluation.reliability.tabulate_reliability`, over all chromosomes, with
        model.
    """
    length = int(windows["end"].iloc[0] - windows["start"].iloc[0])
    site = mean_site(tracks, chromosomes)
    rows, curves, reliability = [], [], []
    for model, track in scores.items():
        by_scope = {c: count_chromosome(track, tracks, c, length) for c in chromosomes}
        total = ScoreCounts(track.probabilities)
        for counts in by_scope.values():
            total = total + counts
        by_scope["chromosomes"] = total
        if others:
            specific = SpecificLabels(tracks, others)
            by_scope["specific"] = sum(
                (count_chromosome(track, specific, c, length) for c in chromosomes),
                ScoreCounts(track.probabilities),
            )
        regions = list(iterate_regions(windows))
        by_scope["windows"] = count_regions(track, tracks, regions, BATCH_WINDOWS)
        for scope, counts in by_scope.items():
            measures = summarise(counts, thresholds[model])
            rows.append({"model": model, "scope": scope, "resolution": 1, **measures})
        log.info("%s: average precision %.4f", model, average_precision(total))
        if model in invert:
            parts = tabulate_reliability(total, thresholds[model], site, invert[model])
            reliability.append(parts.assign(model=model))
        curves.append(thin_curve(model, total))
    tables = (pd.concat(x, ignore_index=True) for x in (curves, reliability))
    return pd.DataFrame(rows), *tables


def thin_curve(model: str, counts: ScoreCounts) -> pd.DataFrame:
    """The precision-recall curve in few points: model, recall, precision, threshold."""
    precision, recall, threshold = precision_recall_curve(counts)
    # Evenly spaced in recall, not in threshold: the curve keeps its shape.
    kept = np.unique(
        np.searchsorted(recall, np.linspace(0, 1, CURVE_POINTS)).clip(max=len(recall) - 1)
    )
    columns = {"recall": recall, "precision": precision, "threshold": threshold}
    return pd.DataFrame({"model": model} | {name: x[kept] for name, x in columns.items()})
