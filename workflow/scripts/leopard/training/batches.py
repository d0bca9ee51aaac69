"""Batches of windows for training: from stored arrays, or fresh from the genome every epoch."""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, Protocol

import keras
import numpy as np
import pandas as pd

from leopard.genome.formats import read_table
from leopard.genome.loaded import LoadedTracks
from leopard.genome.tracks import MASKED, Tracks, iterate_regions, reverse_complement
from leopard.inputs.signals import open_line
from leopard.study.tracks import AVERAGE
from leopard.windows.draw import draw_enriched_windows, weigh_windows

log = logging.getLogger(__name__)


class Windows(NamedTuple):
    """Some windows: uint8 codes [n, length], float32 signal [n, length, arrays], uint8 labels.

    Weights, float32 [n], undo in metrics that some were likelier to be drawn than others.
    """

    codes: np.ndarray
    signal: np.ndarray
    labels: np.ndarray
    weights: np.ndarray | float = 1.0


class WindowSource(Protocol):
    """Where windows come from: the same epoch and rows always give the same windows.

    Attributes:
        n: How many there are in an epoch.
        arrays: Names of their signals, as `leopard.study.tracks.Track.arrays` has them.
    """

    n: int
    arrays: list[str]

    def read(self, epoch: int, rows: np.ndarray) -> Windows:
        """Windows of an epoch, by number in [0, n)."""


class StoredWindows:
    """The windows of one split, from the arrays of the window stage; memory-mapped.

    Args:
        table: The windows.
        split: Which of them.
        codes: Their sequence.
        labels: Their labels.
        signals: By name, their signals.
    """

    def __init__(
        self, table: Path, split: str, codes: Path, labels: Path, signals: Mapping[str, Path]
    ) -> None:
        rows = np.flatnonzero(read_table(table)["split"] == split)
        # The table lists a split's windows together, so that they are a view, not a copy.
        self._codes, self._labels, *self._signals = (
            np.load(path, mmap_mode="r")[rows[0] : rows[-1] + 1]
            for path in (codes, labels, *signals.values())
        )
        self.n, self.arrays = len(rows), list(signals)

    def read(self, epoch: int, rows: np.ndarray) -> Windows:
        """Windows by number; the same in every epoch."""
        del epoch
        signal = np.stack([array[rows] for array in self._signals], axis=-1)
        return Windows(np.array(self._codes[rows]), signal, np.array(self._labels[rows]))


class FreshWindows:
    """Windows drawn anew for each epoch and read straight from the genome.

    Args:
        tracks: Reader of the training cell line, with labels; from memory for more speed.
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
        tracks: Tracks | LoadedTracks,
        usable: pd.DataFrame,
        chromosomes: Sequence[str],
        n: int,
        length: int,
        enriched: float,
        seed: int,
    ) -> None:
        self.n, self.arrays = n, tracks.arrays
        usable, sites = usable[usable["chrom"].isin(chromosomes)], tracks.sites(chromosomes)
        self._tracks = tracks
        self._drawing = Lock()
        # Files are for one thread at a time.
        self._reading = Lock() if isinstance(tracks, Tracks) else nullcontext()

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
        with self._drawing:
            windows, weights = self._draw(epoch)
        regions = list(iterate_regions(windows.iloc[rows]))
        with self._reading:
            return Windows(
                np.stack([self._tracks.codes(*region) for region in regions]),
                np.stack([self._tracks.signals(*region) for region in regions]),
                np.stack([self._tracks.labels(*region) for region in regions]),
                weights[rows],
            )


def open_windows(
    files: Mapping[str, Any],
    arrays: Sequence[str],
    draw: Mapping[str, Any] | None,
    seed: int,
    memory: float = 0,
) -> tuple[WindowSource, WindowSource]:
    """Training and validation windows of one network.

    Args:
        files: Paths by name: windows, sequence, training_signals and validation_signals (lists,
            one for each of `arrays`), training_labels and validation_labels; for fresh windows
            also fasta, labels, excluded and usable.
        arrays: Names of the signals that the network is given.
        draw: How to draw fresh windows: chromosomes, n, length and enriched; and from what, as
            signals of `leopard.inputs.signals.open_line`. None trains on the stored ones.
        seed: Of the draws.
        memory: Bytes that the chromosomes of fresh windows may take; if they would take more,
            their files are read again and again, which is slower and gives the same windows.
    """

    def stored(role: str, split: str) -> StoredWindows:
        codes, labels = Path(files["sequence"]), Path(files[f"{role}_labels"])
        signals = dict(zip(arrays, map(Path, files[f"{role}_signals"]), strict=True))
        return StoredWindows(Path(files["windows"]), split, codes, labels, signals)

    validation = stored("validation", "validation")
    if draw is None:
        return stored("training", "train"), validation
    how = {key: value for key, value in draw.items() if key != "signals"}
    signals = {array: draw["signals"][array] for array in arrays}
    tracks: Tracks | LoadedTracks
    tracks = open_line(files["fasta"], signals, files["labels"], files["excluded"])
    size = LoadedTracks.size(tracks, draw["chromosomes"])
    if size <= memory:
        tracks = LoadedTracks(tracks, draw["chromosomes"])
    else:
        log.info("windows are read from files: in memory they would take %d MiB", size >> 20)
    return FreshWindows(tracks, read_table(files["usable"]), **how, seed=seed), validation


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
        magnitude: Range of a factor drawn for each signal of each window; means over cell lines
            stay as they are.
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
            own = [i for i, x in enumerate(self.source.arrays) if not x.startswith(AVERAGE)]
            factors = np.ones((len(rows), 1, len(self.source.arrays)), np.float32)
            factors[:, 0, own] = rng.uniform(*self.magnitude, (len(rows), len(own)))
            signal *= factors
            if self.flip:
                for row in np.flatnonzero(rng.random(len(rows)) < 0.5):
                    codes[row] = reverse_complement(codes[row])
                    signal[row] = signal[row, ::-1]
                    labels[row] = labels[row, ::-1]
        bound, counted = (labels == 1)[..., None].view(np.uint8), (labels != MASKED).view(np.uint8)
        # Half precision is plenty, and half as much to move. It has no arithmetic of its own, but
        # the product of its bits and 1 or 0 is right.
        weight = np.reshape(weights, (-1, 1)).astype(np.float16).view(np.uint16)
        return (codes, signal), bound, (counted * weight).view(np.float16)


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


def signal_quantiles(
    source: WindowSource, track: str, n: int = 257, sample: int = 256
) -> list[float]:
    """Evenly spaced quantiles, from 0 to 1, of a signal in windows of the first epoch.

    Args:
        source: Where the windows come from.
        track: The signal; where its mean over cell lines is read as well, the two together.
        n: How many quantiles.
        sample: Windows that they are of, at most.
    """
    rows = np.linspace(0, source.n - 1, min(sample, source.n)).astype(int)
    columns = [i for i, x in enumerate(source.arrays) if x.removeprefix(AVERAGE) == track]
    signal = source.read(0, rows).signal[..., columns]
    return np.quantile(signal, np.linspace(0, 1, n)).astype(np.float32).tolist()
