"""Training as a job does it: devices first, for Keras reads its backend once; then the rest."""

import math
import os
import resource
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil

from leopard import devices

MARGIN = 120
"""Seconds before the end of the job's time in which no epoch is to end."""

SHARE = 0.75
"""Of the memory that a job may take, what the genome may."""


def run_training(
    recipe: Mapping[str, Any],
    files: Mapping[str, Any],
    draw: Mapping[str, Any] | None,
    outputs: Path,
    checkpoints: Path,
    wanted: Mapping[str, Any],
    memory_mib: int,
    report: Callable[[int, float], None] | None = None,
) -> None:
    """Set up the devices, open the windows and train one network.

    Args:
        recipe: Fields of `leopard.training.recipe.Recipe`.
        files: As for `leopard.training.batches.open_windows`.
        draw: As for `leopard.training.batches.open_windows`; kept in the record.
        outputs: As for `leopard.training.fit.train`.
        checkpoints: As for `leopard.training.fit.train`.
        wanted: Arguments of `leopard.devices.set_up`.
        memory_mib: What the process may take of the host's memory. Most of it is for the genome,
            if that is where windows are drawn from.
        report: Called after each epoch with its number and validation PR-AUC.
    """
    found = devices.set_up(**wanted, xla=recipe["xla"])

    import keras

    from leopard.training.batches import open_windows
    from leopard.training.fit import train
    from leopard.training.forecast import Forecast
    from leopard.training.journal import MONITOR
    from leopard.training.recipe import Recipe

    callbacks: list[keras.callbacks.Callback] = [Forecast(on_cpu=not devices.has_gpu())]
    if report:

        def tell(epoch: int, logs: Mapping[str, float]) -> None:
            report(epoch + 1, logs[MONITOR])

        callbacks.append(keras.callbacks.LambdaCallback(on_epoch_end=tell))
    settings, record = Recipe(**recipe), {**found, "draw": draw}
    memory = min(SHARE * memory_mib * 2**20, psutil.virtual_memory().available / 2)
    training, validation = open_windows(files, settings.arrays, draw, settings.seed, memory)
    train(settings, training, validation, outputs, checkpoints, record, callbacks, _deadline())


def _deadline() -> float:
    """When the scheduler will end this job, less a margin to tidy up; seconds since 1970."""
    ends = os.environ.get("LEOPARD_DEADLINE") or os.environ.get("SLURM_JOB_END_TIME")
    return float(ends) - MARGIN if ends else math.inf


def try_batch(
    recipe: Mapping[str, Any], length: int, wanted: Mapping[str, Any], memory_mib: int
) -> None:
    """Train two steps on a batch of noise: it ends if the batch fits, in memory.

    Args:
        recipe: Fields of `leopard.training.recipe.Recipe`.
        length: Of a window, in bases.
        wanted: Arguments of `leopard.devices.set_up`.
        memory_mib: What the process may take of the host's memory.
    """
    resource.setrlimit(resource.RLIMIT_DATA, (memory_mib * 2**20,) * 2)
    devices.set_up(**wanted, xla=recipe["xla"])

    import numpy as np

    from leopard.training.recipe import Recipe, build

    n = recipe["batch_size"]
    model = build(Recipe(**recipe), positive_rate=0.01, windows=n)
    rng = np.random.default_rng(0)
    codes, labels = (rng.integers(0, k, (n, length)).astype(np.uint8) for k in (4, 2))
    signal = rng.random((n, length, *model.inputs[1].shape[2:]), np.float32)
    for _ in range(2):
        model.train_on_batch(
            [codes, signal], labels[..., None], sample_weight=np.ones((n, length, 1), np.uint8)
        )
