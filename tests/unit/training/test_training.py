"""Training: it learns, goes on exactly after a kill, and keeps its best epoch."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from leopard import metrics, models
from leopard.errors import InputError, TimeUpError
from leopard.models import reach
from leopard.models.normalization import BatchNormalization
from leopard.training.batches import WindowBatches, Windows, describe
from leopard.training.fit import train
from leopard.training.journal import Journal
from leopard.training.losses import build_loss
from leopard.training.recipe import Recipe, _optimizer, build

pytestmark = pytest.mark.usefixtures("device")

RECIPE = Recipe(
    architecture="cnn",
    xla=False,
    precision="float32",
    prior_bias=True,
    base_order="ACGT",
    tracks=[{"name": "accessibility", "transform": "log1p"}],
    batch_norm_momentum=0.8,
    loss="binary_crossentropy",
    dice_weight=0.0,
    optimizer="adam",
    weight_decay=None,
    learning_rate=0.003,
    schedule="constant",
    warmup=0,
    batch_size=8,
    epochs=2,
    patience=50,
    reverse_complement=True,
    signal_magnitude=(0.8, 1.2),
    seed=7,
)
LONG = replace(
    RECIPE,
    architecture="tiny",
    dice_weight=0.01,
    weight_decay=0.01,
    schedule="cosine",
    warmup=0.05,
    epochs=12,
)
THREADS = 2
HERE = Path(__file__).parent
PYTHONPATH = os.pathsep.join([str(HERE), str(HERE.parents[2] / "workflow/scripts")])
ENVIRONMENT = {**os.environ, "PYTHONPATH": PYTHONPATH, "TF_CPP_MIN_LOG_LEVEL": "3"}
FOLLOWED = ["loss", "pr_auc", "dice_coef", "binary_io_u"]
CLOCKS = ["fit_seconds", "seconds"]


def build_tiny(channels, output_bias, batch_norm_momentum):
    """Build what a U-Net is made of, once each."""
    layers = keras.layers
    x = inputs = keras.Input((None, channels))
    x = layers.Conv1D(8, 7, padding="same", activation="relu")(x)
    x = BatchNormalization(momentum=batch_norm_momentum)(x)
    x = layers.Conv1DTranspose(8, 2, strides=2, padding="same")(layers.MaxPooling1D(2)(x))
    bias = keras.initializers.Constant(output_bias)
    outputs = layers.Conv1D(1, 1, activation="sigmoid", bias_initializer=bias, dtype="float32")(x)
    return keras.Model(inputs, outputs)


def build_plain(channels, output_bias, batch_norm_momentum):
    """Build one in which windows of a batch do not meet: no batch normalisation."""
    inputs = keras.Input((None, channels))
    x = keras.layers.Conv1D(8, 7, padding="same", activation="relu")(inputs)
    return keras.Model(inputs, keras.layers.Conv1D(1, 1, activation="sigmoid")(x))


@keras.saving.register_keras_serializable()
class Greedy(keras.layers.Layer):
    """Wants a terabyte for each window of a batch beyond the sixth."""

    def call(self, x):
        beyond = keras.ops.maximum(keras.ops.shape(x)[0] - 6, 0)
        waste = keras.random.uniform((beyond, 2**19, 2**19))  # constants are folded away
        return x + 1e-30 * keras.ops.sum(waste)


def build_greedy(channels, output_bias, batch_norm_momentum):
    """Build the plain one, with a layer that large batches are too much for."""
    inputs = keras.Input((None, channels))
    return keras.Model(inputs, build_plain(channels, output_bias, 0)(Greedy()(inputs)))


reach.RULES[Greedy] = reach.RULES[keras.layers.Identity]  # or it is refused, as any unknown layer
models.BUILDERS.update(tiny=build_tiny, plain=build_plain, greedy=build_greedy)


class Bumps:
    """Windows whose bound bases have a high signal; some are masked."""

    def __init__(self, seed, n, length=64, inverted=False):
        rng = np.random.default_rng(seed)
        self.n, self.arrays = n, ["accessibility"]
        self.codes = rng.integers(0, 4, (n, length)).astype(np.uint8)
        self.signal = rng.gamma(1, 1, (n, length, 1)).astype(np.float32)
        self.labels = np.zeros((n, length), np.uint8)
        for row in range(n):
            at = rng.integers(4, length - 4)
            self.labels[row, at - 3 : at + 4] = 1
        self.signal[..., 0] += 30 * ((self.labels == 1) ^ inverted)
        self.labels[rng.random((n, length)) < 0.1] = 255

    def read(self, epoch, rows):
        return Windows(self.codes[rows], self.signal[rows], self.labels[rows])


def run(outputs, recipe, training=None, validation=None, checkpoints=None):
    """Train as a job would and return what it wrote."""
    from leopard import devices

    device = devices.set_up(THREADS)
    outputs.mkdir(parents=True, exist_ok=True)
    checkpoints = checkpoints or outputs / "checkpoints"
    train(
        recipe, training or Bumps(1, 52), validation or Bumps(2, 12), outputs, checkpoints, device
    )
    assert not checkpoints.exists()
    history = pd.read_csv(outputs / "history.tsv", sep="\t")
    record = json.loads((outputs / "training.json").read_text())
    return models.load(outputs / "model.keras"), history, record


def weights(model):
    return np.concatenate([np.ravel(w) for w in model.get_weights()])


def count(model, source):
    windows = source.read(0, np.arange(source.n))
    counts = metrics.ScoreCounts()
    counts.update(windows.labels, model.predict_on_batch([windows.codes, windows.signal])[..., 0])
    return counts


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """Checkpoints of a run whose process was killed after its second epoch."""
    directory = tmp_path_factory.mktemp("killed")
    code = (
        "from pathlib import Path; import test_training as t;"
        f"t.run(Path({str(directory)!r}), t.LONG)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env=ENVIRONMENT,
        stderr=subprocess.PIPE,
    )
    history = directory / "checkpoints/history.tsv"
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        if history.exists() and len(history.read_text().splitlines()) > 2:
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    _, errors = process.communicate()
    assert process.returncode == -signal.SIGKILL, errors.decode()
    assert not (directory / "model.keras").exists()
    return directory


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, device):
    return run(tmp_path_factory.mktemp("undisturbed"), LONG)


@pytest.fixture(scope="module")
def resumed(killed, device):
    directory = killed.with_name("resumed")
    shutil.copytree(killed, directory)
    began = len(pd.read_csv(directory / "checkpoints/history.tsv", sep="\t"))
    assert 2 <= began < LONG.epochs
    result = run(directory, LONG)
    return began, *result


def test_a_killed_run_ends_as_one_that_was_never_stopped(undisturbed, resumed):
    model, history, record = undisturbed
    _, resumed_model, resumed_history, resumed_record = resumed
    pd.testing.assert_frame_equal(
        history.drop(columns=CLOCKS), resumed_history.drop(columns=CLOCKS), check_exact=True
    )
    np.testing.assert_array_equal(weights(model), weights(resumed_model))
    timed = {"training_time", "windows_per_second", "utilisation", "peak_memory_mib"}
    assert {k: v for k, v in record.items() if k not in timed} == {
        k: v for k, v in resumed_record.items() if k not in timed
    }
    # The clock counts the epochs before the kill as well.
    assert resumed_record["training_time"] == pytest.approx(
        resumed_history["seconds"].sum(), abs=0.06
    )


def test_it_learns(undisturbed):
    _, history, _ = undisturbed
    assert history["loss"].iloc[-1] < 0.6 * history["loss"].iloc[0]
    assert history["pr_auc"].iloc[-1] > 0.8
    assert history["val_pr_auc"].max() > 0.8


def test_history(undisturbed):
    _, history, _ = undisturbed
    assert next(iter(history)) == "epoch"
    measures = [*FOLLOWED, "objective"]
    expected = ["epoch", *measures, *(f"val_{x}" for x in measures), "learning_rate", *CLOCKS]
    assert sorted(history) == sorted(expected)
    assert history["epoch"].tolist() == list(range(1, LONG.epochs + 1))
    assert (history["seconds"] >= history["fit_seconds"]).all() and (history["seconds"] > 0).all()


def test_learning_rate_rises_and_decays(undisturbed):
    steps = 7  # of 8 windows, of 52
    warmup, total = 4, LONG.epochs * steps
    expected = [
        LONG.learning_rate * 0.5 * (1 + np.cos(np.pi * (step - warmup) / (total - warmup)))
        for step in range(steps, total + 1, steps)
    ]
    np.testing.assert_allclose(undisturbed[1]["learning_rate"], expected, rtol=1e-4, atol=1e-9)


def test_record(undisturbed, device):
    _, history, record = undisturbed
    best = history.loc[record["best_epoch"] - 1]
    assert record["recipe"] == json.loads(json.dumps(asdict(LONG)))
    assert (record["parameters"], record["training_windows"]) == (
        8 * 5 * 7 + 8 + 4 * 8 + 8 * 8 * 2 + 8 + 8 + 1,
        52,
    )
    assert record["epochs"] == LONG.epochs and best["val_pr_auc"] == history["val_pr_auc"].max()
    for name in FOLLOWED:
        assert record[f"best_val_{name}"] == pytest.approx(best[f"val_{name}"], rel=1e-5)
    assert record["training_time"] == pytest.approx(history["seconds"].sum(), abs=0.06)
    assert record["windows_per_second"] == pytest.approx(
        52 / history["fit_seconds"].median(), rel=0.01
    )
    assert 100 < record["peak_memory_mib"] < 100_000
    assert 0 < record["utilisation"] <= 1.01
    assert record["windows_at_once"] == LONG.batch_size
    assert {key: record[key] for key in device} == device
    rate, digest = describe(Bumps(1, 52))
    assert (record["data"]["training"], record["data"]["training_positive_rate"]) == (digest, rate)
    assert record["data"]["validation"] == describe(Bumps(2, 12))[1]


def test_the_best_epoch_is_saved_patience_ends_and_masked_bases_do_not_count(tmp_path):
    # What is learnt is wrong on validation: it gets worse and worse.
    validation = Bumps(3, 8, inverted=True)
    validation.labels[5:] = 255
    recipe = replace(RECIPE, architecture="tiny", learning_rate=0.03, epochs=9, patience=2)
    model, history, record = run(tmp_path, recipe, validation=validation)
    best = int(history["val_pr_auc"].idxmax()) + 1
    assert record["best_epoch"] == best
    assert len(history) == record["epochs"] == best + 2 < 9
    measured = metrics.summarise(count(model, validation), 0.5)
    for name in FOLLOWED:
        assert history[f"val_{name}"][best - 1] == pytest.approx(measured[name], rel=1e-4), name
    assert history["val_loss"].iloc[-1] > 1.05 * history["val_loss"][best - 1]
    assert (history["learning_rate"] == 0.03).all()  # constant


def test_masked_windows_teach_nothing(tmp_path):
    few, more = Bumps(4, 16), Bumps(4, 16)
    junk = Bumps(5, 8, inverted=True)
    more.n = 24
    for name in ("codes", "signal", "labels"):
        setattr(more, name, np.concatenate([getattr(more, name), getattr(junk, name)]))
    more.labels[16:] = 255
    recipe = replace(
        RECIPE,
        architecture="plain",
        batch_size=24,
        epochs=3,
        reverse_complement=False,
        signal_magnitude=(1, 1),
    )
    (model, history, _), (other, others, _) = (
        run(tmp_path / str(source.n), recipe, training=source) for source in (few, more)
    )
    np.testing.assert_allclose(weights(model), weights(other), atol=1e-4)
    np.testing.assert_allclose(history[FOLLOWED], others[FOLLOWED], rtol=1e-3)
    windows = recipe.batch_size
    assert WindowBatches(more, windows)[0][2].sum() == WindowBatches(few, windows)[0][2].sum()


@pytest.mark.parametrize("which", ["training", "validation"])
def test_no_positives_is_an_error(tmp_path, which):
    empty = Bumps(1, 8)
    empty.labels[empty.labels == 1] = 0
    with pytest.raises(InputError, match=f"{which} windows: no base is bound"):
        run(tmp_path, RECIPE, **{which: empty})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "gamma"), [("binary_crossentropy", 0), ("binary_focal_crossentropy", 2)]
)
def test_losses_are_means_over_unmasked_bases(name, gamma):
    rng = np.random.default_rng(0)
    labels = (rng.random((3, 20, 1)) < 0.3).astype(np.uint8)
    scores = rng.uniform(0.01, 0.99, labels.shape).astype(np.float32)
    counted = rng.random((3, 20)) < 0.6
    right = np.where(labels == 1, scores, 1 - scores)[counted]
    expected = np.mean((1 - right) ** gamma * -np.log(right))
    weights = counted * rng.uniform(0.1, 9, (3, 1))  # how large they are is for metrics
    loss = build_loss(name, 0)(labels, scores, sample_weight=weights)
    assert float(loss) == pytest.approx(expected, rel=1e-5)
    dice = []
    for y, p, w in zip(labels[..., 0], scores[..., 0], counted, strict=True):
        dice.append((2 * (y * p)[w].sum() + 1) / (y[w].sum() + p[w].sum() + 1))
    with_dice = build_loss(name, 0.3)(labels, scores, sample_weight=weights)
    assert float(with_dice) == pytest.approx(expected + 0.3 * (1 - np.mean(dice)), rel=1e-5)


class Diverge(keras.callbacks.Callback):
    """Makes the weights infinite in an epoch."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            weights = self.model.get_weights()
            self.model.set_weights([np.full_like(w, np.inf) for w in weights])


def diverge(outputs, epoch):
    callbacks = [Diverge(epoch)]
    train(LONG, Bumps(1, 52), Bumps(2, 12), outputs, outputs / "checkpoints", {}, callbacks)


def test_a_loss_that_is_no_number_ends_training_with_the_best_epoch_before(tmp_path, undisturbed):
    diverge(tmp_path, 3)
    history = pd.read_csv(tmp_path / "history.tsv", sep="\t")
    assert json.loads((tmp_path / "training.json").read_text())["diverged"]
    expected = undisturbed[1].iloc[:3].drop(columns=CLOCKS)
    pd.testing.assert_frame_equal(history.drop(columns=CLOCKS), expected, check_dtype=False)
    assert np.isfinite(weights(models.load(tmp_path / "model.keras"))).all()


def test_a_loss_that_never_was_a_number_is_an_error(tmp_path):
    with pytest.raises(InputError, match="the loss is not a number; lower training"):
        diverge(tmp_path, 0)
    assert not (tmp_path / "model.keras").exists()


@pytest.mark.slow
def test_training_stops_before_its_time_is_up_and_goes_on_later(tmp_path, undisturbed):
    sources = (Bumps(1, 52), Bumps(2, 12), tmp_path, tmp_path / "checkpoints", {})
    with pytest.raises(TimeUpError, match="1 of 12 epochs are finished; run again to go on"):
        train(LONG, *sources, deadline=time.time())
    with pytest.raises(TimeUpError, match="2 of 12"):
        train(LONG, *sources, deadline=time.time())
    train(LONG, *sources, deadline=time.time() + 10_000)
    history = pd.read_csv(tmp_path / "history.tsv", sep="\t")
    pd.testing.assert_frame_equal(
        history.drop(columns=CLOCKS), undisturbed[1].drop(columns=CLOCKS), check_exact=True
    )


# Checkpoints


@pytest.fixture
def journal(killed, tmp_path):
    """Open a copy of the checkpoints under their own identity, or one that differs."""
    directory = tmp_path / "checkpoints"
    shutil.copytree(killed / "checkpoints", directory)
    identity = json.loads((directory / "identity.json").read_text())
    assert identity.pop("parts") == 1
    assert identity.items() >= json.loads(json.dumps(asdict(LONG))).items()
    return lambda **changes: Journal(directory, {**identity, **changes}, LONG)


@pytest.fixture(scope="module")
def tiny(device):
    return build(LONG, positive_rate=0.1, windows=52)


@pytest.mark.parametrize("parts", [1, 2])
def test_the_rate_falls_as_that_of_keras_2(parts):
    recipe = replace(RECIPE, schedule="inverse_time")
    rate = _optimizer(recipe, steps=7 * parts, parts=parts)._learning_rate
    for step in (0, 1, 5000):
        expected = recipe.learning_rate / (1 + 1e-5 * step)
        assert float(rate(step * parts)) == pytest.approx(expected, rel=1e-6)


def test_checkpoints_of_the_same_run_are_used(journal, tiny):
    own = journal()
    epochs = own.resume(tiny)
    assert epochs == len(own.history) >= 2
    assert int(tiny.optimizer.iterations.numpy()) == 7 * epochs


@pytest.mark.parametrize("change", [{"learning_rate": 0.1}, {"training": "another digest"}])
def test_checkpoints_of_another_run_are_dropped(journal, tiny, change):
    other = journal(**change)
    assert other.resume(tiny) == 0 and other.history.empty and not other.finished
    assert [path.name for path in other.directory.iterdir()] == ["identity.json"]


@pytest.mark.parametrize("name", ["history.tsv", "identity.json"])
@pytest.mark.parametrize("missing", [20, None], ids=["its end", "everything"])
def test_a_truncated_journal_starts_again(journal, tiny, tmp_path, caplog, name, missing):
    path = tmp_path / "checkpoints" / name
    path.write_bytes(path.read_bytes()[: -missing if missing else 0])
    own = journal()
    assert "corrupt checkpoints" in caplog.text and "training starts again" in caplog.text
    assert own.resume(tiny) == 0 and own.history.empty


def test_truncated_weights_start_training_again(killed, tmp_path, undisturbed, caplog):
    shutil.copytree(killed / "checkpoints", tmp_path / "checkpoints")
    for path in (tmp_path / "checkpoints").glob("epoch-*"):
        path.write_bytes(path.read_bytes()[:5000])
    model, history, _ = run(tmp_path, LONG)
    assert "corrupt checkpoints" in caplog.text and "going on after" not in caplog.text
    pd.testing.assert_frame_equal(
        history.drop(columns=CLOCKS), undisturbed[1].drop(columns=CLOCKS), check_exact=True
    )
    np.testing.assert_array_equal(weights(model), weights(undisturbed[0]))


def test_only_the_last_and_the_best_epoch_are_kept(journal, tiny):
    own = journal()
    last = own.resume(tiny)
    best = int(own.history["val_pr_auc"].idxmax()) + 1
    kept = {f"epoch-{epoch:04d}.weights.h5" for epoch in (last, best)}
    # The kill may have come before the tidying, or amid the next epoch's weights.
    present = {path.name for path in own.directory.glob("epoch-*")}
    assert kept <= present and len(present - kept) <= 2


def test_an_interrupted_removal_leaves_no_history(journal, tiny):
    own = journal()
    (own.directory / "a directory").mkdir()  # stops the removal somewhere
    with pytest.raises(OSError):
        own.remove()
    assert not (own.directory / "history.tsv").exists()
    (own.directory / "a directory").rmdir()
    assert journal().resume(tiny) == 0


@pytest.mark.slow
def test_out_of_memory_the_same_batches_are_computed_in_parts(tmp_path, caplog):
    caplog.set_level("WARNING")
    training, validation = Bumps(1, 48), Bumps(2, 12)
    for source in (training, validation):  # masked bases weigh differently in parts of a batch
        source.labels[source.labels == 255] = 0
    recipe = replace(
        LONG,
        batch_size=24,
        epochs=3,
        schedule="constant",
        warmup=0,
        reverse_complement=False,
        signal_magnitude=(1, 1),
    )
    (_, whole, _), (_, split, record) = (
        run(tmp_path / name, replace(recipe, architecture=name), training, validation)
        for name in ("plain", "greedy")
    )
    assert "each batch of 24 windows is now computed in 4 parts of 6" in caplog.text
    assert record["windows_at_once"] == 6 and record["recipe"]["batch_size"] == 24
    for name in ("val_loss", "val_pr_auc"):
        np.testing.assert_allclose(split[name], whole[name], rtol=1e-3)


def test_checkpoints_remember_the_parts(journal, tiny):
    own = journal()
    own.split_batches()
    assert own.parts == 2 and own.history.empty
    own.history = pd.DataFrame({"epoch": [1], "val_pr_auc": [0.5]})
    own.history.to_csv(own.directory / "history.tsv", sep="\t", index=False)
    assert journal().parts == 2 and len(journal().history) == 1
    assert journal(learning_rate=0.1).parts == 1


@pytest.mark.slow
def test_xla_learns_the_same(tmp_path, undisturbed):
    code = (
        "from pathlib import Path; from leopard import devices;"
        "devices.set_up(2, xla=True); devices.set_up = lambda *_: {};"
        f"import test_training as t; t.run(Path({str(tmp_path)!r}), t.replace(t.LONG, xla=True))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Model doesn't support `jit_compile=True`" not in done.stderr
    history = pd.read_csv(tmp_path / "history.tsv", sep="\t")
    for name in ("loss", "val_loss"):
        np.testing.assert_allclose(history[name], undisturbed[1][name], rtol=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_lower_precision_learns_as_well(tmp_path, undisturbed, precision):
    try:
        model, history, record = run(tmp_path / precision, replace(LONG, precision=precision))
    finally:
        keras.config.set_dtype_policy("float32")
    assert record["recipe"]["precision"] == precision
    assert model.compute_dtype == precision.removeprefix("mixed_")
    windows = Bumps(2, 12).read(0, np.arange(12))
    predicted = model.predict_on_batch([windows.codes, windows.signal])
    assert predicted.dtype == np.float32
    assert history["val_pr_auc"].max() > undisturbed[1]["val_pr_auc"].max() - 0.05
