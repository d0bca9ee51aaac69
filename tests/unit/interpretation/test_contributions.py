"""Integrated gradients against cases worked out by hand, and on both backends."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from conftest import randomise
from leopard import models
from leopard.errors import InputError
from leopard.genome.tracks import encode_sequence
from leopard.interpretation import contributions
from leopard.interpretation.contributions import (
    FIRST_STEPS,
    LARGEST_ERROR,
    MOST_STEPS,
    SMALL,
    Explainer,
    Windows,
    miss,
    observe,
)
from leopard.interpretation.gradients import open_network

COMPOSITION = np.array([0.3, 0.2, 0.2, 0.3])
ROOT = Path(__file__).resolve().parents[3]


def draw_windows(n=3, length=256, arrays=1, seed=1):
    rng = np.random.default_rng(seed)
    codes = rng.choice(5, (n, length), p=[0.24, 0.25, 0.25, 0.24, 0.02]).astype(np.uint8)
    signals = rng.gamma(1, 2, (n, length, arrays)).astype(np.float32)
    site = np.zeros((n, length), np.float32)
    for row in site:
        start = rng.integers(length // 3, length // 2)
        row[start : start + 12] = 1
    return Windows(codes, signals, site)


@pytest.fixture(scope="module")
def linear(device):
    """A network whose logit at a base is a weighted sum of the channels there and beside it."""
    encoding = models.build("cnn", prior=0.1, base_order="ATCG").layers[2]
    inputs = keras.Input((None, encoding.channels))
    outputs = keras.layers.Conv1D(1, 3, padding="same", activation="sigmoid")(inputs)
    core = keras.Model(inputs, outputs)
    codes = keras.Input((None,), dtype="uint8")
    signal = keras.Input((None, 1))
    return randomise(keras.Model([codes, signal], core(encoding([codes, signal]))), 5)


def test_a_linear_network_is_what_its_weights_say(linear):
    windows = draw_windows(1, 32)
    found = Explainer([linear], COMPOSITION, False, batch_size=2).explain(windows)
    kernel, bias = (x.numpy() for x in linear.layers[-1].layers[-1].weights)
    # Base i feeds the logits of i - 1, i and i + 1 by the taps 2, 1 and 0.
    by_hand = np.zeros((5, 32))  # channels A T C G and the signal
    for base in range(32):
        for tap, middle in zip((2, 1, 0), (base - 1, base, base + 1), strict=True):
            if 0 <= middle < 32:
                by_hand[:, base] += kernel[tap, :, 0] * windows.site[0, middle]
    slopes = by_hand[[0, 2, 3, 1]].T  # A C G T
    known = windows.codes[0] < 4
    expected = (slopes - (slopes @ COMPOSITION)[:, None]) * known[:, None]
    np.testing.assert_allclose(found.hypothetical[0], expected, atol=1e-5)
    # Where nothing depends on both, the two orders say the same.
    seen = np.log1p(windows.signals[0, :, 0])
    assert found.accessibility[0] == pytest.approx((by_hand[4] * seen).sum(), abs=1e-2)
    assert found.with_signal[0] == pytest.approx(found.without_signal[0], abs=1e-3)
    assert found.sequence[0] == pytest.approx(observe(expected, windows.codes[0]).sum(), abs=1e-3)
    assert found.reference[0] == pytest.approx(
        12 * bias[0] + (slopes @ COMPOSITION * known).sum(), abs=1e-4
    )
    assert found.steps[0] == 16


@pytest.fixture(scope="module")
def unet(device):
    """Whose weights are the initial ones, but whose bases are in another order."""
    return models.build("unet", prior=0.01, base_order="ATCG")


def test_reference_sequence_and_signal_make_the_logit(unet):
    windows = draw_windows(2, 128)
    found = Explainer([unet], COMPOSITION, True, batch_size=2).explain(windows)
    observed = found.observed(windows.codes)
    total = found.reference + found.sequence + found.accessibility
    np.testing.assert_allclose(total, found.logit, rtol=1e-5)
    small = SMALL * windows.site.sum(1) / np.abs(found.with_signal)
    assert np.all(found.error(windows.codes) <= np.maximum(LARGEST_ERROR, small))
    # Both orders of putting them in, one after the other.
    dark, explainer = windows.darken(), Explainer([unet], COMPOSITION, True, batch_size=2)
    corners = [explainer.logits(x, unread) for x in (windows, dark) for unread in (False, True)]
    both, signal, sequence, neither = corners
    orders = [(sequence - neither, both - sequence), (both - signal, signal - neither)]
    shares = np.mean(orders, axis=0)
    np.testing.assert_allclose(found.sequence, shares[0], rtol=1e-4)
    np.testing.assert_allclose(found.accessibility, shares[1], rtol=1e-4)
    assert np.all(np.abs(found.with_signal / found.without_signal - 1) > 0.01)
    assert not observed[windows.codes == 4].any() and observed[windows.codes < 4].all()
    # The mean over bases as likely as in the genome is the reference's, which adds nothing.
    np.testing.assert_allclose(found.hypothetical @ COMPOSITION, 0, atol=1e-5)


def test_steps_are_doubled_where_the_integral_misses(networks, monkeypatch):
    """A rugged network needs more of them for some windows, and is as complete in the end."""
    windows = draw_windows(3, 96)
    explainer = Explainer(networks[2:], COMPOSITION, False, batch_size=3)
    lenient = explainer.explain(windows)
    monkeypatch.setattr(contributions, "SMALL", 0)
    found = explainer.explain(windows)
    errors = found.error(windows.codes)
    assert np.all((errors <= LARGEST_ERROR) | (found.steps == MOST_STEPS))
    for number, steps in enumerate(found.steps):
        one = windows.take(np.array([number]))
        again = explainer.integrate(one, steps)
        np.testing.assert_allclose(again[0], found.hypothetical[number], atol=1e-5)
        if steps > FIRST_STEPS:
            sums = observe(explainer.integrate(one, steps // 2), one.codes).sum(1)
            change = found.logit[number] - found.signal_alone[number]
            assert miss(sums, change).item() > LARGEST_ERROR
    assert max(found.steps) > FIRST_STEPS
    # A change next to none is not chased.
    assert max(lenient.steps) < max(found.steps)
    missed = lenient.error(windows.codes) * np.abs(lenient.with_signal)
    allowed = np.maximum(LARGEST_ERROR * np.abs(lenient.with_signal), SMALL * windows.site.sum(1))
    assert np.all(missed <= allowed)


def test_logits_are_behind_the_probabilities(networks):
    windows = draw_windows(2, 256)
    for network in networks:
        opened = open_network(network)
        logits = opened.logits(opened.encode(windows.codes, windows.signals))
        probabilities = network.predict_on_batch([windows.codes, windows.signals])[..., 0]
        np.testing.assert_allclose(1 / (1 + np.exp(-logits)), probabilities, atol=1e-5)


def test_the_opposite_strand_is_explained_alike(networks):
    """Whichever strand a window is given on, the mean over both strands is the same."""
    windows = draw_windows(3, 128)
    both = Explainer(networks[2:], COMPOSITION, True, batch_size=3)
    one, other = (both.integrate(x, 8) for x in (windows, windows.flip()))
    np.testing.assert_allclose(one, other[:, ::-1, ::-1], atol=1e-4)
    single = Explainer(networks[2:], COMPOSITION, False, batch_size=3)
    each = single.integrate(windows, 8), single.integrate(windows.flip(), 8)[:, ::-1, ::-1]
    np.testing.assert_allclose(one, np.mean(each, axis=0), atol=1e-4)
    assert np.abs(each[0] - each[1]).max() > 1e-2


def test_members_are_averaged_and_batches_do_not_matter(networks, linear):
    windows = draw_windows(3, 128)
    members = [networks[2], linear]
    each = [Explainer([x], COMPOSITION, False, batch_size=3).integrate(windows, 4) for x in members]
    both = Explainer(members, COMPOSITION, False, batch_size=2).integrate(windows, 4)
    np.testing.assert_allclose(both, np.mean(each, axis=0), atol=1e-5)


def test_the_value_of_the_present_base():
    values = np.arange(12.0).reshape(3, 4)
    assert observe(values, encode_sequence("CNT")).tolist() == [1, 0, 11]


def test_the_completeness_error():
    assert miss(np.array([1.1, -3.0, 0.0]), np.array([1.0, 3.0, 0.0])) == pytest.approx([0.1, 2, 0])


def test_a_network_without_a_sigmoid_is_refused(device):
    network = models.build("cnn", prior=0.1)
    network.layers[-1].layers[-1].activation = keras.activations.relu
    with pytest.raises(InputError, match="no sigmoid"):
        open_network(network)
    with pytest.raises(InputError, match="not an encoding and one core"):
        open_network(network.layers[-1])


BACKEND = """
import sys
sys.path[:0] = ["tests/unit/interpretation", "tests/unit"]
from test_contributions import compute_both, models
import numpy as np
np.savez(sys.argv[2], *compute_both(models.load(sys.argv[1])))
"""


def compute_both(network):
    """Logits and contributions, of as many steps on either backend."""
    explainer = Explainer([network], COMPOSITION, True, batch_size=2)
    windows = draw_windows(2, 128)
    return explainer.logits(windows), explainer.integrate(windows, 4)


@pytest.mark.slow
def test_jax_says_what_tensorflow_says(networks, tmp_path):
    pytest.importorskip("jax")
    networks[0].save(tmp_path / "model.keras")
    subprocess.run(
        [sys.executable, "-c", BACKEND, tmp_path / "model.keras", tmp_path / "found.npz"],
        cwd=ROOT,
        env=os.environ | {"KERAS_BACKEND": "jax", "PYTHONPATH": "workflow/scripts"},
        check=True,
    )
    here = compute_both(networks[0])
    with np.load(tmp_path / "found.npz") as there:
        for name, value in zip(there.files, here, strict=True):
            assert np.abs(value).max() > 0.1
            np.testing.assert_allclose(there[name], value, atol=1e-3)
