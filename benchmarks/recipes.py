"""What our recipe and the published one learn, and how soon, on a study that has been run.

The reference is that of `training.py`. It stops early, but not before it has had the steps to
learn, and is trained twice: on a fixed set of windows, as published, and on the very windows that
ours has, drawn anew for each epoch and partly around bound sites.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from training import Task, build_published, devices, open_task, published_batches

# isort: split
import keras
import numpy as np
import pandas as pd
from leopard import models
from leopard.decoding.decoder import Decoder
from leopard.metrics import ScoreCounts, average_precision
from leopard.training.batches import describe
from leopard.training.fit import train
from leopard.training.recipe import Recipe

PATIENCE, WINDOWS, BUDGET = 30, 50_000, 7200
"""The reference stops after so many epochs without a better validation PR-AUC, if it has seen so
many windows, and after so many seconds at the latest."""

LEARNT = 2.0
"""Times the positive rate: what has no better PR-AUC has learnt nothing."""


class Outcome(NamedTuple):
    """Windows, seconds and validation PR-AUC after each epoch; test average precision."""

    windows: np.ndarray
    seconds: np.ndarray
    scores: np.ndarray
    precision: float

    def reach(self, goal: float) -> tuple[float, float]:
        """Windows and seconds until the validation PR-AUC was as good; NaN if it never was."""
        if self.scores.max() < goal:
            return np.nan, np.nan
        first = np.argmax(self.scores >= goal)
        return self.windows[first], self.seconds[first]


def test_precision(model: keras.Model, task: Task) -> float:
    """Average precision of a model on every base of the test chromosomes."""
    tracks, counts = task.tracks(), ScoreCounts()
    decoder = Decoder([model], 65536, 8, both_strands=False)
    sizes = {chrom: tracks.chrom_sizes[chrom] for chrom in task.test}
    for chrom, tile, values in decoder.decode(tracks, sizes):
        counts.update(tracks.labels(chrom, tile.keep_start, tile.keep_end), values)
    return average_precision(counts)


def train_ours(task: Task, seed: int, epochs: int) -> Outcome:
    """Train our recipe, as the study did but for the number of epochs."""
    training, validation = task.windows(task.draw, seed)
    with tempfile.TemporaryDirectory() as name:
        outputs = Path(name)
        recipe = Recipe(**task.recipe | {"seed": seed, "epochs": epochs})
        train(recipe, training, validation, outputs, outputs / "checkpoints", {})
        history = pd.read_csv(outputs / "history.tsv", sep="\t")
        precision = test_precision(models.load(outputs / "model.keras"), task)
    seen = training.n * (1 + np.arange(len(history)))
    seconds, scores = history["seconds"].cumsum().to_numpy(), history["val_pr_auc"].to_numpy()
    return Outcome(seen, seconds, scores, precision)


def train_published(task: Task, draw: Mapping[str, Any] | None, seed: int) -> Outcome:
    """Train the reference to its early stop, on windows drawn so; test its best."""
    training, validation = task.windows(draw, seed)
    keras.utils.set_random_seed(seed)
    model, core = build_published()
    held_out = published_batches(validation)
    scores: list[float] = []
    seconds: list[float] = []
    best = 0
    began = time.monotonic()
    while not seconds or seconds[-1] < BUDGET:
        batches = published_batches(training, len(scores), shuffle=True)
        history = core.fit(batches, validation_data=held_out, verbose=0).history
        seconds.append(time.monotonic() - began)
        scores.append(history["val_pr_auc"][-1])
        if scores[-1] > scores[best] or len(scores) == 1:
            best, weights = len(scores) - 1, core.get_weights()
        if len(scores) - best > PATIENCE and len(scores) * training.n >= WINDOWS:
            break
    model.layers[-1].set_weights(weights)
    seen = training.n * (1 + np.arange(len(scores)))
    return Outcome(seen, np.array(seconds), np.array(scores), test_precision(model, task))


def train_to(task: Task, seed: int, goal: float, most: int, runs: dict[int, Outcome]) -> int:
    """Epochs that our recipe needs to reach a validation PR-AUC, doubling them until it does.

    Args:
        task: The study.
        seed: Of the recipe.
        goal: The validation PR-AUC.
        most: Epochs; a run is only doubled up to as many.
        runs: Of each number of epochs; those that are missing are added.
    """
    epochs = task.recipe["epochs"]
    while True:
        if epochs not in runs:
            runs[epochs] = train_ours(task, seed, epochs)
        if runs[epochs].scores.max() >= goal or 2 * epochs > most:
            return epochs
        epochs *= 2


def compare(task: Task, seed: int) -> list[dict[str, Any]]:
    """Both recipes with one seed: a row for each choice of the reference's windows."""
    _, validation = task.windows(None, seed)
    positive_rate, _ = describe(validation)
    runs: dict[int, Outcome] = {}
    rows = []
    for windows, draw in (("fixed", None), ("as ours", task.draw)):
        reference = train_published(task, draw, seed)
        goal, seen, seconds = reference.scores.max(), reference.windows[-1], reference.seconds[-1]
        learnt = goal >= LEARNT * positive_rate
        if not learnt:
            print(
                f"seed {seed}, {windows}: the reference learns nothing in {seen} windows, "
                f"{seconds:.0f} s; validation PR-AUC {goal:.4f}, positive rate {positive_rate:.4f}",
                flush=True,
            )
        epochs = train_to(task, seed, goal, len(reference.scores), runs)
        ours = runs[epochs]
        its_windows, its_seconds = reference.reach(goal)
        our_windows, our_seconds = ours.reach(goal) if learnt else (np.nan, np.nan)
        rows.append(
            {
                "seed": seed,
                "windows": windows,
                "its AP": reference.precision,
                "its PR-AUC": goal,
                "its windows": its_windows,
                "its s": its_seconds,
                "to its end": seconds,
                "our epochs": epochs,
                "our AP": ours.precision,
                "our PR-AUC": ours.scores.max(),
                "our windows": our_windows,
                "our s": our_seconds,
                "ratio": our_seconds / its_seconds,
            }
        )
        print(pd.DataFrame(rows[-1:]).to_string(index=False), flush=True)
    return rows


def main() -> None:
    """Train and print a table.

    PR-AUC is of the validation windows, AP of the whole test chromosomes. Windows and seconds are
    those until a recipe had the reference's best PR-AUC, and the ratio is ours to its seconds.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path, help="results/... of a study that has been run")
    parser.add_argument("--seeds", type=int, default=1, help="of both recipes (default 1)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default 2)")
    arguments = parser.parse_args()
    print(devices.set_up(arguments.threads)["device"], file=sys.stderr)
    task = open_task(arguments.study)
    rows = [row for seed in range(1, arguments.seeds + 1) for row in compare(task, seed)]
    table = pd.DataFrame(rows).drop(columns="seed")
    print(f"\nmedian on {arguments.study.name}", flush=True)
    print(table.groupby("windows", sort=False).median().to_string())


if __name__ == "__main__":
    main()
