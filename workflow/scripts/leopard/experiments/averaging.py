"""What averaging several predictions of the same bases is worth."""

from collections.abc import Sequence

import keras
import numpy as np

from leopard.decoding.decoder import predict_windows
from leopard.metrics import ScoreCounts, pr_auc
from leopard.models.reach import derive_reach
from leopard.training.batches import WindowSource

AVERAGES: dict[str, tuple[int, bool]] = {
    "predict_once": (1, False),
    "predict_both_strands": (1, True),
    "predict_four_shifts": (4, False),
    "predict_strands_and_shifts": (4, True),
}
"""By how many shifts the input is read, and whether on both strands, by what it is called."""


def predict_average(
    model: keras.Model,
    codes: np.ndarray,
    signal: np.ndarray,
    shifts: Sequence[int],
    both_strands: bool,
) -> np.ndarray:
    """Mean prediction of windows that begin a few bases later each time, on one or both strands.

    Args:
        model: A network as from `leopard.models.build`.
        codes: uint8 [n, length].
        signal: float32 [n, length, arrays].
        shifts: Bases, from 0 to less than the network's grid g.
        both_strands: Average with the reverse complement.

    Returns:
        float32 [n, length - 2 g] for the bases g to length - g, which every pass covers.
    """
    grid = derive_reach(model).grid
    length = codes.shape[1] - grid
    passes = []
    for shift in shifts:
        part = slice(shift, shift + length)
        predicted = predict_windows([model], codes[:, part], signal[:, part], both_strands)
        passes.append(predicted[:, grid - shift : length - shift])
    return np.mean(passes, axis=0)


def score_averages(
    model: keras.Model, validation: WindowSource, batch_size: int
) -> dict[str, float]:
    """PR-AUC of the validation windows, but for their ends, by way of averaging."""
    grid = derive_reach(model).grid  # shifts by multiples of it would predict the same
    counts = {name: ScoreCounts() for name in AVERAGES}
    for start in range(0, validation.n, batch_size):
        rows = np.arange(start, min(start + batch_size, validation.n))
        codes, signal, labels, _ = validation.read(0, rows)
        for name, (n, both_strands) in AVERAGES.items():
            shifts = [grid * i // n for i in range(n)]
            scores = predict_average(model, codes, signal, shifts, both_strands)
            counts[name].update(labels[:, grid:-grid], scores)
    return {name: pr_auc(count) for name, count in counts.items()}
