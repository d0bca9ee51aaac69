"""Training of one network, restartable after any epoch."""

import json
import logging
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras

from leopard import devices, models
from leopard.errors import InputError, TimeUpError
from leopard.training.batches import WindowBatches, WindowSource, describe, signal_quantiles
from leopard.training.forecast import warn_if_idle
from leopard.training.journal import CorruptError, Journal
from leopard.training.recipe import Recipe, build

log = logging.getLogger(__name__)


def train(
    recipe: Recipe,
    training: WindowSource,
    validation: WindowSource,
    outputs: Path,
    checkpoints: Path,
    circumstances: dict[str, Any],
    callbacks: Sequence[keras.callbacks.Callback] = (),
    deadline: float = math.inf,
) -> None:
    """Train one network and write model.keras, history.tsv and training.json.

    After each epoch the weights and the optimizer's state go to `checkpoints`; a run that finds
    checkpoints of the same recipe and data there goes on from the last and ends with the same
    numbers as one that was never stopped. The model saved is the epoch of the best validation
    PR-AUC.

    Args:
        recipe: How to train.
        training: Training windows.
        validation: Validation windows, the same every epoch.
        outputs: Directory of the three files.
        checkpoints: Directory of the state between epochs; removed at the end.
        circumstances: What else the record shall tell: the device, how windows are drawn.
        callbacks: Others, after the one that keeps the checkpoints.
        deadline: When to be done, seconds since 1970: an epoch that would end later is not begun.

    Raises:
        InputError: No bound base in either set of windows, or the loss is not a number before any
            epoch is finished. If that happens later, the best epoch so far is the result.
        TimeUpError: The deadline came first; run again to go on.
    """
    data: dict[str, Any] = {}
    for name, source in (("training", training), ("validation", validation)):
        rate, data[name] = describe(source)
        log.info("%s: %d windows, %.3g%% of bases bound", name, source.n, 100 * rate)
        if rate == 0:
            raise InputError(
                f"{name} windows", "no base is bound", "draw more windows or check the labels"
            )
        data[f"{name}_positive_rate"] = rate

    quantiles = {name: signal_quantiles(training, name) for name in recipe.ranked}
    journal = Journal(checkpoints, {**asdict(recipe), **data}, recipe, deadline)
    utilisation = devices.Utilisation()
    while True:
        model = build(recipe, data["training_positive_rate"], training.n, journal.parts, quantiles)
        try:
            first_epoch = journal.resume(model)
        except CorruptError as error:
            log.warning("%s: corrupt checkpoints (%s); training starts again", checkpoints, error)
            continue
        if journal.finished:
            break
        try:
            with utilisation:
                _fit(model, recipe, training, validation, first_epoch, journal, callbacks)
            break
        except Exception as error:
            if journal.parts == recipe.batch_size or not devices.is_out_of_memory(error):
                raise
        del model
        journal.split_batches()
    if journal.history.empty and journal.diverged:
        raise InputError("training", "the loss is not a number", "lower training.learning_rate")
    if not (journal.finished or journal.diverged):
        done = f"{len(journal.history)} of {recipe.epochs} epochs are finished"
        raise TimeUpError(f"the time limit is near: {done}; run again to go on")
    best = journal.load_best(model)
    models.synchronize(model, False)
    whole = checkpoints / "model.keras"  # complete before it gets its name
    model.save(whole)
    whole.replace(outputs / "model.keras")
    history = journal.history
    history.to_csv(outputs / "history.tsv", sep="\t", index=False, float_format="%.6g")
    seconds = float(history["seconds"].sum())
    if devices.has_gpu():
        batches = WindowBatches(training, recipe.batch_size // journal.parts, seed=recipe.seed)
        step = float(history["fit_seconds"].median()) / len(batches)
        warn_if_idle(utilisation.mean, batches, step)
    record = {
        **circumstances,
        "training_time": round(seconds, 1),
        "windows_per_second": round(training.n / float(history["fit_seconds"].median()), 2),
        "utilisation": utilisation.mean,
        **devices.peak_memory(),
        "windows_at_once": recipe.batch_size // journal.parts,
        "diverged": journal.diverged,
        "epochs": len(history),
        "best_epoch": int(best["epoch"]),
        **{f"best_{name}": float(best[name]) for name in history if name.startswith("val_")},
        "parameters": model.count_params(),
        "training_windows": training.n,
        "data": data,
        "recipe": asdict(recipe),
    }
    (outputs / "training.json").write_text(json.dumps(record, indent=2) + "\n")
    journal.remove()


def _fit(
    model: keras.Model,
    recipe: Recipe,
    training: WindowSource,
    validation: WindowSource,
    first_epoch: int,
    journal: "Journal",
    callbacks: Sequence[keras.callbacks.Callback],
) -> None:
    """Train a compiled model from an epoch on."""
    size = recipe.batch_size // journal.parts
    batches = WindowBatches(
        training,
        size,
        seed=recipe.seed,
        first_epoch=first_epoch,
        flip=recipe.reverse_complement,
        magnitude=recipe.signal_magnitude,
        endless=True,
    )
    model.fit(
        devices.read_ahead(batches),
        steps_per_epoch=len(batches),
        validation_data=devices.read_ahead(WindowBatches(validation, size)),
        initial_epoch=first_epoch,
        epochs=recipe.epochs,
        callbacks=[keras.callbacks.TerminateOnNaN(), journal, *callbacks],
        shuffle=False,  # Keras would draw from Python's own generator, which no epoch restores
        verbose=0,
    )
