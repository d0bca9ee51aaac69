"""Batches of windows for training: from stored arrays, or fresh from the genome every epoch."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, Protocol

import keras
import numpy as np
import pandas as pd

from leopard.genome.formats import read_table
from leopard.genome.tracks import MASKED, Tracks, iterate_regions, reverse_complement
from leopard.inputs.signals import read_scale
from leopard.windows.draw import draw_enriched_windows, weigh_windows


class Windows(NamedTuple):
    """Some windows as arrays: uint8 codes, float32 signal, uint8 labels, each [n, length].

    For networks that see Δ the signal is [n, length, 2]: the cell line's, and the mean over lines.
    Weights, float32 [n], undo in metrics that some were likelier to be drawn than others.
    """

    codes: np.ndarray
    signal: np.ndarray
    labels: np.ndarray
    weights: np.ndarray | float = 1.0


class WindowSource(Protocol):
    """Where windows come from: the same epoch and rows always give the same windows."""

    n: int

    def read(self, epoch: int, rows: np.ndarray) -> Windows:
        """Windows of an epoch, by number in [0, n)."""


class StoredWindows:
    """The windows of one split, from the arrays of the window stage; memory-mapped.

    Args:
        table: The windows.
        split: Which of them.
        codes: Their sequence.
        signal: Their accessibility.
        labels: Their labels.
        average: Their mean accessibility over cell lines, for networks that see Δ.
    """

    def __init__(
        self,
        table: Path,
        split: str,
        codes: Path,
        signal: Path,
        labels: Path,
        average: Path | None = None,
    ) -> None:
        rows = np.flatnonzero(read_table(table)["split"] == split)
        # The table lists a split's windows together, so that they are a view, not a copy.
        self._codes, self._labels, *self._signals = (
            np.load(path, mmap_mode="r")[rows[0] : rows[-1] + 1]
            for path in (codes, labels, signal, average)
            if path
        )
        self.n = len(rows)

    def read(self, epoch: int, rows: np.ndarray) -> Windows:
        """Windows by number; the same in every epoch."""
        del epoch
        signals = [array[rows] for array in self._signals]
        signal = np.stack(signals, axis=-1) if len(signals) > 1 else np.array(signals[0])
        return Windows(np.array(self._codes[rows]), signal, np.array(self._labels[rows]))


class FreshWindows:
    """Windows drawn anew for each epoch and read straight from the genome's files.

    Args:
        tracks: Reader of the training cell line, with labels.
        usable: Runs of usable starts (chrom, start, end).
        chromosomes: Where to draw from.
        n: Windows an epoch.
        length: Window length in bases.
        enriched: Fraction of the windows that are drawn to hold a bound site. Binding is so rare
            that most uniform windows teach nothing.
        seed: Of the draws.
    """

    def __init__(
        self,
        tracks: Tracks,
        usable: pd.DataFrame,
        chromosomes: Sequence[str],
        n: int,
        length: int,
        enriched: float,
        seed: int,
    ) -> None:
        self.n = n
        usable, sites = usable[usable["chrom"].isin(chromosomes)], tracks.sites(chromosomes)
        self._tracks = tracks
        self._lock = Lock()  # Tracks is for one thread at a time

        # The current epoch's draw and, while an epoch ends, the next one's.
        @lru_cache(maxsize=2)
        def draw(epoch: int) -> tuple[pd.DataFrame, np.ndarray]:
            windows = draw_enriched_windows(
                usable, chromosomes, sites, n, length, enriched, [seed, 3, epoch]
            )
            return windows, weigh_windows(windows, usable, sites, enriched)

        self._draw = draw

    def read(self, epoch: int, rows: np.ndarray) -> Windows:
        """Windows of an epoch, by number."""
        with self._lock:
            windows, weights = self._draw(epoch)
            regions = list(iterate_regions(windows.iloc[rows]))
            return Windows(
                np.stack([self._tracks.codes(*region) for region in regions]),
                np.stack([self._tracks.accessibility(*region) for region in regions]),
                np.stack([self._tracks.labels(*region) for region in regions]),
                weights[rows],
            )


def open_windows(
    files: Mapping[str, Any], draw: Mapping[str, Any] | None, seed: int
) -> tuple[WindowSource, WindowSource]:
    """Training and validation windows of one network.

    Args:
        files: Paths by name: windows, sequence, training_signal, training_labels,
            validation_signal and validation_labels; for fresh windows also fasta, signals (a
            list), scale (a list), labels, excluded and usable. For networks that see Δ,
            average_windows, and average for fresh ones.
        draw: How to draw fresh windows: chromosomes, n, length and enriched. None trains on the
            stored ones.
        seed: Of the draws.
    """

    def stored(role: str, split: str) -> StoredWindows:
        names = ("sequence", f"{role}_signal", f"{role}_labels", "average_windows")
        paths = (Path(files[name]) for name in names if name in files)
        return StoredWindows(Path(files["windows"]), split, *paths)

    validation = stored("validation", "validation")
    if draw is None:
        return stored("training", "train"), validation
    signals = [Path(path) for path in files["signals"]]
    average = Path(files["average"]) if "average" in files else None
    labels, scale = Path(files["labels"]), read_scale(files["scale"])
    tracks = Tracks(Path(files["fasta"]), signals, labels, scale, average, Path(files["excluded"]))
    usable = read_table(files["usable"])
    return FreshWindows(tracks, usable, **draw, seed=seed), validation


class WindowBatches(keras.utils.PyDataset):
    """Batches for `fit`: ((codes, signal), labels, weights), the weights 0 where masked.

    Metrics use the weights; to a loss of `leopard.training.losses` they say no more than what
    counts.

    Batch i depends on the seed and i alone, so that a resumed run goes on exactly. Those of the
    next epoch follow the last one of an epoch.

    Args:
        source: Where the windows come from.
        batch_size: Windows a batch; the last one of an epoch may be smaller.
        seed: Of shuffling and augmentation; None gives the windows as they are, in order.
        first_epoch: Number of the first epoch.
        flip: Replace each window by its reverse complement with probability one half.
        magnitude: Range of a factor drawn for each window's accessibility; the mean over cell
            lines stays as it is.
        endless: To Keras, which is then told the steps of an epoch, there is but one long epoch:
            the next one's windows are read while the last one ends.
    """

    def __init__(
        self,
        source: WindowSource,
        batch_size: int,
        *,
        seed: int | None = None,
        first_epoch: int = 0,
        flip: bool = False,
        magnitude: tuple[float, float] = (1.0, 1.0),
        endless: bool = False,
    ) -> None:
        super().__init__(workers=2)  # with fewer, Keras on JAX reads nothing ahead
        self.source = source
        self.batch_size = batch_size
        self.seed = seed
        self.first_epoch = first_epoch
        self.flip = flip
        self.magnitude = magnitude
        self.endless = endless

        # Of the current epoch and, while it ends, of the next one; drawn whole, it takes a while.
        @lru_cache(maxsize=2)
        def order(epoch: int) -> np.ndarray:
            if seed is None:
                return np.arange(source.n)
            return np.random.default_rng([seed, 4, epoch]).permutation(source.n)

        self._order = order

    def __len__(self) -> int:
        """Batches an epoch."""
        return -(-self.source.n // self.batch_size)

    @property
    def num_batches(self) -> int | None:
        """What Keras takes for the length."""
        return None if self.endless else len(self)

    def __getitem__(self, index: int) -> tuple:
        epochs, index = divmod(index, len(self))
        epoch = self.first_epoch + epochs
        rows = self._order(epoch)[index * self.batch_size : (index + 1) * self.batch_size]
        codes, signal, labels, weights = self.source.read(epoch, rows)
        if self.seed is not None:
            rng = np.random.default_rng([self.seed, 5, epoch, index])
            own = signal if signal.ndim == 2 else signal[..., 0]  # a view
            own *= rng.uniform(*self.magnitude, (len(rows), 1)).astype(np.float32)
            if self.flip:
                flipped = rng.random(len(rows)) < 0.5
                codes[flipped] = reverse_complement(codes[flipped])
                signal[flipped] = signal[flipped, ::-1]
                labels[flipped] = labels[flipped, ::-1]
        bound, counted = (labels == 1)[..., None].view(np.uint8), labels != MASKED
        # Half precision is plenty, and half as much to move.
        weight = np.reshape(weights, (-1, 1)).astype(np.float16)
        return (codes, signal), bound, np.where(counted, weight, np.float16(0))


def describe(source: WindowSource, chunk: int = 256) -> tuple[float, str]:
    """Positive rate (bound over unmasked bases) and SHA-256 of the first epoch's windows."""
    digest, bound, counted = hashlib.sha256(), 0, 0
    for start in range(0, source.n, chunk):
        windows = source.read(0, np.arange(start, min(start + chunk, source.n)))
        for array in windows[:3]:
            digest.update(array.tobytes())
        bound += int((windows.labels == 1).sum())
        counted += int((windows.labels != MASKED).sum())
    return bound / max(counted, 1), digest.hexdigest()


def signal_quantiles(source: WindowSource, n: int = 257, sample: int = 256) -> list[float]:
    """Evenly spaced quantiles, from 0 to 1, of the accessibility in windows of the first epoch."""
    rows = np.linspace(0, source.n - 1, min(sample, source.n)).astype(int)
    signal = np.quantile(source.read(0, rows).signal, np.linspace(0, 1, n))
    return signal.astype(np.float32).tolist()
