"""Motif hits by FIMO's method (Grant et al. 2011), through memelite."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyBigWig
from memelite import fimo

from leopard.tracks import OTHER, Tracks, add_runs

STRETCH = 1 << 22
"""Bases scanned at once: memory stays small on any chromosome."""


def scan(codes: np.ndarray, motif: np.ndarray, p_value: float) -> pd.DataFrame:
    """Hits of a motif on both strands.

    Args:
        codes: Sequence codes, uint8 [length]. A hit never spans a base other than A, C, G, T.
        motif: Letter probabilities [4, width], rows A C G T.
        p_value: Largest p-value of a hit, against a uniform background.

    Returns:
        start (of the hit, in codes), strand, score (log2 odds) and p_value, sorted by start.
    """
    one_hot = (codes == np.arange(OTHER, dtype=np.uint8)[:, None]).astype(np.int8)
    hits = fimo({"motif": motif}, one_hot[None], threshold=p_value)[0]
    others_before = np.concatenate([[0], np.cumsum(codes == OTHER)])
    clean = others_before[hits["end"]] == others_before[hits["start"]]
    columns = ["start", "strand", "score", "p-value"]
    return (
        hits.loc[clean, columns]
        .astype({"start": int, "score": float, "p-value": float})  # objects where there is no hit
        .rename(columns={"p-value": "p_value"})
        .sort_values("start", ignore_index=True)
    )


def paint_scores(length: int, hits: pd.DataFrame, width: int) -> np.ndarray:
    """Each base's best hit: the largest score of the hits that cover it, else 0, float32."""
    scores = np.zeros(length, np.float32)
    for start, score in zip(hits["start"], hits["score"], strict=True):
        covered = scores[start : start + width]
        np.maximum(covered, score, out=covered)
    return scores


def mark_middles(length: int, hits: pd.DataFrame, width: int) -> np.ndarray:
    """The largest score of the hits whose middle base a base is, else 0, float32."""
    scores = np.zeros(length, np.float32)
    np.maximum.at(scores, hits["start"].to_numpy() + width // 2, hits["score"].to_numpy())
    return scores


def write_motif_scores(
    path: Path,
    tracks: Tracks,
    chromosomes: Sequence[str],
    motif: np.ndarray,
    p_value: float,
    paint: Callable[[int, pd.DataFrame, int], np.ndarray] = paint_scores,
) -> None:
    """Write motif scores as a bigWig; bases without one are left out.

    Args:
        path: The bigWig.
        tracks: Reader of the genome.
        chromosomes: Which to scan.
        motif: Letter probabilities [4, width], rows A C G T.
        p_value: Largest p-value of a hit.
        paint: Gives each base its score: `paint_scores` or `mark_middles`.
    """
    width = motif.shape[1]
    sizes = {
        chrom: tracks.chrom_sizes[chrom] for chrom in tracks.chrom_sizes if chrom in chromosomes
    }
    with pyBigWig.open(str(path), "w") as bigwig:
        bigwig.addHeader(list(sizes.items()))
        for chrom, size in sizes.items():
            scores = np.zeros(size, np.float32)
            for start in range(0, size, STRETCH):
                # Stretches overlap by a motif less one base, so that no hit is cut or met twice.
                end = min(start + STRETCH + width - 1, size)
                hits = scan(tracks.codes(chrom, start, end), motif, p_value)
                painted = paint(end - start, hits, width)
                np.maximum(scores[start:end], painted, out=scores[start:end])
            add_runs(bigwig, chrom, scores)
