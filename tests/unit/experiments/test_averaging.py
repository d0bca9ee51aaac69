"""Averaged predictions against those of every pass by itself, and what is scored."""

import numpy as np
import pytest
from leopard.experiments.averaging import AVERAGES, predict_average, score_averages
from leopard.genome.tracks import reverse_complement
from leopard.models.reach import derive_reach
from leopard.training.batches import Windows
from sklearn.metrics import average_precision_score

GRID, LENGTH = 32, 256


@pytest.fixture(scope="module")
def windows():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 5, (6, LENGTH)).astype(np.uint8)
    signal = rng.gamma(1, 3, (*codes.shape, 1)).astype(np.float32)
    labels = (rng.random(codes.shape) < 0.1).astype(np.uint8)
    labels[0, :100] = 255
    return Windows(codes, signal, labels)


def predict(network, codes, signal):
    return network.predict_on_batch([codes, signal])[..., 0]


def test_shifts_and_strands(networks, windows):
    network = networks[0]
    codes, signal, *_ = windows
    expected = np.zeros((6, LENGTH - 2 * GRID))
    for shift in (0, 8):
        part = slice(shift, LENGTH - GRID + shift)
        forward = predict(network, codes[:, part], signal[:, part])
        flipped = predict(network, reverse_complement(codes[:, part]), signal[:, part][:, ::-1])
        for base in range(GRID, LENGTH - GRID):
            expected[:, base - GRID] += forward[:, base - shift] / 4
            expected[:, base - GRID] += flipped[:, ::-1][:, base - shift] / 4
    ours = predict_average(network, codes, signal, (0, 8), both_strands=True)
    np.testing.assert_allclose(ours, expected, atol=1e-5)
    assert ours.std() > 0.01


@pytest.mark.parametrize("number", [0, 2], ids=["unet", "cnn"])
def test_scores(networks, windows, number):
    class Source:
        n, arrays = 6, ["accessibility"]

        def read(self, epoch, rows):
            return Windows(*(array[rows] for array in windows[:3]))

    network = networks[number]
    scores = score_averages(network, Source(), batch_size=4)
    assert set(scores) == set(AVERAGES)
    grid = derive_reach(network).grid
    labels = windows.labels[:, grid:-grid]
    counted = labels != 255
    four = [grid * i // 4 for i in range(4)]
    for name, shifts in (("predict_once", (0,)), ("predict_four_shifts", four)):
        passed = predict_average(network, windows.codes, windows.signal, shifts, False)
        expected = average_precision_score(labels[counted], passed[counted])
        assert scores[name] == pytest.approx(expected, abs=0.02)
