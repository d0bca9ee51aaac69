"""Motif hits by FIMO's method (Grant et al. 2011), through memelite."""

import numpy as np
import pandas as pd
from memelite import fimo

from leopard.genome.tracks import OTHER


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
