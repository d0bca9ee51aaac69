"""What Keras follows during training against the measures of the whole set."""

import numpy as np
import pytest
from leopard.metrics import ScoreCounts, summarise

pytestmark = pytest.mark.usefixtures("device")


@pytest.fixture
def batches():
    rng = np.random.default_rng(0)
    result = []
    for n in (8, 8, 3):
        labels = (rng.random((n, 40, 1)) < 0.1).astype(np.uint8)
        logits = rng.normal(-2, 2, labels.shape) + 3 * labels
        weights = rng.random((n, 40)) < 0.7
        result.append((labels, (1 / (1 + np.exp(-logits))).astype(np.float32), weights))
    return result


def dice(labels, scores):
    return (2 * (labels * scores).sum() + 1) / (labels.sum() + scores.sum() + 1)


def test_dice_coefficient(batches):
    from leopard.training.fit_metrics import DiceCoefficient

    metric = DiceCoefficient()
    for labels, scores, _ in batches:
        metric.update_state(labels, scores)
    expected = np.mean([dice(labels, scores) for labels, scores, _ in batches])
    assert float(metric.result()) == pytest.approx(expected, rel=1e-5)
    metric.reset_state()
    for labels, scores, weights in batches:
        metric.update_state(labels, scores, weights)
    expected = np.mean([dice(labels[w], scores[w]) for labels, scores, w in batches])
    assert float(metric.result()) == pytest.approx(expected, rel=1e-5)


def test_metrics_of_evaluate_are_those_of_the_unmasked_bases(batches):
    import keras
    from leopard.training.fit_metrics import training_metrics

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return len(batches)

        def __getitem__(self, index):
            labels, scores, weights = batches[index]
            return scores, labels, weights

    inputs = keras.Input((40, 1))
    model = keras.Model(inputs, keras.layers.Identity()(inputs))
    model.compile(loss="binary_crossentropy", weighted_metrics=training_metrics())
    followed = model.evaluate(Batches(), return_dict=True, verbose=0)

    counts = ScoreCounts()
    for labels, scores, weights in batches:
        counts.update(np.where(weights, labels[..., 0], 255), scores[..., 0])
    expected = summarise(counts, 0.5)
    assert followed["cross_entropy"] == pytest.approx(expected["loss"], rel=1e-4)
    for name in ("pr_auc", "dice_coef", "binary_io_u"):
        assert followed[name] == pytest.approx(expected[name], rel=1e-4), name


def test_a_window_of_weight_three_halves_counts_as_three_of_one_half(batches):
    from leopard.training.fit_metrics import training_metrics

    labels, scores, counted = batches[0]
    times = np.arange(len(labels)) % 3 + 1
    repeated = [np.repeat(array, times, axis=0) for array in (labels, scores, counted)]
    for once, thrice in zip(training_metrics(), training_metrics(), strict=True):
        once.update_state(labels, scores, (counted * (times[:, None] / 2)).astype(np.float16))
        thrice.update_state(repeated[0], repeated[1], repeated[2] * np.float32(0.5))
        assert float(once.result()) == pytest.approx(float(thrice.result()), rel=1e-5), once.name
