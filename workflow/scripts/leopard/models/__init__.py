"""Networks by name, wrapped so that a saved model carries its own input transform.

`build` returns a model of two inputs, sequence codes (uint8 [batch, length]) and signals (float32
[batch, length, arrays], such as accessibility), exactly as :class:`leopard.genome.tracks.Tracks`
reads them, and one output, the probability that each base is bound (float32 [batch, length, 1]).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any
from zipfile import BadZipFile

import keras
import numpy as np

from leopard.errors import InputError
from leopard.models import architectures
from leopard.models.encoding import InputEncoding
from leopard.models.reach import derive_reach
from leopard.study.tracks import ACCESSIBILITY

BUILDERS: dict[str, Callable[..., keras.Model]] = {
    name: import_module(f"{architectures.__name__}.{name}").build
    for _, name, _ in iter_modules(architectures.__path__)
}
"""What builds a network, by its name: all modules of `leopard.models.architectures`."""


def build(
    architecture: str,
    *,
    prior: float,
    base_order: str = "ACGT",
    tracks: Sequence[Mapping[str, Any]] = ({"name": ACCESSIBILITY, "transform": "log1p"},),
    quantiles: Mapping[str, Sequence[float]] | None = None,
    batch_norm_momentum: float = 0.9,
) -> keras.Model:
    """Build an untrained model.

    Args:
        architecture: A name in `BUILDERS`.
        prior: Fraction of bases that are bound. The output bias starts at its log-odds, so that
            training does not spend its first epochs on learning that binding is rare.
        base_order: Order of the one-hot channels.
        tracks: What it sees beside the sequence, a channel each: fields of
            `leopard.study.tracks.Track`.
        quantiles: By name of a signal, for the transform of that name.
        batch_norm_momentum: Share of the running statistics that one step keeps.

    Raises:
        InputError: Genomes could not be decoded with it, as `leopard.models.reach` tells.

    Example:
        >>> network = build("unet", prior=0.01)
        >>> network.count_params()
        475969
    """
    encoding = InputEncoding(base_order, tracks, quantiles)
    core = BUILDERS[architecture](
        channels=encoding.channels,
        output_bias=float(np.log(prior / (1 - prior))),
        batch_norm_momentum=batch_norm_momentum,
    )
    codes = keras.Input((None,), dtype="uint8", name="codes")
    signal = keras.Input((None, len(encoding.arrays)), dtype="float32", name="signal")
    model = keras.Model([codes, signal], core(encoding([codes, signal])), name=architecture)
    derive_reach(model)  # refused now, not after hours of training
    return model


def load(path: Path) -> keras.Model:
    """Load a saved model for prediction. No code in the file is run (Keras safe mode).

    Raises:
        InputError: The file is not a complete saved model.

    Example:
        >>> load(Path("model.keras")).output_shape
        (None, None, 1)
    """
    try:
        return keras.saving.load_model(path, compile=False)
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise InputError(
            path, f"not a readable Keras model ({error})", "delete it and train again"
        ) from error


def seen_arrays(model: keras.Model) -> list[str]:
    """Names of the signals that a model is to be given, in order.

    Example:
        >>> seen_arrays(build("cnn", prior=0.01))
        ['accessibility']
    """
    return next(x.arrays for x in leaf_layers(model) if isinstance(x, InputEncoding))


def leaf_layers(model: keras.Model) -> Iterator[keras.layers.Layer]:
    """Layers of a model in graph order, those of models nested in it included."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from leaf_layers(layer)
        else:
            yield layer


def synchronize(model: keras.Model, on: bool) -> None:
    """Have batch statistics taken over all replicas of a TensorFlow strategy, or over each.

    Not for a model that is saved: Keras refuses to load such layers on another backend.
    """
    for layer in leaf_layers(model):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = on
