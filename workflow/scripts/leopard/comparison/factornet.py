"""Training and use of FactorNet: bins in, one score each."""

import logging
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from leopard.comparison.many_to_one import ManyToOne, read_bins
from leopard.evaluation.scores import Reader
from leopard.genome.tracks import OTHER, Tracks
from leopard.models.factornet import LENGTH, build_factornet

log = logging.getLogger(__name__)

BATCH = 100
PATIENCE = 3


def open_readers(tracks: Tracks) -> list[tuple[Reader, int]]:
    """What FactorNet reads of a cell line."""
    return [(tracks.codes, OTHER), (tracks.signal, 0)]


def train_factornet(
    training: tuple[Tracks, pd.DataFrame],
    validation: tuple[Tracks, pd.DataFrame],
    epochs: int,
    seed: int,
    path: Path,
) -> None:
    """Train one network and save that of the epoch with the best validation PR-AUC.

    Args:
        training: A cell line and its bins, as from `leopard.comparison.samples.draw_bins`.
        validation: Another, or the same on other chromosomes.
        epochs: At most; training stops after `PATIENCE` without a better one.
        seed: Of weights, order and dropout.
        path: Where to, ending in .keras.
    """
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy("float32")
    model = build_factornet()
    pr_auc = keras.metrics.AUC(curve="PR", name="pr_auc")
    model.compile("adam", "binary_crossentropy", metrics=[pr_auc])
    model.optimizer.build(model.trainable_variables)  # or TensorFlow would trace a step twice
    (x, y), held_out = (
        (read_bins(open_readers(tracks), table, LENGTH), table[["label"]].to_numpy(np.float32))
        for tracks, table in (training, validation)
    )
    best = keras.callbacks.EarlyStopping(
        "val_pr_auc", mode="max", patience=PATIENCE, restore_best_weights=True
    )
    tell = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: log.info("epoch %d: %s", epoch + 1, logs)
    )
    model.fit(x, y, BATCH, epochs, verbose=0, validation_data=held_out, callbacks=[best, tell])
    model.save(path)


def open_factornet(networks: Sequence[keras.Model], tracks: Tracks) -> ManyToOne:
    """The mean of some networks on a cell line."""

    def predict(codes: np.ndarray, signal: np.ndarray) -> np.ndarray:
        return np.mean([x.predict_on_batch([codes, signal])[:, 0] for x in networks], axis=0)

    return ManyToOne(LENGTH, open_readers(tracks), predict)
