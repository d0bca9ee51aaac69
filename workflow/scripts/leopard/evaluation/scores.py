"""Scores of models and baselines as tracks, and their comparison with labels, counted."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyBigWig

from leopard.evaluation.features import running_means
from leopard.evaluation.other_lines import SpecificLabels
from leopard.genome.tracks import Signal, Tracks, iterate_regions, read_bigwig
from leopard.metrics import (
    ScoreCounts,
)

BATCH_WINDOWS = 64
"""Windows a batch in `dice_coef`, as in the competition; whole chromosomes are cut alike."""

SMOOTHING = 101
"""Bases of the running mean that turns accessibility into a score: about a footprint and its
flanks, without which the protein's own shadow would hide its site."""

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
        return ScoreTrack.from_accessibility(Tracks(fasta, {model: Signal(files, scale)}))
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
        predict: Gives the probabilities, float32 [n, length], of codes and signals.
        tracks: Reader of the cell line, with labels.
        windows: chrom, start, end, in the order of the batches.
    """
    counts = ScoreCounts()
    for first in range(0, len(windows), BATCH_WINDOWS):
        regions = list(iterate_regions(windows.iloc[first : first + BATCH_WINDOWS]))
        codes, signal, labels = (
            np.stack([read(*region) for region in regions])
            for read in (tracks.codes, tracks.signals, tracks.labels)
        )
        counts.update(labels, predict(codes, signal))
    return counts


def count_pieces(pieces: Iterable[tuple[str, int, np.ndarray]], tracks: Tracks) -> ScoreCounts:
    """Compare probabilities with labels piece by piece: a chromosome, a first base, float32 [n]."""
    counts = ScoreCounts()
    for chrom, start, scores in pieces:
        counts.update(tracks.labels(chrom, start, start + len(scores)), scores)
    return counts
