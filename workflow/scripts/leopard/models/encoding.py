"""The input transform, as a layer: compact arrays cross to the device and are expanded there."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from leopard.tracks import BASES

CEILING = 1e6
"""Accessibility is clipped to [0, CEILING] first: one absurd value must not poison a window."""

TRANSFORMS: dict[str, Callable] = {
    "raw": lambda signal: signal,
    "log1p": ops.log1p,
    "arcsinh": ops.arcsinh,
}


@keras.saving.register_keras_serializable(package="leopard")
class InputEncoding(keras.layers.Layer):
    """One-hot DNA and transformed accessibility, float [batch, length, 5].

    A base other than A, C, G, T is zero in all four channels.

    Args:
        base_order: Order of the four channels, a permutation of "ACGT".
        signal_transform: A name in `TRANSFORMS`.
    """

    def __init__(self, base_order: str, signal_transform: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if sorted(base_order) != sorted(BASES) or signal_transform not in TRANSFORMS:
            raise ValueError(f"no such encoding: {base_order!r}, {signal_transform!r}")
        self.base_order = base_order
        self.signal_transform = signal_transform
        self.channels = len(BASES) + 1

    def call(self, inputs: list[Any]) -> Any:
        """Encode [codes, signal], each [batch, length]."""
        codes, signal = inputs
        order = ops.convert_to_tensor([BASES.index(base) for base in self.base_order], "uint8")
        one_hot = ops.cast(ops.expand_dims(codes, -1) == order, self.compute_dtype)
        signal = ops.clip(ops.cast(signal, "float32"), 0.0, CEILING)
        signal = ops.cast(TRANSFORMS[self.signal_transform](signal), self.compute_dtype)
        return ops.concatenate([one_hot, ops.expand_dims(signal, -1)], axis=-1)

    def compute_output_shape(self, input_shape: list[tuple]) -> tuple:
        """Shape of the encoded windows."""
        return (*input_shape[0], self.channels)

    def get_config(self) -> dict[str, Any]:
        """Everything `__init__` needs, so that a saved model rebuilds the same transform."""
        return {
            **super().get_config(),
            "base_order": self.base_order,
            "signal_transform": self.signal_transform,
        }
