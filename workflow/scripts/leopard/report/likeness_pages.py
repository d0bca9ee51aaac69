"""Whether new tracks are like those that networks were trained on: a page, and a figure of each."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure

from leopard.evaluation.likeness import FITS, RULE
from leopard.evaluation.portrait import REACH
from leopard.genome.formats import read_table
from leopard.report.html import Columns, render_note, render_page, render_table
from leopard.report.style import GREY, STYLE, VERMILION


def read_likeness(paths: Sequence[Path]) -> pd.DataFrame:
    """Tables as from `leopard.evaluation.new_line.judge_line`, named by their paths."""
    tables = [
        read_table(path).assign(model=path.parent.name, cell_line=path.name.rsplit(".", 2)[0])
        for path in paths
    ]
    return pd.concat(tables, ignore_index=True)


def likeness_page(likeness: pd.DataFrame) -> str:
    """The page of `read_likeness`."""
    columns: Columns = {
        "cell_line": ("cell line", None),
        "model": ("model", None),
        "track": ("track", None),
        "verdict": ("verdict", None),
        "depth": ("depth", "{:.3g}"),
        "unit": ("multiples of", "{:.3g}"),
        "enrichment": ("around motifs, times the mean", "{:.2f}"),
        "centre": ("its middle (bases)", "{:+.1f}"),
        "error": ("standard error", "{:.1f}"),
        "with_motif": ("calls with a motif", "{:.0%}"),
        "against": ("because", None),
    }
    rows = likeness.assign(against=likeness["against"].fillna(""))
    classes = ["marked" if x == FITS else "" for x in rows["verdict"]]
    note = render_note(
        "Nothing here rests on labels. It tells whether a model meets what it knows, not whether "
        "it is right; how good it was where labels are known stands on its card."
    )
    return render_page(
        "Are the tracks like those that the networks were trained on?",
        note,
        render_table(rows, columns, classes),
        render_note(RULE),
    )


@rc_context(STYLE)
def plot_profile(manifest: Mapping[str, Any], painted: Mapping[str, Any], cell_line: str) -> Figure:
    """The mean of each track around the best hits of the motif, beside the training cell lines.

    Args:
        manifest: Of the bundle.
        painted: As from `leopard.evaluation.new_line.paint_line`.
        cell_line: Whose.
    """
    tracks = list(painted["tracks"])
    figure = Figure(figsize=(6.4 * len(tracks), 4.6))
    x = np.arange(-REACH, REACH + 1)
    for axes, track in zip(np.ravel(figure.subplots(1, len(tracks))), tracks, strict=True):
        for line, own in manifest.get("portraits", {}).items():
            if profile := own["tracks"].get(track, {}).get("profile"):
                axes.plot(x, profile, color=GREY, linewidth=1.2, label=f"{line} (training)")
        if profile := painted["tracks"][track]["profile"]:
            axes.plot(x, profile, color=VERMILION, label=cell_line)
            axes.legend()
        else:
            hits = painted["tracks"][track]["hits"]
            text = f"{hits} hits of a motif are too few to tell"
            axes.text(0.5, 0.5, text, ha="center", transform=axes.transAxes)
        axes.set(title=track, xlabel="bases from the middle of the motif", xlim=(-REACH, REACH))
        axes.set(ylabel="times the mean of the genome")
    motif = (manifest.get("motif") or {}).get("name", "no motif")
    figure.suptitle(f"{cell_line}: {manifest['tf']}, around {motif}", x=0.01, ha="left")
    return figure
