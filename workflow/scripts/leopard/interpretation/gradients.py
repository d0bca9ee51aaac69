"""What explaining needs of a network: its encoding, the value before its sigmoid, and gradients."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from leopard.errors import InputError
from leopard.genome.tracks import BASES
from leopard.models.encoding import InputEncoding

Differentiated = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Encoded windows and weights to values [batch] and their gradients [batch, length, channels]."""

REMEDY = "explain a network that leopard.models.build made"


@dataclass(frozen=True)
class Opened:
    """A network taken apart where explanations need it.

    Attributes:
        encoding: What makes channels of codes and signals.
        core: Channels [batch, length, channels] to logits [batch, length, 1].
        differentiate: Weighted sums of a window's logits, and their gradients by its channels.
    """

    encoding: InputEncoding
    core: keras.Model
    differentiate: Differentiated

    @property
    def base_channels(self) -> list[int]:
        """Where the channels of A, C, G and T are."""
        return [self.encoding.base_order.index(base) for base in BASES]

    def encode(self, codes: np.ndarray, signals: np.ndarray) -> np.ndarray:
        """Channels, float32 [batch, length, 4 + tracks], of uint8 codes and float32 signals."""
        encoded = self.encoding([codes, signals])
        return keras.ops.convert_to_numpy(encoded).astype(np.float32)

    def logits(self, encoded: np.ndarray) -> np.ndarray:
        """Values before the sigmoid, float32 [batch, length], of encoded windows."""
        return self.core.predict_on_batch(encoded)[..., 0]


def open_network(network: keras.Model) -> Opened:
    """Take a network apart.

    Args:
        network: An encoding, and a core on it whose last layer has a sigmoid.

    Raises:
        InputError: It is put together in another way.
    """
    encoding = next((x for x in network.layers if isinstance(x, InputEncoding)), None)
    core, *rest = [x for x in network.layers if isinstance(x, keras.Model)] or [None]
    if encoding is None or core is None or rest:
        raise InputError(f"network {network.name}", "not an encoding and one core", REMEDY)
    logits = _without_sigmoid(core)
    return Opened(encoding, logits, differentiate(logits))


def _without_sigmoid(core: keras.Model) -> keras.Model:
    """The same network, its weights shared, but for the last layer's sigmoid."""
    last = core.layers[-1]
    config = last.get_config()
    if config.get("activation") != "sigmoid" or len(core.outputs) != 1:
        problem = f"its last layer, {last.name}, has no sigmoid to look behind"
        raise InputError(f"network {core.name}", problem, REMEDY)
    linear = type(last).from_config(config | {"activation": "linear", "name": f"{last.name}_logit"})
    logits = keras.Model(core.inputs, linear(last.input), name=f"{core.name}_logit")
    linear.set_weights(last.get_weights())
    return logits


def differentiate(core: keras.Model) -> Differentiated:
    """Gradients of weighted sums of a network's outputs, on the backend that Keras runs on.

    Args:
        core: [batch, length, channels] to [batch, length, 1].

    Returns:
        A function of float32 [batch, length, channels] and weights float32 [batch, length]. It
        gives, of each window, the weighted sum of its outputs, float32 [batch], and the gradient
        of that sum, float32 [batch, length, channels].

    Raises:
        InputError: The backend is neither TensorFlow nor JAX.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        function: Any = _with_tensorflow(core)
    elif backend == "jax":
        function = _with_jax(core)
    else:
        raise InputError("KERAS_BACKEND", f"no gradients with {backend}", "use tensorflow or jax")

    def to_arrays(encoded: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values, gradient = function(encoded, weights)
        return np.asarray(values), np.asarray(gradient)

    return to_arrays


def _with_tensorflow(core: keras.Model) -> Any:
    import tensorflow as tf

    @tf.function(reduce_retracing=True)
    def function(encoded: Any, weights: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(encoded)
            outputs = tf.cast(core(encoded, training=False)[..., 0], tf.float32)
            values = tf.reduce_sum(outputs * weights, axis=1)
            # Windows do not meet in the network, so the sum's gradient is that of each.
            total = tf.reduce_sum(values)
        return values, tape.gradient(total, encoded)

    return lambda *arrays: function(*(tf.constant(x, tf.float32) for x in arrays))


def _with_jax(core: keras.Model) -> Any:
    import jax
    import jax.numpy as jnp

    def total(encoded: Any, weights: Any, trainable: Any, others: Any) -> Any:
        outputs, _ = core.stateless_call(trainable, others, encoded, training=False)
        values = jnp.sum(outputs[..., 0].astype(jnp.float32) * weights, axis=1)
        return jnp.sum(values), values

    function = jax.jit(jax.value_and_grad(total, has_aux=True))

    def call(encoded: np.ndarray, weights: np.ndarray) -> Any:
        # Anew each time: Keras' predictions on JAX give the arrays of a network's weights away.
        trainable = [x.value for x in core.trainable_variables]
        others = [x.value for x in core.non_trainable_variables]
        (_, values), gradient = function(encoded, weights, trainable, others)
        return values, gradient

    return call
