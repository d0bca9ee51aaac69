"""What is kept of a training between epochs, from which it goes on after a kill."""

import json
import logging
import math
import time
from pathlib import Path
from typing import Any

import keras
import pandas as pd

from leopard import PROGRESS, PROGRESS_INTERVAL
from leopard.genome.formats import read_table
from leopard.training.recipe import Recipe

log = logging.getLogger(__name__)

MONITOR = "val_pr_auc"


class CorruptError(Exception):
    """A checkpoint that cannot be read."""


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
            log.log(
                PROGRESS,
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
        log.log(
            PROGRESS,
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
