"""Speed of our training and decoding against the published ones, on a study that has been run.

The reference trains the same network as the published code did: float arrays of one-hot DNA and raw
accessibility, through tf.data's shuffle(2000).batch(64) without prefetching; Adam at a constant
0.01, Keras' own initial bias and batch-normalisation momentum. Which of the two recipes learns what
is `recipes.py`'s question.
"""

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from contest import HEADER, contest, rate
from leopard import devices

# isort: split
import keras
import numpy as np
import tensorflow as tf
from leopard import models
from leopard.decoding.decoder import Decoder, tile_chromosome
from leopard.decoding.track import decode_genome
from leopard.genome.formats import read_table
from leopard.genome.tracks import MASKED, Tracks
from leopard.inputs.signals import open_line
from leopard.models.precision import lower
from leopard.training.batches import WindowBatches, WindowSource, open_windows
from leopard.training.fit_metrics import training_metrics
from leopard.training.recipe import Recipe, build

BATCH, LEARNING_RATE, SHUFFLE = 64, 0.01, 2000
BACKGROUND = 0.02
RAW = {"name": "accessibility", "transform": "raw"}
EPOCHS = 3  # of a round of speed: a training starts once, not every epoch


class Task(NamedTuple):
    """A study that has been run: what its first network was trained and is tested on."""

    recipe: dict[str, Any]
    draw: dict[str, Any]
    files: dict[str, Any]
    test: list[str]
    model: Path

    def tracks(self) -> Tracks:
        """Reader of the training cell line."""
        files, signals = self.files, self.draw["signals"]
        return open_line(files["fasta"], signals, files["labels"], files["excluded"])

    def windows(
        self, draw: Mapping[str, Any] | None, seed: int
    ) -> tuple[WindowSource, WindowSource]:
        """Training and validation windows, fresh as `draw` says or the stored ones."""
        return open_windows(self.files, list(self.draw["signals"]), draw, seed, memory=math.inf)


def open_task(study: Path) -> Task:
    """Find the files of a study's first U-Net, which sees accessibility on fresh windows."""
    record_path = min((study / "models/unet").glob("*/training.json"))
    record = json.loads(record_path.read_text())
    line, validation = record_path.parent.name.split("-")[:2]
    arrays = list(record["draw"]["signals"])
    windows = study / "windows"
    files: dict[str, Any] = {
        "windows": windows / "windows.tsv",
        "sequence": windows / "sequence.npy",
        "training_labels": windows / f"{line}.labels.npy",
        "training_signals": [windows / f"{line}.{x}.npy" for x in arrays],
        "validation_labels": windows / f"{validation}.labels.npy",
        "validation_signals": [windows / f"{validation}.{x}.npy" for x in arrays],
        "usable": windows / "usable.tsv",
        "fasta": study / "genome/genome.fa",
        "labels": study / f"labels/{line}.bigWig",
        "excluded": study / "genome/excluded.bed",
    }
    table = read_table(files["windows"])
    test = table.loc[table["split"] == "test", "chrom"].unique().tolist()
    model = record_path.parent / "model.keras"
    return Task(record["recipe"], record["draw"], files, test, model)


def as_in_keras(layer: keras.layers.Layer) -> keras.layers.Layer:
    """A new layer like the given one, but of Keras' own batch normalisation."""
    normalizes = isinstance(layer, keras.layers.BatchNormalization)
    kind = keras.layers.BatchNormalization if normalizes else type(layer)
    return kind.from_config(layer.get_config())


def build_published() -> tuple[keras.Model, keras.Model]:
    """The published model on our inputs, to decode with, and its core on floats, to train."""
    model = models.build("unet", prior=0.5, tracks=[RAW], batch_norm_momentum=0.99)
    core = keras.models.clone_model(model.layers[-1], clone_function=as_in_keras)
    core.compile("adam", "binary_crossentropy", weighted_metrics=training_metrics())
    core.optimizer.learning_rate = LEARNING_RATE
    return model, core


def published_batches(
    source: WindowSource, epoch: int = 0, shuffle: bool = False
) -> tf.data.Dataset:
    """Float windows of one-hot DNA and accessibility, labels and weights, as published."""
    codes, signal, labels, _ = source.read(epoch, np.arange(source.n))
    one_hot = (codes[..., None] == np.arange(4, dtype=np.uint8)).astype(np.float32)
    images = np.concatenate([one_hot, signal], axis=-1)
    bound, counted = (labels == 1)[..., None].astype(np.float32), labels != MASKED
    data = tf.data.Dataset.from_tensor_slices((images, bound, counted.astype(np.float32)))
    return (data.shuffle(SHUFFLE) if shuffle else data).batch(BATCH)


def open_training(
    task: Task, batch_size: int
) -> tuple[keras.Model, WindowBatches, Callable[[], None]]:
    """The recipe's model and batches, and a function that trains for whole epochs.

    Whole ones, as Keras would cut one short that begins amid the data and reaches its end.
    """
    keras.utils.set_random_seed(1)
    training, _ = task.windows(task.draw, 1)
    model = build(Recipe(**task.recipe | {"batch_size": batch_size}), 0.01, training.n)
    batches = WindowBatches(
        training,
        batch_size,
        seed=1,
        flip=task.recipe["reverse_complement"],
        magnitude=task.recipe["signal_magnitude"],
        endless=True,
    )
    stream, steps = devices.read_ahead(batches), len(batches)

    def fit() -> None:
        model.fit(stream, epochs=EPOCHS, steps_per_epoch=steps, verbose=0, shuffle=False)

    return model, batches, fit


def bench_steps(task: Task, rounds: int, batch_size: int) -> None:
    """Windows per second of `fit`, against the reference's."""
    _, batches, ours = open_training(task, batch_size)
    stored, _ = task.windows(None, 1)
    _, core = build_published()
    data = published_batches(stored, shuffle=True)

    def theirs() -> None:
        core.fit(data, epochs=EPOCHS, verbose=0)

    ours()
    theirs()
    contest(
        f"training in batches of {batch_size}, windows/s",
        lambda: rate(EPOCHS * batches.source.n, ours),
        lambda: rate(EPOCHS * stored.n, theirs),
        rounds,
    )


def bench_input(task: Task, rounds: int) -> None:
    """Windows per second of `fit`, and of its input alone, against one batch in memory."""
    model, batches, fit = open_training(task, task.recipe["batch_size"])
    (codes, signal), labels, weights = batches[0]
    inputs = [tf.constant(codes), tf.constant(signal)]
    targets, counted = tf.constant(labels), tf.constant(weights)
    n = EPOCHS * len(batches)

    def loop() -> None:
        model.reset_metrics()
        for _ in range(n):
            model.train_on_batch(inputs, targets, sample_weight=counted)

    def read() -> None:
        for i in range(n):
            batches[i]

    fit()
    loop()
    for name, work in (("fit", fit), ("batches alone, on one core,", read)):
        contest(
            f"{name} against one batch in memory, windows/s",
            partial(rate, EPOCHS * batches.source.n, work),
            partial(rate, n * batches.batch_size, loop),
            rounds,
        )


def bench_decoding(task: Task, rounds: int) -> None:
    """FASTA and bigWig to a bigWig, against bare `predict_on_batch` on its tiles in memory.

    Then in bfloat16, whatever the device gains by it.
    """
    tracks, size = task.tracks(), 8
    decoder = Decoder([models.load(task.model)], 65536, size, both_strands=False)
    sizes = dict(sorted(tracks.chrom_sizes.items(), key=lambda item: -item[1])[:12])
    tiles = [
        (chrom, tile.start, tile.start + tile.length)
        for chrom, n in sizes.items()
        for tile in tile_chromosome(n, decoder.tile_length, decoder.halo, decoder.grid)
    ]
    codes = np.stack([tracks.codes(*tile) for tile in tiles])
    signal = np.stack([tracks.signals(*tile) for tile in tiles])
    batches = [(codes[i : i + size], signal[i : i + size]) for i in range(0, len(tiles), size)]

    def theirs() -> None:
        for batch in batches:
            decoder.networks[0].predict_on_batch(batch)

    theirs()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)

        def ours(decoder: Decoder) -> None:
            path, parts = directory / "p.bigWig", directory / "parts"
            decode_genome(decoder, tracks, sizes, BACKGROUND, path, parts)

        total = sum(sizes.values()) / 1e3
        whole = partial(rate, total, partial(ours, decoder))
        contest("decoding, kb/s", whole, partial(rate, total, theirs), rounds)
        lowered = Decoder([lower(decoder.networks[0])], 65536, size, both_strands=False)
        ours(lowered)
        in_bfloat16 = partial(rate, total, partial(ours, lowered))
        contest("decoding in bfloat16 against float32, kb/s", in_bfloat16, whole, rounds)


def main() -> None:
    """Run the contests and print tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path, help="results/... of a study that has been run")
    parser.add_argument("--rounds", type=int, default=3, help="of each contest (default 3)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default 2)")
    arguments = parser.parse_args()
    print(devices.set_up(arguments.threads)["device"], file=sys.stderr)
    task = open_task(arguments.study)
    print(HEADER)
    bench_decoding(task, arguments.rounds)
    for size in (task.recipe["batch_size"], BATCH):
        bench_steps(task, arguments.rounds, size)
    bench_input(task, arguments.rounds)


if __name__ == "__main__":
    main()
