"""Batch normalisation in fewer passes over memory than Keras' own, and what folding leaves."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

AXES = (0, 1)


@keras.saving.register_keras_serializable(package="leopard")
class BatchNormalization(keras.layers.BatchNormalization):
    """Keras' layer for [batch, length, channels], its gradient written down, not derived.

    What TensorFlow derives, through mean and variance, is several times as many passes over arrays
    of the input's size. Over replicas, whose statistics are shared, it is Keras' own.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalise by the batch in training, else by the running statistics, as Keras does."""
        if not (training and self.trainable) or self.synchronized:
            return super().call(inputs, training=training, mask=mask)
        x = ops.cast(inputs, "float32")
        mean, variance = ops.moments(ops.stop_gradient(x), AXES)
        for running, batch in ((self.moving_mean, mean), (self.moving_variance, variance)):
            running.assign(running * self.momentum + batch * (1.0 - self.momentum))
        inverse = ops.rsqrt(variance + self.epsilon)
        scale = self.gamma * inverse
        normalized = scale_and_shift(x, scale, self.beta - mean * scale, mean, inverse)
        return ops.cast(normalized, self.compute_dtype)


@ops.custom_gradient
def scale_and_shift(x: Any, scale: Any, shift: Any, mean: Any, inverse: Any) -> Any:
    """Scale and shift each channel of a batch, as batch normalisation does.

    Args:
        x: float32 [batch, length, channels].
        scale: float32 [channels], proportional to `inverse`.
        shift: float32 [channels], a constant less `mean` times `scale`.
        mean: Of each channel of x; itself without a gradient.
        inverse: One over each channel's standard deviation; itself without a gradient.

    Returns:
        x scale + shift. Its gradient for x takes in what mean and inverse owe to x (Ioffe & Szegedy
        2015, section 3): with dy for the result and u for the normalised x, (x - mean) inverse, it
        is scale (dy - E[dy] - u E[dy u]).
    """

    def gradient(dy: Any) -> tuple:
        n = ops.cast(ops.size(dy) // ops.size(mean), dy.dtype)
        for_scale, for_shift = ops.sum(dy * x, AXES), ops.sum(dy, AXES)
        slope = -scale * inverse * inverse * (for_scale - mean * for_shift) / n
        for_x = dy * scale + (x * slope - (mean * slope + scale * for_shift / n))
        return for_x, for_scale, for_shift, ops.zeros_like(mean), ops.zeros_like(inverse)

    return x * scale + shift, gradient


UNBOUNDED = 3e38
"""Beyond what any channel reaches, and still a number in bfloat16."""


@keras.saving.register_keras_serializable(package="leopard")
class Bound(keras.layers.Layer):
    """Keeps every channel above a least value or below a largest one.

    Args:
        low: Of each channel; -UNBOUNDED for none.
        high: Of each channel; UNBOUNDED for none.
    """

    def __init__(self, low: Sequence[float], high: Sequence[float], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.low, self.high = list(low), list(high)

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Bound [batch, length, channels]; a side on which no channel is bound costs nothing."""
        for bound, values in ((ops.maximum, self.low), (ops.minimum, self.high)):
            if np.abs(values).min() < UNBOUNDED:
                inputs = bound(inputs, ops.convert_to_tensor(values, self.compute_dtype))
        return inputs

    def get_config(self) -> dict[str, Any]:
        """Everything `__init__` needs."""
        return {**super().get_config(), "low": self.low, "high": self.high}
