"""Letters as tall as numbers."""

import logomaker
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from leopard.genome.tracks import BASES, OTHER
from leopard.report.style import BLUE, GREEN, ORANGE, VERMILION

LETTERS = dict(zip(BASES, (GREEN, BLUE, ORANGE, VERMILION), strict=True))


def measure_information(matrix: np.ndarray) -> np.ndarray:
    """The information of a motif, by which its letters are drawn, in bits.

    Schneider & Stephens, Nucleic Acids Research 1990, with bases that are equally frequent.

    Args:
        matrix: Letter probabilities, [4, width], rows A C G T.

    Returns:
        float64 [width, 4].

    Example:
        >>> measure_information(np.array([[1, 0.25], [0, 0.25], [0, 0.25], [0, 0.25]])).tolist()
        [[2.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]
    """
    bits = np.log2(OTHER) + np.sum(matrix * np.log2(np.maximum(matrix, 1e-9)), axis=0)
    return (matrix * bits).T


def draw_letters(axes: Axes, values: np.ndarray, first: int) -> None:
    """Letters as tall as their values, those below 0 upside down.

    Args:
        axes: Where to draw.
        values: [positions, 4], columns A C G T.
        first: Where on the x axis the first position is.
    """
    positions = np.arange(first, first + len(values))
    frame = pd.DataFrame(values, columns=list(BASES), index=positions)
    logomaker.Logo(frame, ax=axes, color_scheme=LETTERS, show_spines=None, baseline_width=0.5)
