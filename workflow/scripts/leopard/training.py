"""Training of one network, restartable after any epoch."""

import json
import logging
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import pandas as pd

from leopard import PROGRESS_INTERVAL, devices, models
from leopard.batches import WindowBatches, WindowSource, describe, signal_quantiles
from leopard.errors import InputError, TimeUpError
from leopard.fit_metrics import training_metrics
from leopard.formats import read_table
from leopard.losses import build_loss
from leopard.optimizers import OPTIMIZERS

log = logging.getLogger(__name__)

MONITOR = "val_pr_auc"
REFRESH_BATCHES = 5

DECAY = 1e-5
"""A step, of the schedule "inverse_time": Adam's decay in Leopard (Keras 2)."""


class CorruptError(Exception):
    """A checkpoint that cannot be read."""


@dataclass(frozen=True)
class Recipe:
    """How to train; every field is a key of the config's `training` section.

    Attributes:
        architecture: A name in `leopard.models.BUILDERS`.
        xla: Compile the training step with XLA. On TensorFlow only; JAX always does.
        precision: float32, mixed_bfloat16 or mixed_float16 (with loss scaling); probabilities are
            float32 in any case.
        prior_bias: Start the output bias at the log-odds of the positive rate, not at zero.
        base_order: Order of the one-hot channels.
        signal_transform: Of the accessibility, inside the model.
        delta: Give the network how far accessibility is from the mean over cell lines.
        batch_norm_momentum: Share of the running statistics that one step keeps. It must let
            them settle within the first epoch's steps, or validation is useless until they do.
        loss: A name in `leopard.losses.LOSSES`.
        dice_weight: Of the overlap that is added to it, as in `leopard.losses.BindingLoss`.
        optimizer: A name in `leopard.optimizers.OPTIMIZERS`.
        weight_decay: Decoupled, as in AdamW; None for none.
        ema_momentum: Share of the averaged weights that one step keeps; the average is what is
            validated and saved. None saves the weights themselves.
        learning_rate: Its peak.
        schedule: "cosine" decays from the peak to zero at the last epoch; "constant" stays;
            "inverse_time" divides it by 1 + `DECAY` x steps.
        warmup: Share of all steps in which the rate rises linearly from zero to the peak.
        batch_size: Windows a step.
        epochs: At most.
        patience: Epochs without a better validation PR-AUC before training stops.
        reverse_complement: Show each window on a random strand.
        signal_magnitude: Range of a random factor on each window's accessibility.
        seed: Of initial weights, order and augmentation.
    """

    architecture: str
    xla: bool
    precision: str
    prior_bias: bool
    base_order: str
    signal_transform: str
    delta: bool
    batch_norm_momentum: float
    loss: str
    dice_weight: float
    optimizer: str
    weight_decay: float | None
    ema_momentum: float | None
    learning_rate: float
    schedule: str
    warmup: float
    batch_size: int
    epochs: int
    patience: int
    reverse_complement: bool
    signal_magnitude: tuple[float, float]
    seed: int


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

    quantiles = signal_quantiles(training) if recipe.signal_transform == "quantile" else [0.0]
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


def build(
    recipe: Recipe,
    positive_rate: float,
    windows: int,
    parts: int = 1,
    quantiles: Sequence[float] = (0.0,),
) -> keras.Model:
    """Build the model of a recipe and compile it for training.

    Args:
        recipe: What to build.
        positive_rate: Fraction of bases that are bound.
        windows: Training windows an epoch.
        parts: Pieces that each batch is computed in, their gradients accumulated.
        quantiles: Of the signal, for the transform of that name.
    """
    keras.utils.set_random_seed(recipe.seed)  # here, so that building it again gives the same
    keras.config.set_dtype_policy(recipe.precision)
    with devices.scope() as replicated:
        model = models.build(
            recipe.architecture,
            prior=positive_rate if recipe.prior_bias else 0.5,
            base_order=recipe.base_order,
            signal_transform=recipe.signal_transform,
            quantiles=quantiles,
            batch_norm_momentum=recipe.batch_norm_momentum,
            delta=recipe.delta,
        )
        models.synchronize(model, replicated is not None)
        model.compile(
            optimizer=_optimizer(recipe, -(-windows // (recipe.batch_size // parts)), parts),
            loss=build_loss(recipe.loss, recipe.dice_weight),
            weighted_metrics=training_metrics(),
            jit_compile=recipe.xla or "auto",
        )
        # Or the first step would, and TensorFlow trace all of it twice. Checkpoints need it, too:
        # without its variables the optimizer's state would be skipped, with but a warning.
        model.optimizer.build(model.trainable_variables)
    return model


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
    averaging: list[keras.callbacks.Callback] = []
    if recipe.ema_momentum:
        refresh = RefreshStatistics(WindowBatches(training, size))
        averaging = [keras.callbacks.SwapEMAWeights(), refresh]
    model.fit(
        devices.read_ahead(batches),
        steps_per_epoch=len(batches),
        validation_data=devices.read_ahead(WindowBatches(validation, size)),
        initial_epoch=first_epoch,
        epochs=recipe.epochs,
        callbacks=[keras.callbacks.TerminateOnNaN(), *averaging, journal, *callbacks],
        shuffle=False,  # Keras would draw from Python's own generator, which no epoch restores
        verbose=0,
    )


def _optimizer(recipe: Recipe, steps: int, parts: int = 1) -> keras.optimizers.Optimizer:
    """The optimizer of a recipe, for so many steps an epoch, each a part of a batch."""
    rate: Any = recipe.learning_rate
    warmup = round(recipe.warmup * recipe.epochs * steps)
    if recipe.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(
            0.0 if warmup else rate,
            decay_steps=max(recipe.epochs * steps - warmup, 1),
            warmup_target=rate if warmup else None,
            warmup_steps=warmup,
        )
    if recipe.schedule == "inverse_time":
        rate = keras.optimizers.schedules.InverseTimeDecay(
            rate, decay_steps=parts, decay_rate=DECAY
        )
    config: dict[str, Any] = {"learning_rate": rate, "weight_decay": recipe.weight_decay}
    if recipe.ema_momentum:
        # Keras counts, decays and averages at each part of a batch.
        config |= {"use_ema": True, "ema_momentum": recipe.ema_momentum ** (1 / parts)}
    if parts > 1:
        config["gradient_accumulation_steps"] = parts
    return OPTIMIZERS[recipe.optimizer](**config)


class RefreshStatistics(keras.callbacks.Callback):
    """Sets the statistics of batch normalisation to those of the averaged weights.

    Training leaves them as the current weights have them, which the averaged ones do not fit.
    Follows `SwapEMAWeights`, which puts the averaged weights in place for each validation.

    Args:
        batches: Training windows; the first few batches are used, the same ones every epoch.
    """

    def __init__(self, batches: WindowBatches) -> None:
        super().__init__()
        self.inputs = [list(batches[i][0]) for i in range(min(REFRESH_BATCHES, len(batches)))]

    def on_test_begin(self, logs: Any = None) -> None:
        """Pass batches forward as in training; the statistics become their mean over batches."""
        leaves = models.leaf_layers(self.model)
        norms = [x for x in leaves if isinstance(x, keras.layers.BatchNormalization)]
        if not norms:  # as in the CNN
            return
        momenta = [norm.momentum for norm in norms]
        for seen, inputs in enumerate(self.inputs):
            for norm in norms:
                norm.momentum = seen / (seen + 1)
            self.model(inputs, training=True)
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum


class Journal(keras.callbacks.Callback):
    """Keeps the history and the checkpoints, stops training early, tells of progress.

    `history.tsv` among the checkpoints is the single point of commitment: an epoch is finished
    once its row is there, and the weights of the last and the best finished epoch always are.
    What is there already counts if it is of the same recipe and data. In it, `loss` is the mean
    binary cross-entropy, and `objective` what was minimised.
    """

    def __init__(
        self,
        directory: Path,
        identity: dict[str, Any],
        recipe: Recipe,
        deadline: float = math.inf,
    ) -> None:
        super().__init__()
        self.deadline = deadline
        self.diverged = False
        """Whether training was stopped because the loss was not a number."""
        self.directory = directory
        self.identity = json.loads(json.dumps(identity))
        self.recipe = recipe
        self.parts = 1
        """Pieces that each batch is computed in, for want of memory."""
        if (directory / "history.tsv").exists():
            try:
                if self._read():
                    return
            except (OSError, ValueError, KeyError) as error:
                log.warning("%s: corrupt checkpoints (%s); training starts again", directory, error)
        self._begin()

    def _read(self) -> bool:
        """Take up what is there if it is of the same recipe and data, and say whether it is.

        Raises:
            OSError, ValueError, KeyError: It is not whole.
        """
        recorded = json.loads((self.directory / "identity.json").read_text())
        parts = recorded.pop("parts")
        if recorded != self.identity:
            return False
        history = read_table(self.directory / "history.tsv")
        whole = list(history["epoch"]) == list(range(1, len(history) + 1))
        if not whole or any(history.iloc[:, -1].isna()):  # what a row that was cut off lacks
            raise ValueError("history.tsv is not whole")
        self.parts, self.history = parts, history
        return True

    def _begin(self) -> None:
        self.history = pd.DataFrame({"epoch": pd.Series(dtype=int), MONITOR: []})
        self.remove()
        self.directory.mkdir(parents=True)
        identity = self.identity | {"parts": self.parts}
        (self.directory / "identity.json").write_text(json.dumps(identity))

    @property
    def finished(self) -> bool:
        """Whether the last epoch is done, or patience is at its end."""
        done = len(self.history)
        if not done:
            return False
        waited = done - self.best_epoch
        return done >= self.recipe.epochs or waited >= self.recipe.patience

    def split_batches(self) -> None:
        """Start again with each batch in more pieces: half as large, or what divides it evenly."""
        batch = self.recipe.batch_size
        self.parts = next(n for n in range(2 * self.parts, batch + 1) if batch % n == 0)
        log.warning(
            "out of memory: each batch of %d windows is now computed in %d parts of %d, whose "
            "gradients are added up",
            batch,
            self.parts,
            batch // self.parts,
        )
        self._begin()

    def _weights(self, epoch: int) -> Path:
        return self.directory / f"epoch-{epoch:04d}.weights.h5"

    def resume(self, model: keras.Model) -> int:
        """Load the state after the last finished epoch into a model that `build` made.

        Returns:
            The number of epochs already finished.

        Raises:
            CorruptError: The weights of the last or the best epoch cannot be read; training is to
                start again, with a new model.
        """
        if finished := len(self.history):
            try:
                for epoch in dict.fromkeys([self.best_epoch, finished]):
                    model.load_weights(self._weights(epoch))
            except (OSError, ValueError, KeyError) as error:
                self._begin()
                raise CorruptError(str(error).partition("\n")[0]) from error
            log.info("going on after epoch %d", finished)
        return finished

    @property
    def best_epoch(self) -> int:
        """Number of the finished epoch with the highest validation PR-AUC."""
        return int(self.history[MONITOR].to_numpy().argmax()) + 1

    def load_best(self, model: keras.Model) -> pd.Series:
        """Load the weights of the best epoch and return its row."""
        best = self.history.iloc[self.best_epoch - 1]
        model.load_weights(self._weights(int(best["epoch"])))
        if self.recipe.ema_momentum:
            model.optimizer.finalize_variable_values(model.trainable_variables)
        log.info("best epoch %d: %s %.4f", best["epoch"], MONITOR, best[MONITOR])
        return best

    def remove(self) -> None:
        """Forget everything."""
        if self.directory.exists():
            # First: what is left by a kill amid the removal must not pass for finished epochs.
            (self.directory / "history.tsv").unlink(missing_ok=True)
            for path in self.directory.iterdir():
                path.unlink()
            self.directory.rmdir()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Start the clock."""
        self._began = self._reported = time.monotonic()
        self._fitted = 0.0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Say how far the epoch is, every few seconds."""
        now = time.monotonic()
        self._fitted = now - self._began
        if now - self._reported > PROGRESS_INTERVAL:
            self._reported = now
            windows = (batch + 1) * (self.recipe.batch_size // self.parts)
            log.info(
                "epoch %d: %d of %d batches, %.1f windows/s, loss %.5f",
                len(self.history) + 1,
                batch + 1,
                self.params["steps"],
                windows / self._fitted,
                logs["cross_entropy"],
            )

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Commit the epoch: weights first, then its row; then drop what is no longer needed."""
        if not math.isfinite(logs["loss"]):
            self.diverged = self.model.stop_training = True
            log.error("epoch %d: the loss is not a number; training stops", epoch + 1)
            return
        measures = dict(logs)
        for split in ("", "val_"):
            measures[f"{split}objective"] = measures.pop(f"{split}loss")
            measures[f"{split}loss"] = measures.pop(f"{split}cross_entropy")
        row = {
            "epoch": epoch + 1,
            **measures,
            "learning_rate": float(self.model.optimizer.learning_rate),
            "fit_seconds": round(self._fitted, 3),
            "seconds": round(time.monotonic() - self._began, 3),
        }
        self.model.save_weights(self._weights(epoch + 1))
        rows = [*self.history.to_dict("records"), row]
        self.history = pd.DataFrame(rows)
        temporary = self.directory / "history.tsv.tmp"
        self.history.to_csv(temporary, sep="\t", index=False)
        temporary.replace(self.directory / "history.tsv")
        best = self.best_epoch
        for path in self.directory.glob("epoch-*"):
            if path not in (self._weights(epoch + 1), self._weights(best)):
                path.unlink()
        log.info(
            "epoch %d of %d: loss %.5f, pr_auc %.4f, val_loss %.5f, val_pr_auc %.4f%s, %.0f s",
            epoch + 1,
            self.recipe.epochs,
            row["loss"],
            row["pr_auc"],
            row["val_loss"],
            row[MONITOR],
            " (best)" if best == epoch + 1 else "",
            row["seconds"],
        )
        in_time = time.time() + row["seconds"] < self.deadline
        self.model.stop_training = self.finished or not in_time
