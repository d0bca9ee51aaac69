"""A network in lower precision, for decoding on devices that compute so faster."""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
from keras import layers

from leopard import devices
from leopard.models import leaf_layers
from leopard.models.normalization import UNBOUNDED, Bound

log = logging.getLogger(__name__)

LOWER = "mixed_bfloat16"
"""Weights stay float32 and are rounded when they are used; sums of products are float32."""


def suit(networks: Sequence[keras.Model], precision: str) -> list[keras.Model]:
    """Networks in the precision asked for: `float32`, or `auto` for what the device does best."""
    if precision == "auto" and devices.gains_by_bfloat16():
        log.info("decoding in bfloat16")
        return [lower(network) for network in networks]
    return list(networks)


def lower(network: keras.Model) -> keras.Model:
    """The network in bfloat16, with batch normalisation folded into the convolutions before it.

    What a channel of a convolution z, a ReLU and batch normalisation gives, s max(z, 0) + t, is
    max(s z + t, t) if s is positive, and min(s z + t, t) if it is negative. So scale and shift go
    into the convolution's weights, and one pass over memory remains of three. The first layer
    with weights stays in float32, for signals have more digits than bfloat16, and so does the last:
    probabilities of rare events need them.

    Args:
        network: For prediction, as `leopard.models.load` gives it. It stays as it is.

    Returns:
        One of the same inputs and outputs.

    Example:
        >>> from leopard import build
        >>> core = lower(build("unet", prior=0.01)).layers[-1]
        >>> [x.compute_dtype for x in core.layers if x.name.startswith("conv1d")][:3]
        ['float32', 'bfloat16', 'bfloat16']
    """
    folded = dict(_list_folded(network))
    dropped = set(folded.values())
    leaves = list(leaf_layers(network))
    weighted = [i for i, x in enumerate(leaves) if x.weights and x not in dropped]
    exact = {*leaves[: weighted[:2][-1]], *leaves[weighted[-1] :]}
    copies = {}

    def copy(layer: layers.Layer) -> layers.Layer:
        config = layer.get_config()
        if layer not in exact:
            config["dtype"] = LOWER
        if layer in dropped:
            scale, shift = _scale_and_shift(layer)
            low = np.where(scale >= 0, shift, -UNBOUNDED)
            high = np.where(scale > 0, UNBOUNDED, shift)
            return Bound(low.tolist(), high.tolist(), name=layer.name, dtype=config["dtype"])
        if layer in folded:
            config["activation"] = "linear"
        copies[layer] = type(layer).from_config(config)
        return copies[layer]

    lowered = keras.models.clone_model(network, clone_function=copy, recursive=True)
    for layer, same in copies.items():
        weights = layer.get_weights()
        if layer in folded:
            scale, shift = _scale_and_shift(folded[layer])
            weights = [weights[0] * scale, weights[1] * scale + shift]
        same.set_weights(weights)
    return lowered


def _list_folded(model: Any) -> Iterator[tuple[layers.Layer, layers.Layer]]:
    """Convolutions with a ReLU whose output only a batch normalisation reads, each with that."""
    model = getattr(model, "_functional", None) or model  # what a Sequential is inside
    nodes = [node for nodes in model._nodes_by_depth.values() for node in nodes]
    read = Counter(id(x) for node in nodes if not node.is_input for x in node.input_tensors)
    read.update(map(id, model.outputs))
    for node in nodes:
        layer = node.operation
        if isinstance(layer, keras.Model):
            yield from _list_folded(layer)
        elif isinstance(layer, layers.BatchNormalization) and layer.axis in (-1, 2):
            (tensor,) = node.input_tensors
            before = tensor._keras_history.operation
            if (
                type(before) is layers.Conv1D
                and before.use_bias
                and before.activation is keras.activations.relu
                and read[id(tensor)] == 1
            ):
                yield before, layer


def _scale_and_shift(layer: layers.BatchNormalization) -> tuple[np.ndarray, np.ndarray]:
    """What batch normalisation multiplies each channel by, and then adds; float32 [channels]."""
    mean, variance = (np.asarray(x) for x in (layer.moving_mean, layer.moving_variance))
    scale = 1 / np.sqrt(variance + layer.epsilon)
    if layer.scale:
        scale = scale * np.asarray(layer.gamma)
    shift = -mean * scale
    return scale, shift + np.asarray(layer.beta) if layer.center else shift
