"""Networks by name, wrapped so that a saved model carries its own input transform.

`build` returns a model of two inputs, sequence codes (uint8 [batch, length]) and accessibility
(float32 [batch, length], or [batch, length, 2] if it sees Δ), exactly as
:class:`leopard.genome.tracks.Tracks` reads them, and one output, the probability that each base is
bound (float32 [batch, length, 1]).
"""

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from zipfile import BadZipFile

import keras
import numpy as np

from leopard.errors import InputError
from leopard.models import architectures
from leopard.models.encoding import InputEncoding
from leopard.models.reach import derive_reach

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
    signal_transform: str = "log1p",
    quantiles: Sequence[float] = (0.0,),
    batch_norm_momentum: float = 0.9,
    delta: bool = False,
) -> keras.Model:
    """Build an untrained model.

    Args:
        architecture: A name in `BUILDERS`.
        prior: Fraction of bases that are bound. The output bias starts at its log-odds, so that
            training does not spend its first epochs on learning that binding is rare.
        base_order: Order of the one-hot channels.
        signal_transform: A name in `leopard.models.encoding.TRANSFORMS`.
        quantiles: Of the signal, for the transform of that name.
        batch_norm_momentum: Share of the running statistics that one step keeps.
        delta: Give it how far accessibility is from the mean over cell lines, as a sixth channel.

    Raises:
        InputError: Genomes could not be decoded with it, as `leopard.models.reach` tells.

    Example:
        >>> network = build("unet", prior=0.01)
        >>> network.count_params()
        475969
    """
    encoding = InputEncoding(base_order, signal_transform, quantiles, delta)
    core = BUILDERS[architecture](
        channels=encoding.channels,
        output_bias=float(np.log(prior / (1 - prior))),
        batch_norm_momentum=batch_norm_momentum,
    )
    codes = keras.Input((None,), dtype="uint8", name="codes")
    signal = keras.Input((None, 2) if delta else (None,), dtype="float32", name="signal")
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
