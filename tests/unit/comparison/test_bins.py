"""Bins against a loop over bins, sites and bases."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from leopard.comparison.bins import LENGTH, STRIDE, bin_maximum, count_bins, label_bins
from leopard.genome.tracks import MASKED
from leopard.metrics import ScoreCounts, auroc, average_precision
from sklearn import metrics as sk


def bin_naively(size):
    return [(start, start + LENGTH) for start in range(0, size, STRIDE) if start + LENGTH <= size]


def label_naively(labels):
    sites, start = [], None
    for base, label in enumerate([*labels, 0]):
        if label == 1 and start is None:
            start = base
        elif label != 1 and start is not None:
            sites.append((start, base))
            start = None
    result = []
    for first, end in bin_naively(len(labels)):
        shared = [(min(end, e) - max(first, s), e - s) for s, e in sites]
        if any(bases >= min(LENGTH / 2, length) for bases, length in shared):
            result.append(1)
        else:
            result.append(MASKED if any(labels[first:end]) else 0)
    return result


runs = st.tuples(
    st.sampled_from([0, 0, 1, MASKED]),
    st.sampled_from([1, 2, 19, 49, 50, 99, 100, 101, 150, 250, 400]),
)


@given(st.lists(runs, max_size=12))
def test_labels_are_those_of_a_loop(drawn):
    labels = np.array([label for label, n in drawn for _ in range(n)], np.uint8)
    found = label_bins(labels)
    assert found.dtype == np.uint8
    assert found.tolist() == label_naively(labels.tolist())


@given(st.integers(0, 900))
def test_maximum_is_that_of_a_loop(size):
    values = np.random.default_rng(size).random(size).astype(np.float32)
    found = bin_maximum(values)
    assert found.dtype == np.float32 and len(found) == count_bins(size)
    assert found.tolist() == [values[start:end].max() for start, end in bin_naively(size)]


@pytest.mark.parametrize(
    ("site", "bound"),
    [
        ((300, 301), [3, 4, 5, 6]),
        ((199, 201), [1, 2, 3]),
        ((380, 480), [6, 7]),
        ((400, 700), [6, 7, 8, 9, 10, 11, 12]),
    ],
)
def test_bound_bins_by_hand(site, bound):
    labels = np.zeros(1000, np.uint8)
    labels[slice(*site)] = 1
    assert np.flatnonzero(label_bins(labels) == 1).tolist() == bound


def test_measures_of_bins_agree_with_scikit_learn():
    rng = np.random.default_rng(7)
    labels = (rng.random(60_000) < 0.002).astype(np.uint8)
    labels[20_000:20_500] = MASKED
    scores = (rng.random(60_000) ** np.where(labels == 1, 1, 60)).astype(np.float32)
    of_bins, bins = label_bins(labels), bin_maximum(scores)
    counts = ScoreCounts()
    counts.update(of_bins, bins)
    kept = of_bins != MASKED
    assert (~kept).sum() > 0 and counts.n == kept.sum()
    bound = of_bins[kept] == 1
    assert average_precision(counts) == pytest.approx(
        sk.average_precision_score(bound, bins[kept]), abs=1e-3
    )
    assert auroc(counts) == pytest.approx(sk.roc_auc_score(bound, bins[kept]), abs=1e-3)
