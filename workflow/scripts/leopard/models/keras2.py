"""Weights that Keras 2 saved, such as Leopard's published ones, for this package's networks."""

from pathlib import Path

import h5py
import keras
import numpy as np

from leopard.errors import InputError
from leopard.models import leaf_layers


def read_layers(path: Path) -> list[tuple[str, list[np.ndarray]]]:
    """Name and weights of each layer that has any, in the model's order, from a Keras 2 .h5 file.

    Args:
        path: Of weights, or of a whole model, which keeps them in a group of its own.

    Raises:
        InputError: Not such a file.
    """
    try:
        with h5py.File(path) as file:
            root = file.get("model_weights", file)
            layers = []
            for layer in map(_decode, root.attrs["layer_names"]):
                names = map(_decode, root[layer].attrs["weight_names"])
                layers.append((layer, [root[layer][name][()] for name in names]))
    except (OSError, KeyError) as error:
        raise InputError(
            path, f"no weights as Keras 2 saves them ({error})", "give an .h5 file of Keras 2"
        ) from error
    return [(name, weights) for name, weights in layers if weights]


def _decode(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else name


def load_weights(model: keras.Model, path: Path) -> None:
    """Set a model's weights to those of a Keras 2 .h5 file, layer by layer.

    Keras 2 had no transposed convolution of one dimension, so there it was one of two, whose
    kernel has a second axis of length 1; that axis is dropped.

    Args:
        model: As from `leopard.models.build`.
        path: As for `read_layers`.

    Raises:
        InputError: The layers are not those of the model.
    """
    layers = [layer for layer in leaf_layers(model) if layer.weights]
    saved = read_layers(path)
    if len(saved) != len(layers):
        problem = f"{len(saved)} layers with weights where {model.name} has {len(layers)}"
        raise InputError(path, problem, "choose the architecture that it was saved from")
    for layer, (name, weights) in zip(layers, saved, strict=True):
        expected = [tuple(weight.shape) for weight in layer.weights]
        if [weight.ndim for weight in weights] == [4, 1]:
            weights[0] = weights[0].squeeze(axis=1)
        if [weight.shape for weight in weights] != expected:
            shapes = " ".join(str(weight.shape) for weight in weights)
            problem = f"{name} has weights of shape {shapes}, not {' '.join(map(str, expected))}"
            remedy = "check the architecture, and tracks: each is a channel beside the four bases"
            raise InputError(path, problem, remedy)
        layer.set_weights(weights)
