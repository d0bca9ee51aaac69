"""Patterns are matched as memelite matches their cores, and the motif lies where it belongs."""

import numpy as np
import pandas as pd
import pytest
from leopard.genome.formats import read_motifs
from leopard.interpretation.motif_matches import (
    COLUMNS,
    correlate_aligned,
    match_patterns,
    write_consensus,
    write_meme,
    write_table,
)
from leopard.interpretation.motif_patterns import Pattern
from memelite import tomtom
from scipy.stats import false_discovery_control

pytestmark = pytest.mark.slow  # memelite is compiled for a minute

RNG = np.random.default_rng(3)
KNOWN = [
    (f"known_{n}", RNG.dirichlet([0.3] * 4, size=width).T)
    for n, width in enumerate(RNG.integers(7, 16, 40))
]
EVEN = np.full((4, 1), 0.25)


def make_pattern(matrix: np.ndarray, before: int, behind: int, seqlets: int = 3) -> Pattern:
    """A pattern whose core is a matrix, with even positions of no contributions around it."""
    frequencies = np.hstack([EVEN.repeat(before, 1), matrix, EVEN.repeat(behind, 1)])
    scores = np.pad(np.ones_like(matrix), ((0, 0), (before, behind)))
    columns = {"site": range(seqlets), "start": 0, "end": 9, "reverse": False}
    return Pattern("pos_patterns.pattern_0", frequencies, scores, pd.DataFrame(columns))


@pytest.mark.parametrize("reverse", [False, True])
def test_a_known_motif_is_found_where_it_lies(reverse):
    name, matrix = KNOWN[5]
    width = matrix.shape[1]
    shown = matrix[::-1, ::-1] if reverse else matrix
    pattern = make_pattern(shown[:, 1:-1], 6, 3)  # what the core lacks is even
    (match,) = match_patterns([pattern], KNOWN)
    assert match.name == name and match.reverse is reverse
    assert match.first == 5 and match.columns == width  # one position before the core
    expected = np.hstack([EVEN, shown[:, 1:-1], EVEN])
    r = np.corrcoef(expected.ravel(), shown.ravel())[0, 1]
    assert match.correlation == pytest.approx(r)
    p_values = tomtom([shown[:, 1:-1]], [x for _, x in KNOWN])[0][0]
    assert match.p_value == p_values[5] == p_values.min()
    assert match.q_value == pytest.approx(false_discovery_control(p_values.clip(0, 1))[5])


def test_a_motif_that_goes_on_beyond_the_pattern():
    matrix = KNOWN[7][1]
    pattern = make_pattern(matrix[:, 2:], 0, 0)
    (match,) = match_patterns([pattern], KNOWN)
    assert (match.name, match.first) == ("known_7", -2)
    assert match.columns == matrix.shape[1] - 2
    assert match.correlation == pytest.approx(1)


def test_correlations_are_those_of_what_overlaps():
    pattern, motif = RNG.random((4, 9)), RNG.random((4, 5))
    columns, r = correlate_aligned(pattern, motif, 6)
    assert columns == 3
    assert r == pytest.approx(np.corrcoef(pattern[:, 6:].ravel(), motif[:, :3].ravel())[0, 1])


def test_few_known_motifs_are_told_of(caplog):
    match_patterns([make_pattern(KNOWN[0][1], 0, 0)], KNOWN[:4])
    assert "4 known motifs are too few" in caplog.text


def test_the_table_and_the_motifs_as_files(tmp_path):
    patterns = [make_pattern(KNOWN[1][1], 2, 2, 9), make_pattern(KNOWN[2][1], 2, 2, 3)]
    write_table(patterns, match_patterns(patterns, KNOWN), tmp_path / "motifs.tsv")
    table = pd.read_csv(tmp_path / "motifs.tsv", sep="\t")
    assert list(table.columns) == list(COLUMNS)
    assert table["match"].tolist() == ["known_1", "known_2"]
    assert table["share"].tolist() == [0.75, 0.25]
    write_meme(patterns, tmp_path / "motifs.meme")
    for (_, matrix), pattern in zip(read_motifs(tmp_path / "motifs.meme"), patterns, strict=True):
        first, last = pattern.core
        np.testing.assert_allclose(matrix, pattern.frequencies[:, first:last], atol=2e-6)
    assert match_patterns([], KNOWN) == []
    write_table([], [], tmp_path / "motifs.tsv")
    assert pd.read_csv(tmp_path / "motifs.tsv", sep="\t").empty


def test_letters_of_the_consensus():
    matrix = np.array([[0.9, 0.1, 0.4], [0.1, 0.2, 0.3], [0, 0.6, 0.2], [0, 0.1, 0.1]])
    assert write_consensus(make_pattern(matrix, 1, 1)) == "AGa"


def test_what_the_network_does_without_is_of_the_motif_still():
    """Contributions at two positions of nine; informative ones go on beside them, with one gap."""
    sure, even = [1.0, 0, 0, 0], [0.25] * 4
    matrix = np.array([sure, even, even, even, sure, sure, even, sure, even]).T
    scores = np.zeros_like(matrix)
    scores[0, 4:6] = 1
    pattern = Pattern("pos_patterns.pattern_0", matrix, scores, pd.DataFrame())
    assert pattern.core == (4, 6) and pattern.motif == (4, 8)
