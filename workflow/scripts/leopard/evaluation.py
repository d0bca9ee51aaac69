"""Predictions and baselines against labels, over windows and over whole chromosomes."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyBigWig

from leopard.baselines import SpecificLabels
from leopard.features import running_means
from leopard.metrics import (
    ScoreCounts,
    average_precision,
    best_threshold,
    overlap_at,
    precision_recall_curve,
    summarise,
)
from leopard.reliability import mean_site, tabulate_reliability
from leopard.tracks import Tracks, read_bigwig
from leopard.windows import iterate_regions

log = logging.getLogger(__name__)

BATCH_WINDOWS = 64
"""Windows a batch in `dice_coef`, as in the competition; whole chromosomes are cut alike."""

SMOOTHING = 101
"""Bases of the running mean that turns accessibility into a score: about a footprint and its
flanks, without which the protein's own shadow would hide its site."""

CURVE_POINTS = 400

SUMMARY = [
    "cell_line", "model", "resolution", "positive_rate", "loss", "pr_auc", "average_precision",
    "auroc", "dice_coef", "binary_io_u", "dice_best", "binary_io_u_best", "threshold",
    "calibration",
]  # fmt: skip
"""Columns of summary.tsv."""

TOTALS = ("chromosomes", "windows", "specific")
"""Scopes that are no chromosome."""

Reader = Callable[[str, int, int], np.ndarray]
Labels = Tracks | SpecificLabels


class ScoreTrack:
    """Scores of one model or baseline: a reader, and whether it gives probabilities."""

    def __init__(self, read: Reader, probabilities: bool) -> None:
        self.read = read
        self.probabilities = probabilities

    @classmethod
    def from_bigwig(cls, path: Path, probabilities: bool) -> "ScoreTrack":
        """Scores that lie in a bigWig."""
        bigwig = pyBigWig.open(str(path))
        return cls(lambda *region: read_bigwig(bigwig, *region), probabilities)

    @classmethod
    def from_accessibility(cls, tracks: Tracks) -> "ScoreTrack":
        """Accessibility alone, as a running mean."""

        def read(chrom: str, start: int, end: int) -> np.ndarray:
            return running_means(tracks.signal, chrom, start, end, [SMOOTHING])[0]

        return cls(read, probabilities=False)


def open_scores(model: str, files: Sequence[Path], fasta: Path, scale: float) -> ScoreTrack:
    """Scores of a network or a baseline from their files; the motif's are no probabilities."""
    if model == "accessibility":
        return ScoreTrack.from_accessibility(Tracks(fasta, files, scale=scale))
    return ScoreTrack.from_bigwig(files[0], probabilities=model != "motif")


def count_regions(
    track: ScoreTrack, tracks: Labels, regions: Sequence[tuple[str, int, int]], batch: int
) -> ScoreCounts:
    """Compare scores with labels over regions, `batch` of them at a time."""
    counts = ScoreCounts(track.probabilities)
    for first in range(0, len(regions), batch):
        group = regions[first : first + batch]
        labels = np.concatenate([tracks.labels(*region) for region in group])
        counts.update(labels, np.concatenate([track.read(*region) for region in group]))
    return counts


def count_chromosome(
    track: ScoreTrack, tracks: Labels, chrom: str, window_length: int
) -> ScoreCounts:
    """Compare scores with labels over a whole chromosome."""
    size, step = tracks.chrom_sizes[chrom], BATCH_WINDOWS * window_length
    regions = [(chrom, start, min(start + step, size)) for start in range(0, size, step)]
    return count_regions(track, tracks, regions, 1)


def count_windows(
    predict: Callable[[np.ndarray, np.ndarray], np.ndarray], tracks: Tracks, windows: pd.DataFrame
) -> ScoreCounts:
    """Compare predictions of windows with labels as the competition did: each window by itself.

    What lies beyond its ends is zero to the network, which a decoded chromosome never meets there.

    Args:
        predict: Gives the probabilities, float32 [n, length], of codes and accessibility.
        tracks: Reader of the cell line, with labels.
        windows: chrom, start, end, in the order of the batches.
    """
    counts = ScoreCounts()
    for first in range(0, len(windows), BATCH_WINDOWS):
        regions = list(iterate_regions(windows.iloc[first : first + BATCH_WINDOWS]))
        codes, signal, labels = (
            np.stack([read(*region) for region in regions])
            for read in (tracks.codes, tracks.accessibility, tracks.labels)
        )
        counts.update(labels, predict(codes, signal))
    return counts


def count_pieces(pieces: Iterable[tuple[str, int, np.ndarray]], tracks: Tracks) -> ScoreCounts:
    """Compare probabilities with labels piece by piece: a chromosome, a first base, float32 [n]."""
    counts = ScoreCounts()
    for chrom, start, scores in pieces:
        counts.update(tracks.labels(chrom, start, start + len(scores)), scores)
    return counts


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
        as `leopard.baselines.mask_common` leaves them); the precision-recall curves over all
        chromosomes (model, recall, precision, threshold); and of those in `invert`, the rows of
        `leopard.reliability.tabulate_reliability`, over all chromosomes, with model.
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
        precision, recall, threshold = precision_recall_curve(total)
        # Evenly spaced in recall, not in threshold: the curve keeps its shape with few points.
        kept = np.unique(
            np.searchsorted(recall, np.linspace(0, 1, CURVE_POINTS)).clip(max=len(recall) - 1)
        )
        curves.append(
            pd.DataFrame(
                {
                    "model": model,
                    "recall": recall[kept],
                    "precision": precision[kept],
                    "threshold": threshold[kept],
                }
            )
        )
    tables = (pd.concat(x, ignore_index=True) for x in (curves, reliability))
    return pd.DataFrame(rows), *tables
