"""Lower precision: the same network, folded and rounded."""

import keras
import numpy as np
import pytest
from keras import layers
from leopard import devices, models
from leopard.models import leaf_layers, precision
from leopard.models.normalization import Bound
from leopard.models.reach import derive_reach

pytestmark = pytest.mark.usefixtures("device")


@pytest.fixture(autouse=True)
def seed():
    """Initial weights are the same in every run."""
    keras.utils.set_random_seed(1)


def draw_windows(rng, n=2, length=1024):
    codes = rng.integers(0, 5, (n, length)).astype(np.uint8)
    return [codes, rng.gamma(1, 3, (n, length, 1)).astype(np.float32)]


def disturb(network, rng, windows):
    """Weights as after training, scales of either sign, and statistics of what there is to see."""
    for layer in leaf_layers(network):
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = 0
            layer.gamma.assign(rng.normal(1, 0.8, layer.gamma.shape))
            layer.beta.assign(rng.normal(0, 0.3, layer.beta.shape))
    network(windows, training=True)


def logits(network, windows):
    said = network.predict_on_batch(windows).astype(float)
    return np.log(said / (1 - said))


def test_folding_changes_nothing_but_rounding(monkeypatch):
    monkeypatch.setattr(precision, "LOWER", "float32")
    rng = np.random.default_rng(1)
    network = models.build("unet", prior=0.1)
    windows = draw_windows(rng)
    disturb(network, rng, windows)
    folded = precision.lower(network)
    kinds = [type(layer) for layer in leaf_layers(folded)]
    assert Bound in kinds and not any(issubclass(x, layers.BatchNormalization) for x in kinds)
    wanted = logits(network, windows)
    assert wanted.std() > 0.1
    np.testing.assert_allclose(logits(folded, windows), wanted, atol=1e-4)
    assert derive_reach(folded) == derive_reach(network)


def test_bfloat16_says_nearly_the_same(tmp_path):
    rng = np.random.default_rng(2)
    network = models.build("unet", prior=0.1)
    windows = draw_windows(rng)
    disturb(network, rng, windows)
    lowered = precision.lower(network)
    dtypes = [x.compute_dtype for x in leaf_layers(lowered) if x.weights]
    assert dtypes == ["float32", *["bfloat16"] * (len(dtypes) - 2), "float32"]
    wanted, found = logits(network, windows), logits(lowered, windows)
    assert 0 < np.abs(found - wanted).mean() < 0.1 * wanted.std()
    lowered.save(tmp_path / "lowered.keras")
    again = models.load(tmp_path / "lowered.keras")
    np.testing.assert_array_equal(logits(again, windows), found)


def build_forked():
    """Convolutions that are not to be folded: read twice, no ReLU, and the output."""
    inputs = x = keras.Input((None, 5))
    x = twice = layers.Conv1D(4, 3, padding="same", activation="relu")(x)
    x = layers.BatchNormalization()(x)
    x = layers.Add()([x, twice])
    x = layers.Conv1D(4, 3, padding="same", activation="tanh")(x)
    x = layers.BatchNormalization(scale=False)(x)
    x = layers.Conv1D(4, 3, padding="same", activation="relu")(x)  # this one is
    x = layers.BatchNormalization(center=False)(x)
    x = layers.Activation("sigmoid")(layers.Conv1D(1, 1)(x))
    return keras.Model(inputs, x)


def test_only_what_is_the_same_afterwards_is_folded(monkeypatch):
    network = build_forked()
    rng = np.random.default_rng(3)
    network.set_weights([0.5 + rng.random(x.shape) for x in network.get_weights()])
    windows = rng.normal(size=(2, 64, 5)).astype(np.float32)
    wanted = network.predict_on_batch(windows)
    lowered = precision.lower(network)
    kinds = [type(layer).__name__ for layer in lowered.layers]
    assert kinds.count("Bound") == 1 and kinds.count("BatchNormalization") == 2
    # Logits keep float32 though another layer makes probabilities of them.
    assert [x.compute_dtype for x in lowered.layers[-2:]] == ["float32", "float32"]
    monkeypatch.setattr(precision, "LOWER", "float32")
    np.testing.assert_allclose(
        precision.lower(network).predict_on_batch(windows), wanted, atol=1e-6
    )


def test_auto_is_what_the_device_does_best(monkeypatch):
    network = models.build("cnn", prior=0.1)
    assert precision.suit([network], "float32") == [network]
    for flags, lowered in (("fma amx_bf16 avx512f", True), ("fma avx512f avx512_bf16", False)):
        monkeypatch.setattr(devices, "_cpu", lambda key, flags=flags: flags)
        (suited,) = precision.suit([network], "auto")
        assert (suited is not network) == lowered
