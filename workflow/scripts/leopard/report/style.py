"""The look that all figures share: colours, names and sizes."""

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from leopard.study.splits import SPLITS

STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "figure.constrained_layout.h_pad": 0.1,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.w_pad": 0.1,
    "figure.titlesize": 14,
    "figure.titleweight": "bold",
    "font.size": 11,
    "grid.color": "#E6E6E6",
    "legend.frameon": False,
    "lines.linewidth": 2,
    "svg.hashsalt": "leopard",  # the same figure gives the same file
}

# Okabe & Ito's colours, told apart in every form of colour blindness.
BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
VERMILION, SKY, GREY = "#D55E00", "#56B4E9", "#7F7F7F"
WINE = "#882255"  # Tol's, darker than any of theirs
BASELINE_COLOURS = {
    **{"accessibility": GREY, "motif": GREEN, "motif_accessibility": SKY, "trees": WINE},
    "other_lines": "black",
}
MODEL_COLOURS = {
    **{"unet": BLUE, "cnn": ORANGE, "factornet": VERMILION, "anchor": PURPLE},
    **BASELINE_COLOURS,
}
DISPLAY_NAMES = {"factornet": "FactorNet (small)", "anchor": "Anchor (small)"}
SPLIT_COLOURS = dict(zip(SPLITS, (GREY, SKY, PURPLE), strict=True))
CELL_LINE_COLOURS = ("black", VERMILION, BLUE, GREEN, ORANGE)
CELL_LINE_MARKERS = "os^DvP*"  # of another number than the colours: their pairs repeat late


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure in the format of the path's suffix; SVG without a date, to be repeatable."""
    metadata = {"Date": None} if str(path).endswith(".svg") else None
    with rc_context(STYLE):
        figure.savefig(path, dpi=160, metadata=metadata)


def display_name(model: str) -> str:
    """A model's or baseline's name as people write it."""
    return DISPLAY_NAMES.get(model, model.replace("_", " ") if model in BASELINE_COLOURS else model)


def model_colours(models: Sequence[str]) -> dict[str, str]:
    """A colour for each model and baseline, the same in every figure of a study."""
    others = cycle((VERMILION, PURPLE, SKY))
    return {model: MODEL_COLOURS.get(model) or next(others) for model in models}
