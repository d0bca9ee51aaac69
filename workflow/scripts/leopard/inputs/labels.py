"""From peaks to a label for every base."""

import logging
from collections.abc import Mapping
from pathlib import Path

import bioframe
import numpy as np
import pandas as pd

from leopard.errors import InputError
from leopard.genome.tracks import OTHER, Tracks, iterate_regions, new_bigwig
from leopard.inputs.motifs import scan

log = logging.getLogger(__name__)

COLUMNS = ["chrom", "start", "end"]


def label_peaks(
    peaks: pd.DataFrame, chrom_sizes: Mapping[str, int], flank: int | None
) -> pd.DataFrame:
    """Positive intervals: whole peaks, or summit - flank to summit + flank, both included."""
    if flank is None:
        return peaks[COLUMNS]
    sizes = peaks["chrom"].map(chrom_sizes)
    return pd.DataFrame(
        {
            "chrom": peaks["chrom"],
            "start": (peaks["summit"] - flank).clip(lower=0),
            "end": np.minimum(peaks["summit"] + flank + 1, sizes),
        }
    )


def label_motif_hits(
    tracks: Tracks, peaks: pd.DataFrame, motif: np.ndarray, p_value: float, best_only: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Positive intervals: motif hits inside peaks, on either strand.

    Args:
        tracks: Reader of the genome.
        peaks: chrom, start, end.
        motif: Letter probabilities [4, width], rows A C G T.
        p_value: Largest p-value of a hit.
        best_only: Keep only each peak's best-scoring hit.

    Returns:
        The hits, and the peaks without one: bound somewhere, but where is not known.

    Raises:
        InputError: No peak has a hit.
    """
    width = motif.shape[1]
    peaks = peaks.reset_index(drop=True)
    # All peaks end to end in one scan, apart by a base that no hit may span.
    codes = [tracks.codes(*peak) for peak in iterate_regions(peaks)]
    joined = np.concatenate([np.append(x, OTHER) for x in codes])
    offsets = np.cumsum([0, *(len(x) + 1 for x in codes)])[:-1]
    table = scan(joined, motif, p_value)
    if table.empty:
        raise InputError(
            "motif",
            f"no hit of p <= {p_value:g} in any of {len(peaks)} peaks",
            "check the motif or raise its p-value",
        )
    table["peak"] = np.searchsorted(offsets, table["start"], side="right") - 1
    if best_only:
        table = table.loc[table.groupby("peak")["score"].idxmax()]
    peak = peaks.iloc[table["peak"]]
    table["chrom"] = peak["chrom"].to_numpy()
    table["start"] += peak["start"].to_numpy() - offsets[table["peak"]]
    table["end"] = table["start"] + width
    without = peaks[~peaks.index.isin(table["peak"])]
    log.info("%d hits in %d peaks; %d peaks without", len(table), len(peaks), len(without))
    return table[COLUMNS], without[COLUMNS]


def write_labels(
    path: Path,
    chrom_sizes: Mapping[str, int],
    positives: pd.DataFrame,
    masked: pd.DataFrame | None = None,
) -> None:
    """Write labels as a bigWig: 1 where bound, -1 where masked, nothing elsewhere.

    Bound wins where the two overlap.
    """
    runs = bioframe.merge(positives)[COLUMNS].assign(value=1.0)
    if masked is not None and len(masked):
        unknown = bioframe.subtract(bioframe.merge(masked)[COLUMNS], runs)[COLUMNS]
        runs = pd.concat([runs, unknown.assign(value=-1.0)])
    with new_bigwig(path, chrom_sizes) as bigwig:
        for chrom in chrom_sizes:
            rows = runs[runs["chrom"] == chrom].sort_values("start")
            if len(rows):
                bigwig.addEntries(
                    [chrom] * len(rows),
                    rows["start"].astype(int).tolist(),
                    ends=rows["end"].astype(int).tolist(),
                    values=rows["value"].tolist(),
                )
