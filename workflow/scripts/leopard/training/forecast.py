"""How long training will take, and whether the device is used."""

import logging
import time
from datetime import timedelta
from typing import Any

import keras

from leopard import PROGRESS, PROGRESS_INTERVAL
from leopard.training.batches import WindowBatches

log = logging.getLogger(__name__)

LONG = 3600.0
"""Seconds from which on a training on a CPU is worth a warning."""

BUSY = 0.5
"""Share of the time that a GPU should compute in, at least."""

TRIED = 20
"""Batches that are put together to see what one takes."""


class Forecast(keras.callbacks.Callback):
    """Tells once, in the first epoch, how long the rest takes; a training stops earlier at most.

    On a CPU it warns if that is longer than `LONG`: on the windows of a whole genome training takes
    days there, and who planned it for a GPU shall hear of it at once. The first step of an epoch is
    left out, for the very first compiles the rest. Of epochs shorter than the interval nothing is
    told, for each tells its own time when it ends.

    Args:
        on_cpu: Whether no GPU computes.
        interval: Seconds of steps from which the time is taken.
    """

    def __init__(self, on_cpu: bool, interval: float = PROGRESS_INTERVAL) -> None:
        super().__init__()
        self.on_cpu, self.interval = on_cpu, interval
        self._told = False

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Note which epochs are left, and begin to take the time anew."""
        self._epochs = self.params["epochs"] - epoch
        self._first: tuple[int, float] | None = None

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Take the time, and tell it."""
        now = time.monotonic()
        self._first = self._first or (batch, now)
        first, began = self._first
        if self._told or batch <= first or now - began < self.interval:
            return
        self._told = True
        step = (now - began) / (batch - first)
        left = step * (self._epochs * self.params["steps"] - batch - 1)
        rest = f"{self._epochs} epochs of {self.params['steps']} steps"
        if self.on_cpu and left > LONG:
            log.warning(
                "no GPU in use: %s will take about %.1f hours on this CPU; "
                "run it where there is a GPU, or lower windows.train or training.epochs",
                rest,
                left / 3600,
            )
        else:
            about = timedelta(seconds=round(left))
            log.log(PROGRESS, "%s will take about %s, without validation", rest, about)


def warn_if_idle(busy: float | None, batches: WindowBatches, step: float) -> None:
    """Say that a GPU was less than half used, and what it waited for.

    That is windows, if to put a batch together takes one thread, as it has, most of a step.

    Args:
        busy: Share of the time in which it computed, if known.
        batches: What it was given.
        step: Seconds that a step took.
    """
    if busy is None or busy >= BUSY:
        return
    began, n = time.monotonic(), min(TRIED, len(batches))
    for i in range(n):
        batches[i]
    if time.monotonic() - began > BUSY * n * step:
        wanted = "windows: give the job more memory (mem_mb), so that it need not read from files"
    else:
        wanted = (
            "the processor to start its next step: more windows at once (training.batch_size, now "
            f"{batches.batch_size}), or training.xla, would keep it busier"
        )
    log.warning("the GPU computed for %.0f%% of the time, and waited for %s", 100 * busy, wanted)
