"""The page of windows: how many, and how many of their bases are bound."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from leopard.genome.formats import natural_key
from leopard.genome.tracks import MASKED
from leopard.report.html import INTEGER, PERCENT, Columns, render_page, render_table
from leopard.study.splits import SPLITS


def summarise_windows(
    windows: pd.DataFrame, labels: Mapping[str, np.ndarray], chunk: int = 1000
) -> pd.DataFrame:
    """Windows and positive rate by cell line, split and chromosome, "all" for the whole split.

    Args:
        windows: chrom, start, end, split.
        labels: By cell line, uint8 [n, length], row i of the table's window i.
        chunk: Windows read at a time.

    Returns:
        cell_line, split, chrom, windows, windows_bound (with a bound base), positive_rate.
    """
    tables = []
    for cell_line, array in labels.items():
        chunks = [array[start : start + chunk] for start in range(0, len(array), chunk)]
        bound = np.concatenate([(part == 1).sum(axis=1) for part in chunks])
        counted = np.concatenate([(part != MASKED).sum(axis=1) for part in chunks])
        table = windows[["split", "chrom"]].assign(
            cell_line=cell_line, windows=1, windows_bound=bound > 0, bound=bound, counted=counted
        )
        tables += [table, table.assign(chrom="all")]
    keys = ["cell_line", "split", "chrom"]
    summary = pd.concat(tables).groupby(keys, sort=False, as_index=False).sum()
    summary["positive_rate"] = summary.pop("bound") / summary.pop("counted").clip(lower=1)
    return summary


def windows_page(summary: pd.DataFrame) -> str:
    """The page of `summarise_windows`: a row for each chromosome, a column for each cell line."""
    wide = summary.pivot(
        index=["split", "chrom", "windows"], columns="cell_line", values="positive_rate"
    ).reset_index()
    order = wide["split"].map(SPLITS.index).astype(str) + wide["chrom"].map(natural_key)
    wide = wide.loc[order.sort_values().index]
    columns: Columns = {
        "split": ("split", None),
        "chrom": ("chromosome", None),
        "windows": ("windows", INTEGER),
        **{x: (f"{x}: bases bound", PERCENT) for x in summary["cell_line"].unique()},
    }
    classes = ["marked" if chrom == "all" else "" for chrom in wide["chrom"]]
    return render_page("Windows", render_table(wide, columns, classes))
