"""Motif hits against a scan that multiplies out every position."""

import numpy as np
import pytest
from conftest import MOTIF
from leopard.genome.tracks import reverse_complement
from leopard.inputs.motifs import scan

WIDTH = 5
PSEUDOCOUNT = 1e-4  # memelite's
ODDS = np.log2((MOTIF + PSEUDOCOUNT) / 0.25)


def score_naively(codes):
    """Log-odds of every hit position without N: {(start, strand): score}."""
    scores = {}
    for start in range(len(codes) - WIDTH + 1):
        word = codes[start : start + WIDTH]
        if (word < 4).all():
            flipped = reverse_complement(word)
            scores[start, "+"] = sum(ODDS[base, i] for i, base in enumerate(word))
            scores[start, "-"] = sum(ODDS[base, i] for i, base in enumerate(flipped))
    return scores


def survival():
    """Scores of all words and, for each, the share of words that score as much: exact p-values."""
    words = np.stack(np.meshgrid(*[range(4)] * WIDTH, indexing="ij"), -1).reshape(-1, WIDTH)
    scores = np.sort(ODDS[words, np.arange(WIDTH)].sum(1))
    return scores, 1 - np.arange(len(scores)) / len(scores)


@pytest.fixture(scope="module")
def codes():
    return np.random.default_rng(3).choice(5, 3000, p=[0.24] * 4 + [0.04]).astype(np.uint8)


@pytest.mark.parametrize("p_value", [0.05, 0.005])
def test_scan_finds_what_a_loop_finds(codes, p_value):
    expected = score_naively(codes)
    hits = scan(codes, MOTIF, p_value)
    found = {(row.start, row.strand): row.score for row in hits.itertuples()}
    assert len(found) == len(hits) > 10
    assert set(found) <= set(expected)  # never over N
    assert hits["start"].is_monotonic_increasing and set(hits["strand"]) == {"+", "-"}
    for key, score in found.items():
        assert score == pytest.approx(expected[key], abs=1e-5)
    # Whatever scores more than the least hit is a hit.
    assert {key for key, score in expected.items() if score > min(found.values())} <= set(found)
    # memelite bins scores by 0.1 a column, so its p-values are exact to that.
    scores, p = survival()
    slack = 0.05 * WIDTH + 0.1
    for row in hits.itertuples():
        least, most = (np.interp(row.score + d, scores, p) for d in (slack, -slack))
        assert least <= row.p_value <= most
        assert row.p_value <= p_value


def test_scan_by_hand():
    sequence = np.array([0, 1, 2, 0, 3] + [1] * 5 + [0, 3, 1, 2, 3] + [1] * 5, np.uint8)
    hits = scan(sequence, MOTIF, 0.001)  # ACGAT, and its reverse complement
    assert hits[["start", "strand"]].to_numpy().tolist() == [[0, "+"], [10, "-"]]
    best = np.log2(MOTIF.max(0) + PSEUDOCOUNT).sum() + 2 * WIDTH
    assert hits["score"].to_numpy() == pytest.approx([best, best], abs=1e-5)


@pytest.mark.parametrize("sequence", [[], [0, 1, 2, 0], [0, 1, 4, 0, 3], [4] * 9])
def test_scan_of_what_holds_no_word(sequence):
    hits = scan(np.array(sequence, np.uint8), MOTIF, 1.0)
    assert hits.empty and list(hits) == ["start", "strand", "score", "p_value"]
