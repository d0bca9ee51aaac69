"""What a model has to beat: scores that learn nothing, beside motif and accessibility alone."""

from collections.abc import Iterable, Sequence

import numpy as np

from leopard.evaluation import ScoreTrack
from leopard.tracks import MASKED, Tracks


def multiply(first: ScoreTrack, second: ScoreTrack) -> ScoreTrack:
    """Product of two scores, negative values of either counting as 0.

    Of motif score (log2 odds of the best hit, 0 without one) and accessibility: open chromatin
    with a good motif.
    """

    def read(chrom: str, start: int, end: int) -> np.ndarray:
        region = (chrom, start, end)
        return np.maximum(first.read(*region), 0) * np.maximum(second.read(*region), 0)

    return ScoreTrack(read, probabilities=False)


def average_labels(others: Sequence[Tracks]) -> ScoreTrack:
    """Share of other cell lines in which a base is bound, of those where it is known, else 0.

    It knows where the factor binds in general and nothing of the cell line: a model that is no
    better has only learned what is always bound.
    """

    def read(chrom: str, start: int, end: int) -> np.ndarray:
        bound, known = np.zeros((2, end - start), np.float32)
        for tracks in others:
            labels = tracks.labels(chrom, start, end)
            bound += labels == 1
            known += labels != MASKED
        return bound / np.maximum(known, 1)

    return ScoreTrack(read, probabilities=False)


def mask_common(labels: np.ndarray, others: Iterable[np.ndarray]) -> np.ndarray:
    """Labels of cell-type-specific binding: those of one cell line, what is bound in all masked.

    What is left is bound in this cell line and not in some other, or not bound in this one.

    Args:
        labels: Of the cell line, uint8 [n]: 1 bound, 0 not, 255 masked; of bases or of bins.
        others: The same of the other cell lines. A masked one says nothing, so that what is bound
            here and masked in all others is masked too.
    """
    common = labels == 1
    for other in others:
        common &= other != 0
    return np.where(common, MASKED, labels).astype(np.uint8)
