"""The same model on TensorFlow and on JAX, each in a process of its own."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not find_spec("jax"), reason="no JAX here"),
]

PREDICT = """
import sys
from leopard import devices
backend, windows, outputs, *paths = sys.argv[1:]
record = devices.set_up(2, backend)
import numpy as np
from leopard import models
data = np.load(windows)
networks = [models.load(path) for path in paths]
said = [x.predict_on_batch([data["codes"], data["signal"]]) for x in networks]
np.save(outputs, np.stack(said))
print(record["backend"])
"""

TRAIN = """
import json, sys
from dataclasses import replace
from pathlib import Path
from leopard import devices
backend, tests, outputs, n_devices, n_training, n_validation, changes = sys.argv[1:]
record = devices.set_up(2, backend, int(n_devices))
assert record["n_devices"] == int(n_devices)
sys.path.insert(0, tests)
from test_training import LONG, Bumps
from leopard.training.fit import train
outputs = Path(outputs)
outputs.mkdir()
recipe = replace(LONG, **json.loads(changes))
training, validation = Bumps(1, int(n_training)), Bumps(2, int(n_validation))
train(recipe, training, validation, outputs, outputs / "checkpoints", record)
"""

NORMALIZE = """
import sys
from leopard import devices
devices.set_up(2, sys.argv[1])
import keras, numpy as np
from leopard.models.normalization import BatchNormalization
def learn(normalization, precision):
    keras.utils.set_random_seed(1)
    keras.config.set_dtype_policy(precision)
    norms = [normalization(momentum=0.8) for _ in range(2)]
    convolutions = [keras.layers.Conv1D(n, 3, activation="relu") for n in (5, 1)]
    parts = [part for pair in zip(convolutions, norms) for part in pair]
    model = keras.Sequential([keras.Input((None, 4)), *parts])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    rng = np.random.default_rng(1)
    for norm in norms:
        norm.gamma.assign(rng.normal(size=norm.gamma.shape))
    for _ in range(4):
        model.train_on_batch(3 + rng.normal(size=(6, 32, 4)), rng.normal(size=(6, 28, 1)))
    return model.get_weights()
for precision, tolerance in ("float32", 1e-4), ("mixed_bfloat16", 0.03):
    found = learn(BatchNormalization, precision)
    expected = learn(keras.layers.BatchNormalization, precision)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)
"""


def run(script, *arguments):
    scripts = Path(__file__).resolve().parents[3] / "workflow" / "scripts"
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(scripts)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def train(backend, outputs, n_devices, n_training, n_validation, **changes):
    numbers = (n_devices, n_training, n_validation)
    run(
        TRAIN,
        backend,
        Path(__file__).parents[1] / "training",
        outputs,
        *numbers,
        json.dumps(changes),
    )


@pytest.fixture(scope="module")
def windows(tmp_path_factory):
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("windows") / "windows.npz"
    np.savez(
        path,
        codes=rng.integers(0, 5, (2, 1024)).astype(np.uint8),
        signal=rng.gamma(1, 3, (2, 1024)).astype(np.float32),
    )
    return path


def test_it_trains_on_jax_and_both_predict_the_same(networks, windows, tmp_path):
    networks[0].save(tmp_path / "model.keras")
    train("jax", tmp_path / "jax", 1, 52, 12, epochs=4)
    record = json.loads((tmp_path / "jax/training.json").read_text())
    assert record["backend"].startswith("jax ")
    assert record["best_val_pr_auc"] > 0.3
    # What JAX trained stands for itself: only registered layers are ours.
    paths = tmp_path / "model.keras", tmp_path / "jax/model.keras"
    said = []
    for backend in ("tensorflow", "jax"):
        outputs = tmp_path / f"{backend}.npy"
        assert run(PREDICT, backend, windows, outputs, *paths).startswith(f"{backend} ")
        said.append(np.load(outputs))
    assert (said[0].std(axis=(1, 2, 3)) > 0.01).all()
    np.testing.assert_allclose(*said, atol=1e-4, rtol=0)


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_batch_normalization_learns_what_that_of_keras_does(backend):
    run(NORMALIZE, backend)


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_several_devices_learn_what_one_does(tmp_path, backend):
    one, four = tmp_path / "1", tmp_path / "4"
    for n, outputs in ((1, one), (4, four)):
        train(backend, outputs, n, 48, 16, epochs=2, warmup=0)
    histories = [pd.read_csv(x / "history.tsv", sep="\t") for x in (one, four)]
    for name in ("loss", "val_loss"):
        np.testing.assert_allclose(*(x[name] for x in histories), rtol=1e-3)
