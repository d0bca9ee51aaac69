"""Mutagenesis against a plain loop of whole predictions, and against the gradients."""

import numpy as np
import pytest
from conftest import randomise
from leopard import models
from leopard.genome.tracks import reverse_complement
from leopard.interpretation.contributions import Explainer, Windows
from leopard.interpretation.mutagenesis import average_loss, correlate_ranks, mutate

COMPOSITION = np.full(4, 0.25)


@pytest.fixture(scope="module")
def network(device):
    return randomise(models.build("cnn", prior=0.3), 7)


@pytest.fixture
def windows():
    rng = np.random.default_rng(3)
    codes = rng.choice(5, (2, 96), p=[0.24, 0.24, 0.24, 0.23, 0.05]).astype(np.uint8)
    site = np.zeros((2, 96), np.float32)
    site[0, 40:46], site[1, 50:53] = 1, 1
    return Windows(codes, rng.gamma(1, 2, (2, 96, 1)).astype(np.float32), site)


def logit_by_hand(network, codes, signal, site):
    """Of one window, the mean of both strands, from what the saved network predicts."""
    found = []
    for flipped in (False, True):
        own = reverse_complement(codes) if flipped else codes
        seen = signal[::-1] if flipped else signal
        p = network.predict_on_batch([own[None], seen[None]])[0, :, 0].astype(np.float64)
        logits = np.log(p) - np.log1p(-p)
        found.append((logits * (site[::-1] if flipped else site)).sum())
    return np.mean(found)


def test_mutants_are_those_of_a_plain_loop(network, windows):
    explainer = Explainer([network], COMPOSITION, True, batch_size=4)
    wanted = np.zeros(windows.codes.shape, bool)
    wanted[:, 38:50] = True
    before = windows.codes.copy()
    effects = mutate(explainer, windows, wanted)
    np.testing.assert_array_equal(windows.codes, before)
    expected = np.zeros_like(effects)
    for row, (codes, signal, site) in enumerate(
        zip(windows.codes, windows.signals, windows.site, strict=True)
    ):
        present = logit_by_hand(network, codes, signal, site)
        for position in np.flatnonzero(wanted[row] & (codes < 4)):
            for base in {0, 1, 2, 3} - {int(codes[position])}:
                mutant = codes.copy()
                mutant[position] = base
                expected[row, position, base] = (
                    logit_by_hand(network, mutant, signal, site) - present
                )
    np.testing.assert_allclose(effects, expected, atol=2e-3)
    assert np.abs(expected).max() > 0.1


def test_gradients_rank_bases_as_mutants_do(network, windows):
    explainer = Explainer([network], COMPOSITION, False, batch_size=4)
    wanted = np.zeros(windows.codes.shape, bool)
    wanted[0, 30:56] = True
    lost = average_loss(mutate(explainer, windows, wanted))
    observed = explainer.explain(windows).observed(windows.codes)
    assert correlate_ranks(observed[wanted], lost[wanted]) > 0.6


def test_what_a_logit_loses():
    effects = np.array([[[0.0, -3, -6, 0], [0, 0, 0, 0]]])
    assert average_loss(effects).tolist() == [[3, 0]]


def test_ranks_of_a_constant_are_not_known():
    assert np.isnan(correlate_ranks(np.ones(4), np.arange(4.0)))
    assert correlate_ranks(np.array([1.0, 2, 9]), np.array([0.0, 5, 6])) == 1
