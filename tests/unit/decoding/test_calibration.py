"""Maps of probabilities against scikit-learn, against where they came from, and as maps must be."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from leopard.decoding import calibration
from leopard.decoding.calibration import STEEPEST, Calibration, describe, fit
from leopard.errors import InputError
from leopard.metrics import ScoreCounts, auroc, average_precision
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss


def draw(truth, n=400_000, seed=1):
    """Probabilities of mostly unbound bases, and labels that follow another probability."""
    rng = np.random.default_rng(seed)
    p = expit(rng.normal(-5, 2.5, n)).astype(np.float32)
    return p, (rng.random(n) < truth(p.astype(float))).astype(np.uint8)


def count(p, labels):
    counts = ScoreCounts()
    counts.update(np.asarray(labels, np.uint8), np.asarray(p, np.float32))
    return counts


TRUTHS = {
    "too sure": Calibration(0.7, 0.5, -0.4),
    "too cautious": Calibration(1.6, 1.4, 1.2),
    "levels off": Calibration(1.8, 0.3, 1.5),
    "right": Calibration(),
}


@pytest.mark.parametrize("truth", TRUTHS.values(), ids=TRUTHS)
def test_the_map_that_labels_came_from_is_found(truth):
    p, labels = draw(truth)
    found = fit(count(p, labels))
    grid = np.linspace(0.001, 0.999, 999)
    np.testing.assert_allclose(found(grid), truth(grid), rtol=0.05, atol=2e-3)
    assert found(p.astype(float)).sum() == pytest.approx(labels.sum(), rel=1e-4)


@pytest.mark.parametrize("truth", TRUTHS.values(), ids=TRUTHS)
def test_the_likeliest_map_is_that_of_scikit_learn(truth):
    p, labels = draw(truth, 50_000)
    found, exact = fit(count(p, labels)), p.astype(float)
    features = np.stack([np.log(exact), -np.log1p(-exact)], 1)
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit(features, labels)
    assert (model.coef_ > 1 / STEEPEST).all()  # where the bounds do not matter
    np.testing.assert_allclose(found(exact), model.predict_proba(features)[:, 1], rtol=2e-3)


def test_within_the_bounds_no_map_is_likelier():
    p, labels = draw(Calibration(0.1, 0.1, -3))
    found = fit(count(p, labels))
    assert found.low == found.high == 1 / STEEPEST
    loss = log_loss(labels, found(p.astype(float)))
    for change in ({"low": 0.3}, {"high": 0.3}, {"shift": found.shift - 0.05}):
        other = Calibration(**{"low": found.low, "high": found.high, "shift": found.shift} | change)
        assert log_loss(labels, other(p.astype(float))) > loss


powers = st.floats(1 / STEEPEST, STEEPEST)


@given(powers, powers, st.floats(-20, 20), st.lists(st.floats(0, 1), min_size=2, max_size=30))
def test_maps_keep_the_order(low, high, shift, probabilities):
    mapped = Calibration(low, high, shift)(np.sort(np.array(probabilities)))
    assert ((mapped >= 0) & (mapped <= 1)).all()
    assert (np.diff(mapped) >= 0).all()


@given(powers, powers, st.floats(-8, 8), st.integers(1, 9999))
def test_maps_are_increasing(low, high, shift, step):
    """Between probabilities that differ as they are written, unless both are as good as certain."""
    one, other = Calibration(low, high, shift)(np.array([step - 0.5, step + 0.5]) / 1e4)
    assert one < other or one > 1 - 1e-12


@given(powers, powers, st.floats(-5, 5), st.floats(1e-5, 0.999))
def test_inverses(low, high, shift, p):
    mapped = Calibration(low, high, shift)(np.array(p))
    if 1e-9 < mapped < 1 - 1e-9:
        assert Calibration(low, high, shift).invert(mapped) == pytest.approx(p, rel=3e-3, abs=1e-6)


@pytest.mark.parametrize("truth", TRUTHS)
def test_the_floor_is_what_is_said_of_a_base_as_likely_to_be_bound_as_any(truth, tmp_path):
    p, labels = draw(TRUTHS[truth])
    found = fit(count(p, labels))
    assert found.rate == labels.mean()
    assert found(np.array(found.floor)) == pytest.approx(found.rate, rel=0.01)
    assert Calibration(found.low, found.high, found.shift).floor == 0
    calibration.write(tmp_path / "map.json", found, {})
    assert calibration.read(tmp_path / "map.json") == found


def test_ranks_do_not_move():
    p, labels = draw(TRUTHS["levels off"])
    before, after = count(p, labels), count(fit(count(p, labels))(p), labels)
    assert average_precision(after) == pytest.approx(average_precision(before), abs=1e-4)
    assert auroc(after) == pytest.approx(auroc(before), abs=1e-4)


def test_type_and_shape_are_kept():
    p = np.full((3, 5), 0.3, np.float32)
    mapped = Calibration(2.0, 1.0, 0.5)(p)
    assert (mapped.dtype, mapped.shape) == (np.float32, (3, 5))
    odds = np.exp(0.5) * 0.3**2 / 0.7
    np.testing.assert_allclose(mapped, odds / (1 + odds), rtol=1e-6)
    np.testing.assert_allclose(Calibration()(p), p, rtol=1e-6)


def test_perfect_separation_makes_nothing_certain():
    p = np.float32([0.001] * 1000 + [0.01] * 10 + [0.5] * 5 + [0.9] * 5)
    found = fit(count(p, p >= 0.5))
    assert max(found.low, found.high) == STEEPEST
    assert found(p.astype(float)).sum() == pytest.approx(10, rel=1e-3)
    assert found(np.array(0.99)) > found(np.array(0.9)) > found(np.array(0.5))


def test_one_bound_base():
    p = np.float32([0.1] * 999 + [0.4])
    found = fit(count(p, [0] * 999 + [1]))
    assert found(p.astype(float)).sum() == pytest.approx(1, rel=1e-3)


def test_scores_that_are_all_the_same():
    found = fit(count([0.2] * 100, [1] * 3 + [0] * 97))
    assert found(np.array(0.2)) == pytest.approx(0.03, rel=1e-3)


def test_many_bound_bases_without_any_above():
    """The likeliest bases are not bound: the map still rises, and adds up."""
    p, labels = draw(TRUTHS["right"])
    labels[p > 0.5] = 0
    found = fit(count(p, labels))
    assert found.low > 0 and found.high > 0
    assert found(p.astype(float)).sum() == pytest.approx(labels.sum(), rel=1e-3)


@pytest.mark.parametrize("label", [0, 1])
def test_nothing_to_fit_is_refused(label):
    with pytest.raises(InputError, match=r"prediction\.calibrate: false"):
        fit(count([0.1, 0.2], [label] * 2))


def test_masked_bases_do_not_count():
    p, labels = draw(TRUTHS["too sure"], 20_000)
    more = np.append(p, np.full(5000, 0.5)), np.append(labels, np.full(5000, 255))
    assert fit(count(*more)) == fit(count(p, labels))


def test_what_a_map_does_is_described():
    p, labels = draw(TRUTHS["too cautious"], 50_000)
    counts = count(p, labels)
    found = fit(counts)
    told = describe(found, counts)
    exact = p.astype(float)
    assert (told["bases"], told["bound"]) == (50_000, labels.sum())
    assert told["expected_before"] == pytest.approx(exact.sum(), rel=1e-9)
    assert told["expected_after"] == pytest.approx(labels.sum(), rel=1e-4)
    assert told["loss_before"] == pytest.approx(log_loss(labels, exact), rel=1e-4)
    assert told["loss_after"] == pytest.approx(log_loss(labels, found(exact)), rel=1e-3)
    assert told["loss_after"] < told["loss_before"]


def test_written_and_read(tmp_path):
    path = tmp_path / "calibration.json"
    calibration.write(path, TRUTHS["levels off"], {"chromosomes": ["chr5"]})
    assert calibration.read(path) == TRUTHS["levels off"]
    assert json.loads(path.read_text())["fitted_on"] == {"chromosomes": ["chr5"]}
