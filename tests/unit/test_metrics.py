"""Every measure against scikit-learn, Keras or its formula."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from leopard import metrics
from leopard.metrics import ScoreCounts
from sklearn import metrics as sk

TINY = np.finfo(np.float32).tiny


def simulate(seed, n=40_000, rate=0.02, sharpness=3.0):
    """Rare positives with skewed, partly right probabilities."""
    rng = np.random.default_rng(seed)
    labels = (rng.random(n) < rate).astype(np.uint8)
    logits = rng.normal(-5, 2, n) + sharpness * labels
    return labels, (1 / (1 + np.exp(-logits))).astype(np.float32)


def count(labels, scores, probabilities=True):
    counts = ScoreCounts(probabilities)
    counts.update(np.asarray(labels, np.uint8), np.asarray(scores, np.float32))
    return counts


def dice_naively(labels, scores):
    overlap = sum(float(p) for y, p in zip(labels, scores, strict=True) if y == 1)
    total = sum(float(y) + float(p) for y, p in zip(labels, scores, strict=True))
    return (2 * overlap + 1) / (total + 1)


@pytest.fixture(params=[(0, 0.02, 3.0), (1, 0.3, 1.0), (2, 0.001, 6.0), (3, 0.02, 0.0)])
def case(request):
    seed, rate, sharpness = request.param
    return simulate(seed, rate=rate, sharpness=sharpness)


def test_average_precision_and_auroc(case):
    counts = count(*case)
    assert metrics.average_precision(counts) == pytest.approx(
        sk.average_precision_score(*case), abs=2e-4
    )
    assert metrics.auroc(counts) == pytest.approx(sk.roc_auc_score(*case), abs=2e-4)


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 8)), min_size=2, max_size=40).filter(
        lambda x: len({y for y, _ in x}) == 2
    )
)
def test_curves_are_exact_where_each_bin_holds_one_score(pairs):
    labels, level = np.array(pairs).T
    scores = np.float32([0, 1e-6, 0.01, 0.2, 0.5, 0.75, 0.99, 0.9999, 1])[level]
    counts = count(labels, scores)
    average_precision = sk.average_precision_score(labels, scores)
    assert metrics.average_precision(counts) == pytest.approx(average_precision, abs=1e-12)
    assert metrics.auroc(counts) == pytest.approx(sk.roc_auc_score(labels, scores), abs=1e-12)
    precision, recall, thresholds = metrics.precision_recall_curve(counts)
    expected = sk.precision_recall_curve(labels, scores)
    np.testing.assert_allclose(precision, expected[0][-2::-1], atol=1e-12)
    np.testing.assert_allclose(recall, expected[1][-2::-1], atol=1e-12)
    np.testing.assert_allclose(thresholds, expected[2][::-1], rtol=1e-3, atol=1e-12)
    assert (thresholds <= expected[2][::-1]).all()


def test_scores_that_are_no_probabilities():
    labels, scores = simulate(4)
    scores = -np.log1p(-scores) * 300
    scores[:5000] = 0
    counts = count(labels, scores, probabilities=False)
    average_precision = sk.average_precision_score(labels, scores)
    assert metrics.average_precision(counts) == pytest.approx(average_precision, abs=2e-4)
    assert metrics.auroc(counts) == pytest.approx(sk.roc_auc_score(labels, scores), abs=2e-4)
    threshold = metrics.best_threshold(counts)
    assert metrics.overlap_at(counts, threshold)[0] == pytest.approx(
        sk.f1_score(labels, scores >= threshold), abs=1e-12
    )
    summary = metrics.summarise(counts, threshold)
    undefined = {"loss", "pr_auc", "dice_coef", "binary_io_u", "dice_half", "calibration"}
    assert {name for name, value in summary.items() if np.isnan(value)} == undefined


@pytest.mark.parametrize("probabilities", [True, False])
def test_extreme_scores(probabilities):
    scores = np.float32([0, -0.0, TINY, 1e-30, 1e-7, 1 - 6e-8, 1, 1])
    labels = np.uint8([0, 0, 0, 1, 0, 0, 1, 1])
    counts = count(labels, scores, probabilities)
    assert (counts.n, counts.n_positive) == (8, 3)
    expected = sk.average_precision_score(labels, scores)
    assert metrics.average_precision(counts) == pytest.approx(expected, abs=1e-12)


def test_loss(case):
    labels, scores = case
    clipped = np.clip(scores.astype(float), 1e-7, 1 - 1e-7)
    summary = metrics.summarise(count(labels, scores), 0.5)
    assert summary["loss"] == pytest.approx(sk.log_loss(labels, clipped), rel=1e-9)
    assert summary["positive_rate"] == pytest.approx(labels.mean())


def test_loss_of_certain_errors_is_finite():
    counts = count([1, 0, 1, 0], [0, 1, 1, 0])
    assert counts.cross_entropy == pytest.approx(-2 * np.log(1e-7), rel=1e-6)


@pytest.mark.parametrize("rounded", [False, True])
def test_pr_auc_is_that_of_keras(device, case, rounded):
    import keras

    labels, scores = case
    if rounded:
        scores = scores.round(2)  # many on thresholds, many ties
    keras_metric = keras.metrics.AUC(1001, curve="PR")
    keras_metric.update_state(labels, scores)
    assert metrics.pr_auc(count(labels, scores)) == pytest.approx(
        float(keras_metric.result()), abs=1e-5
    )


@pytest.mark.parametrize("positive", [0.5005, 0.5, 0.4995, 0.0, 1.0])
@pytest.mark.parametrize("negative", [0.5005, 0.5, 0.4995, 0.0, 1.0])
def test_pr_auc_on_the_edge_of_a_threshold(device, positive, negative):
    import keras

    labels, scores = [1, 0, 0], np.float32([positive, negative, 0.2])
    keras_metric = keras.metrics.AUC(1001, curve="PR")
    keras_metric.update_state(labels, scores)
    assert metrics.pr_auc(count(labels, scores)) == pytest.approx(
        float(keras_metric.result()), abs=1e-5
    )


def test_pr_auc_by_hand():
    # Above every threshold: 1 true of 2. Between them, one more true of two more.
    labels, scores = [1, 0, 1, 0], [1, 1, 0.3, 0.3]
    # Davis & Goadrich: precision is constant at 1/2 all along.
    assert metrics.pr_auc(count(labels, scores)) == pytest.approx(0.5, abs=1e-12)
    assert metrics.pr_auc(count([1, 1, 0], [0.9, 0.8, 0.1])) == pytest.approx(1)


def test_dice_coef_is_the_mean_of_its_batches():
    batches = [simulate(seed, n=300, rate=rate) for seed, rate in ((0, 0.1), (1, 0.0), (2, 0.5))]
    counts = ScoreCounts()
    for labels, scores in batches:
        counts.update(labels, scores)
    expected = np.mean([dice_naively(*batch) for batch in batches])
    summary = metrics.summarise(counts, 0.5)
    assert summary["dice_coef"] == pytest.approx(expected, rel=1e-9)
    assert count([0], [0]).dice == 1  # smoothing


@pytest.mark.parametrize("threshold", [0.5, 0.25, 0.75, 0.01])
def test_overlap(case, threshold):
    labels, scores = case
    # Scores in the threshold's own bin, 0.1% wide, may count on either side.
    odds, at = scores / (1 - scores.astype(float)), threshold / (1 - threshold)
    clear = abs(odds / at - 1) > 2e-3
    labels, scores = labels[clear], scores[clear]
    dice, iou = metrics.overlap_at(count(labels, scores), threshold)
    called = scores >= threshold
    assert dice == pytest.approx(sk.f1_score(labels, called, zero_division=0), abs=1e-12)
    assert iou == pytest.approx(sk.jaccard_score(labels, called, zero_division=0), abs=1e-12)


def test_overlap_at_half_is_exact(case):
    labels, scores = case
    scores[:100] = 0.5
    scores[100:200] = np.nextafter(np.float32(0.5), np.float32(0))
    dice, iou = metrics.overlap_at(count(labels, scores), 0.5)
    summary = metrics.summarise(count(labels, scores), 0.1)
    assert dice == pytest.approx(sk.f1_score(labels, scores >= 0.5, zero_division=0), abs=1e-12)
    assert (dice, iou) == (summary["dice_half"], summary["binary_io_u"])
    assert summary["binary_io_u_best"] == metrics.overlap_at(count(labels, scores), 0.1)[1]


def sweep(labels, scores):
    """The largest Dice of all thresholds."""
    precision, recall, _ = sk.precision_recall_curve(labels, scores)
    return np.max(2 * precision * recall / np.maximum(precision + recall, 1e-9))


@pytest.mark.parametrize("probabilities", [True, False])
@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.floats(0, 1, width=32)), min_size=1, max_size=20
    ).filter(lambda x: any(y for y, _ in x))
)
def test_the_best_threshold_gives_the_largest_dice(probabilities, pairs):
    labels, scores = np.array([y for y, _ in pairs]), np.float32([p for _, p in pairs])
    counts = count(labels, scores, probabilities)
    threshold = metrics.best_threshold(counts)
    assert metrics.overlap_at(counts, threshold)[0] == pytest.approx(
        sk.f1_score(labels, scores >= threshold, zero_division=0), abs=1e-12
    )
    # Scores in one bin cannot be told apart; elsewhere the sweep is the answer.
    bins = metrics.bin_values(metrics._odds(scores) if probabilities else scores)
    if len(np.unique(bins)) == len(np.unique(scores)):
        assert metrics.overlap_at(counts, threshold)[0] == pytest.approx(sweep(labels, scores))


@pytest.mark.parametrize("seed", range(12))
def test_the_best_threshold_of_many_scores(seed):
    labels, scores = simulate(seed, rate=0.1, sharpness=2)
    counts = count(labels, scores)
    threshold = metrics.best_threshold(counts)
    dice, iou = metrics.overlap_at(counts, threshold)
    assert dice == pytest.approx(sweep(labels, scores), abs=1e-3)
    # Calling p >= threshold, as on genomes, calls the very bases that the counts stand for.
    assert dice == pytest.approx(sk.f1_score(labels, scores >= threshold), abs=1e-12)
    assert iou == pytest.approx(dice / (2 - dice))


def test_masked_bases_do_not_count(case):
    labels, scores = case
    rng = np.random.default_rng(9)
    masked = rng.random(len(labels)) < 0.3
    with_mask = count(np.where(masked, 255, labels), scores)
    assert metrics.summarise(with_mask, 0.3) == metrics.summarise(
        count(labels[~masked], scores[~masked]), 0.3
    )
    assert with_mask.n == (~masked).sum()


def test_counts_add_up(case):
    labels, scores = (array.reshape(4, -1) for array in case)
    together, apart = ScoreCounts(), ScoreCounts()
    for batch in zip(labels, scores, strict=True):
        together.update(*batch)
        apart = apart + count(*batch)
    assert together.batches == apart.batches == 4
    for name in ("positives", "negatives", "pr_positives", "pr_negatives"):
        np.testing.assert_array_equal(getattr(together, name), getattr(apart, name))
    assert metrics.summarise(together, 0.2) == pytest.approx(metrics.summarise(apart, 0.2))
    assert (count([1], [3.0], False) + count([0], [2.0], False)).probabilities is False


def test_without_positives_or_negatives():
    none = metrics.summarise(count([0, 0, 0], [0.1, 0.2, 0.9]), 0.5)
    assert np.isnan(none["average_precision"]) and np.isnan(none["auroc"])
    assert (none["dice_half"], none["binary_io_u"], none["positive_rate"]) == (0, 0, 0)
    every = metrics.summarise(count([1, 1], [0.1, 0.9]), 0.05)
    assert every["average_precision"] == 1 and np.isnan(every["auroc"])
    assert every["dice_best"] == 1
    assert np.isnan(metrics.summarise(ScoreCounts(), 0.5)["average_precision"])
