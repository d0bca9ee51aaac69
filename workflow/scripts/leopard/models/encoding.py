"""The input transform, as a layer: compact arrays cross to the device and are expanded there."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from leopard.genome.tracks import BASES

CEILING = 1e6
"""Accessibility is clipped to [0, CEILING] first: one absurd value must not poison a window."""

TRANSFORMS: dict[str, Callable] = {
    "raw": lambda signal, quantiles: signal,
    "log1p": lambda signal, quantiles: ops.log1p(signal),
    "arcsinh": lambda signal, quantiles: ops.arcsinh(signal),
    "quantile": lambda signal, quantiles: _rank(signal, quantiles),
}


def _rank(signal: Any, quantiles: Sequence[float]) -> Any:
    """Rank in [0, 1] of a signal among evenly spaced quantiles, linear between them.

    Where quantiles are equal, as those at zero are, the rank is the highest of theirs.
    """
    values, counts = np.unique(np.asarray(quantiles, np.float32), return_counts=True)
    ranks = (np.cumsum(counts) - 1) / max(len(quantiles) - 1, 1)
    flat = ops.reshape(signal, (-1,))  # TensorFlow's search is of one dimension
    above = ops.searchsorted(ops.convert_to_tensor(values), flat, side="right")
    slopes = np.append(np.diff(ranks) / np.diff(values), 0.0).astype(np.float32)
    below = ops.clip(above - 1, 0, len(values) - 1)
    start, rank, slope = (
        ops.take(ops.convert_to_tensor(x.astype(np.float32)), below)
        for x in (values, ranks, slopes)
    )
    return ops.reshape(rank + slope * (flat - start), ops.shape(signal))


@keras.saving.register_keras_serializable(package="leopard")
class InputEncoding(keras.layers.Layer):
    """One-hot DNA and transformed accessibility, float [batch, length, 5]; 6 channels with Δ.

    A base other than A, C, G, T is zero in all four channels. Δ is the transformed accessibility
    minus that of the mean over cell lines (Li & Guan, Genome Research 2021, who transform neither).

    Args:
        base_order: Order of the four channels, a permutation of "ACGT".
        signal_transform: A name in `TRANSFORMS`.
        quantiles: Evenly spaced quantiles of the signal, from the smallest to the largest; used
            by the transform of that name.
        delta: Add Δ as the last channel.
    """

    def __init__(
        self,
        base_order: str,
        signal_transform: str,
        quantiles: Sequence[float] = (0.0,),
        delta: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if sorted(base_order) != sorted(BASES) or signal_transform not in TRANSFORMS:
            raise ValueError(f"no such encoding: {base_order!r}, {signal_transform!r}")
        self.base_order = base_order
        self.signal_transform = signal_transform
        self.quantiles = list(quantiles)
        self.delta = delta
        self.channels = len(BASES) + 1 + delta

    def call(self, inputs: list[Any]) -> Any:
        """Encode [codes, signal], each [batch, length], the signal [batch, length, 2] with Δ."""
        codes, signal = inputs
        order = ops.convert_to_tensor([BASES.index(base) for base in self.base_order], "uint8")
        one_hot = ops.cast(ops.expand_dims(codes, -1) == order, self.compute_dtype)
        signal = ops.clip(ops.cast(signal, "float32"), 0.0, CEILING)
        signal = TRANSFORMS[self.signal_transform](signal, self.quantiles)
        if self.delta:
            own, average = ops.split(signal, 2, axis=-1)
            signal = ops.concatenate([own, own - average], axis=-1)
        else:
            signal = ops.expand_dims(signal, -1)
        return ops.concatenate([one_hot, ops.cast(signal, self.compute_dtype)], axis=-1)

    def compute_output_shape(self, input_shape: list[tuple]) -> tuple:
        """Shape of the encoded windows."""
        return (*input_shape[0], self.channels)

    def get_config(self) -> dict[str, Any]:
        """Everything `__init__` needs, so that a saved model rebuilds the same transform."""
        return {
            **super().get_config(),
            "base_order": self.base_order,
            "signal_transform": self.signal_transform,
            "quantiles": self.quantiles,
            "delta": self.delta,
        }
