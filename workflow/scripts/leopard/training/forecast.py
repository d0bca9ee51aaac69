"""How long training will take where that is longer than somebody may have expected."""

import logging
import time
from typing import Any

import keras

from leopard import PROGRESS_INTERVAL

log = logging.getLogger(__name__)

LONG = 3600.0
"""Seconds from which on a training on a CPU is worth a warning."""


class Forecast(keras.callbacks.Callback):
    """Warns once, in the first epoch, if what is left to train takes longer than `LONG`.

    For training without a GPU: on the windows of a whole genome it takes days, and who planned
    it for a GPU shall hear of it at once. The first step is left out, for it compiles the rest.

    Args:
        interval: Seconds of steps from which the time is taken.
    """

    def __init__(self, interval: float = PROGRESS_INTERVAL) -> None:
        super().__init__()
        self.interval = interval
        self._first: tuple[int, float] | None = None
        self._told = False

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Note which epochs are left."""
        self._epochs = self.params["epochs"] - epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Take the time, and tell it if it is long."""
        now = time.monotonic()
        self._first = self._first or (batch, now)
        first, began = self._first
        if self._told or batch <= first or now - began < self.interval:
            return
        self._told = True
        step = (now - began) / (batch - first)
        left = step * (self._epochs * self.params["steps"] - batch - 1)
        if left > LONG:
            log.warning(
                "no GPU in use: %d epochs of %d steps will take about %.1f hours on this CPU; "
                "run it where there is a GPU, or lower windows.train or training.epochs",
                self._epochs,
                self.params["steps"],
                left / 3600,
            )
