"""What other cell lines tell: where a factor binds in general, and what is special to one."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from leopard.genome.tracks import MASKED, Tracks


def average_labels(others: Sequence[Tracks]) -> Callable[[str, int, int], np.ndarray]:
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

    return read


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


class SpecificLabels:
    """Labels of one cell line as `Tracks` gives them, what is bound in all labelled ones masked.

    Args:
        tracks: Reader of the cell line's labels.
        others: Of those of the other cell lines.
    """

    def __init__(self, tracks: Tracks, others: Sequence[Tracks]) -> None:
        self.chrom_sizes = tracks.chrom_sizes
        self._tracks, self._others = tracks, others

    def labels(self, chrom: str, start: int, end: int) -> np.ndarray:
        """Labels, uint8 [end - start]: 1 bound, 0 not, 255 masked."""
        region = (chrom, start, end)
        return mask_common(
            self._tracks.labels(*region), (other.labels(*region) for other in self._others)
        )
