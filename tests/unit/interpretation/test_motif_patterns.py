"""TF-MoDISco as we call it gives back the motif that contributions were made with."""

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from leopard.genome.formats import read_motif
from leopard.interpretation.motif_matches import match_patterns
from leopard.interpretation.motif_patterns import find_patterns, read_patterns
from leopard.interpretation.motif_places import place_seqlets, scan_contributions
from leopard.study.explained import HYPOTHETICAL, LEAST_SITES, OBSERVED, ONE_HOT

SHIPPED = sorted(Path(__file__).parents[3].glob("resources/motifs/*.meme"))
MATRIX = read_motif(next(x for x in SHIPPED if "MA0139.1" in x.name))[1]
WIDTH, SITES = 230, 200


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Contributions of random sequences with a word of the matrix, on either strand.

    A base of the word has its log odds, all others a little noise.
    """
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 4, (SITES, WIDTH))
    scores = rng.normal(0, 0.02, (SITES, WIDTH, 4))
    odds = np.log2((MATRIX.T + 0.01) / 0.26)
    places = rng.integers(70, 140, SITES)
    turned = rng.random(SITES) < 0.5
    for row, first in enumerate(places):
        word = np.array([rng.choice(4, p=column / column.sum()) for column in MATRIX.T])
        own = slice(first, first + len(word))
        codes[row, own] = 3 - word[::-1] if turned[row] else word
        scores[row, own] += odds[::-1, ::-1] if turned[row] else odds
    one_hot = np.eye(4)[codes]
    path = tmp_path_factory.mktemp("made") / "contributions.h5"
    with h5py.File(path, "w") as h5:
        h5[ONE_HOT] = one_hot.transpose(0, 2, 1).astype(np.int8)
        h5[HYPOTHETICAL] = scores.transpose(0, 2, 1).astype(np.float32)
        h5[OBSERVED] = (scores * one_hot).transpose(0, 2, 1).astype(np.float32)
    return path, places, turned


@pytest.mark.slow  # it compiles for a minute
def test_the_planted_motif_comes_back(made, tmp_path):
    pytest.importorskip("modiscolite")
    contributions, places, turned = made
    find_patterns(contributions, tmp_path / "motifs.h5")
    patterns, width = read_patterns(tmp_path / "motifs.h5")
    assert [x.name for x in patterns] == ["pos_patterns.pattern_0"] and width == 200
    known = [read_motif(x) for x in SHIPPED]
    known += [(f"other_{i}", x[::-1]) for i, (_, x) in enumerate(known)]  # other motifs
    (match,) = match_patterns(patterns, known)
    assert match.name == "MA0139.1 CTCF" and match.correlation > 0.95 and match.q_value < 1e-6

    # Each site lies on a chromosome of its own, its window's first base at 1000 - 100.
    sites = pd.DataFrame({"chrom": [f"c{i}" for i in range(SITES)], "start": 1000, "end": 1001})
    found = place_seqlets(patterns, sites, width)
    assert len(found) > 0.9 * SITES
    begins = 900 - (WIDTH // 2 - 100) + places  # of words, where the window is the middle 200
    rows = found["chrom"].str[1:].astype(int)
    inside = (found["thick_start"] >= begins[rows]) & (
        found["thick_end"] <= begins[rows] + MATRIX.shape[1]
    )
    assert inside.mean() > 0.95
    strands = (found["strand"] == "-") ^ match.reverse
    assert (strands == turned[rows]).mean() > 0.9
    hits = scan_contributions(contributions, patterns, sites, width)
    rows = hits["chrom"].str[1:].astype(int)
    assert len(hits) > 0.7 * SITES
    assert (hits["start"].between(begins[rows], begins[rows] + MATRIX.shape[1])).mean() > 0.95


def test_of_few_sites_there_are_no_patterns(made, tmp_path, caplog):
    with h5py.File(made[0]) as h5, h5py.File(tmp_path / "few.h5", "w") as few:
        for name in (ONE_HOT, HYPOTHETICAL, OBSERVED):
            few[name] = h5[name][:LEAST_SITES]
    find_patterns(tmp_path / "few.h5", tmp_path / "motifs.h5")
    assert read_patterns(tmp_path / "motifs.h5") == ([], 200)
    assert "no patterns: 100 sites, and TF-MoDISco needs more than 100" in caplog.text
