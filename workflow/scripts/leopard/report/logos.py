"""Letters as tall as numbers."""

import logomaker
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from leopard.genome.tracks import BASES
from leopard.report.style import BLUE, GREEN, ORANGE, VERMILION

LETTERS = dict(zip(BASES, (GREEN, BLUE, ORANGE, VERMILION), strict=True))


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
