"""The input transform, as a layer: compact arrays cross to the device and are expanded there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import keras
import numpy as np
from keras import ops

from leopard.genome.tracks import BASES
from leopard.study.tracks import ACCESSIBILITY, Track, list_arrays

CEILING = 1e6
"""Signals are clipped to [0, CEILING] first: one absurd value must not poison a window."""

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
    """One-hot DNA, and a channel for each track: float [batch, length, 4 + tracks].

    A base other than A, C, G, T is zero in all four channels. A difference is the transformed
    signal minus the transformed mean over cell lines (Δ of Li & Guan, Genome Research 2021, who
    transform neither).

    Args:
        base_order: Order of the four channels, a permutation of "ACGT".
        tracks: What the other channels are, in order: fields of `leopard.study.tracks.Track`.
        quantiles: By name of a signal, its evenly spaced quantiles, from the smallest to the
            largest; used by the transform of that name.
    """

    def __init__(
        self,
        base_order: str,
        tracks: Sequence[Mapping[str, Any]],
        quantiles: Mapping[str, Sequence[float]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.base_order = base_order
        self.tracks = [Track(**track) for track in tracks]
        self.quantiles = {name: list(values) for name, values in (quantiles or {}).items()}
        for track in self.tracks:
            if track.transform not in TRANSFORMS:
                raise ValueError(f"no such transform: {track.transform!r}")
        if sorted(base_order) != sorted(BASES):
            raise ValueError(f"no such order of bases: {base_order!r}")
        self.arrays = list_arrays(self.tracks)
        self.channels = len(BASES) + len(self.tracks)

    def call(self, inputs: list[Any]) -> Any:
        """Encode codes [batch, length] and signals [batch, length, arrays], as `arrays` has them.

        The last axis may lack where there is but one array.
        """
        codes, signals = inputs
        order = ops.convert_to_tensor([BASES.index(base) for base in self.base_order], "uint8")
        one_hot = ops.cast(ops.expand_dims(codes, -1) == order, self.compute_dtype)
        if len(signals.shape) == 2:
            signals = ops.expand_dims(signals, -1)
        if signals.shape[-1] != len(self.arrays):
            raise ValueError(f"{signals.shape[-1]} signals, not {', '.join(self.arrays)}")
        signals = ops.clip(ops.cast(signals, "float32"), 0.0, CEILING)
        channels = [ops.cast(self._read(x, signals), self.compute_dtype) for x in self.tracks]
        return ops.concatenate([one_hot, *channels], axis=-1)

    def _read(self, track: Track, signals: Any) -> Any:
        """The channel of a track, float32 [batch, length, 1]."""
        transform = TRANSFORMS[str(track.transform)]
        quantiles = self.quantiles.get(track.source, (0.0,))
        at = [self.arrays.index(array) for array in track.arrays]
        first, *mean = (transform(signals[..., i : i + 1], quantiles) for i in at)
        return first - mean[0] if mean else first

    def compute_output_shape(self, input_shape: list[tuple]) -> tuple:
        """Shape of the encoded windows."""
        return (*input_shape[0], self.channels)

    def get_config(self) -> dict[str, Any]:
        """Everything `__init__` needs, so that a saved model rebuilds the same transform."""
        return {
            **super().get_config(),
            "base_order": self.base_order,
            "tracks": [asdict(track) for track in self.tracks],
            "quantiles": self.quantiles,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "InputEncoding":
        """Build the layer that a saved model has; those of earlier versions named no tracks."""
        if "tracks" not in config:
            transform, delta = config.pop("signal_transform"), config.pop("delta", False)
            tracks = [Track(ACCESSIBILITY, transform=transform)]
            tracks += [Track("delta", transform=transform, difference=ACCESSIBILITY)] * delta
            config["tracks"] = [asdict(track) for track in tracks]
            config["quantiles"] = {ACCESSIBILITY: config.pop("quantiles", [0.0])}
        return cls(**config)
