"""A motif's score at every base, against words multiplied out one by one."""

from functools import partial

import numpy as np
import pyBigWig
import pytest
from conftest import MOTIF, SIZES
from hypothesis import given
from hypothesis import strategies as st
from leopard.evaluation import motif_scores
from leopard.evaluation.motif_scores import (
    PSEUDOCOUNT,
    MotifSearch,
    log_odds,
    measure_background,
    score_words,
    slide_maximum,
    write_scores,
)
from leopard.genome.tracks import Tracks, reverse_complement
from leopard.inputs.motifs import scan

WIDTH = 5
BACKGROUND = np.array([0.3, 0.2, 0.2, 0.3])


def score_naively(codes, motif=MOTIF, background=BACKGROUND):
    """Log-odds of the better strand at each first base of a word, 0 if negative or over N."""
    scores = []
    for start in range(len(codes) - motif.shape[1] + 1):
        word = codes[start : start + motif.shape[1]]
        best = 0.0
        for strand in (word, reverse_complement(word)):
            if (word < 4).all():
                p = [(motif[b, i] + PSEUDOCOUNT * background[b]) for i, b in enumerate(strand)]
                q = [(1 + PSEUDOCOUNT) * background[b] for b in strand]
                best = max(best, np.log2(np.prod(p) / np.prod(q)))
        scores.append(best)
    return np.array(scores)


def cover_naively(codes, before, after):
    """The best score of the hits that count for each base."""
    covered = np.zeros(len(codes))
    for start, score in enumerate(score_naively(codes)):
        middle = start + WIDTH // 2
        part = covered[max(middle - before, 0) : middle + after + 1]
        np.maximum(part, score, out=part)
    return covered


codes_of_any_length = st.lists(st.integers(0, 4), max_size=40).map(lambda x: np.array(x, np.uint8))


@given(codes_of_any_length)
def test_scores_are_those_of_a_loop(codes):
    scores = score_words(codes, log_odds(MOTIF, BACKGROUND))
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, score_naively(codes), atol=1e-4)


def test_against_a_uniform_background_scores_are_those_of_fimo():
    codes = np.random.default_rng(3).integers(0, 4, 3000).astype(np.uint8)
    odds = log_odds(MOTIF, np.full(4, 0.25))
    scores = score_words(codes, odds)
    hits = scan(codes, (MOTIF + PSEUDOCOUNT / 4) / (1 + PSEUDOCOUNT), 0.01)
    best = hits.groupby("start")["score"].max()
    assert len(best) > 20
    np.testing.assert_allclose(scores[best.index], best, atol=0.01)  # FIMO adds 1e-4 more
    assert set(np.flatnonzero(scores > best.min() + 0.01)) <= set(best.index)


def test_a_base_that_is_rare_in_the_genome_tells_more():
    of_a_t, of_c_g = [0.4, 0.1, 0.1, 0.4], [0.1, 0.4, 0.4, 0.1]
    rich, poor = (log_odds(MOTIF, np.array(x)) for x in (of_a_t, of_c_g))
    assert (rich[1:3] > poor[1:3]).all() and (rich[[0, 3]] <= poor[[0, 3]]).all()
    for odds, background in ((rich, of_a_t), (poor, of_c_g)):
        total = np.exp2(odds) * np.array(background)[:, None]  # probabilities again
        np.testing.assert_allclose(total.sum(axis=0), 1, rtol=1e-6)


def test_a_base_that_the_genome_lacks_is_never_met():
    odds = log_odds(MOTIF, np.array([0.5, 0, 0, 0.5]))
    assert np.isfinite(odds).all()


@given(st.lists(st.floats(0, 9, width=32), min_size=1, max_size=30), st.integers(1, 30))
def test_the_sliding_maximum_is_that_of_a_loop(values, width):
    values = np.array(values, np.float32)
    expected = [max(values[i : i + width]) for i in range(len(values) - width + 1)]
    if len(values) >= width:
        assert slide_maximum(values, width).tolist() == expected


def test_a_hit_counts_for_itself():
    for width in (4, 5):
        odds = np.full((4, width), -9, np.float32)
        odds[0] = 1  # AAAA
        codes = np.array([1] * 7 + [0] * width + [1] * 7, np.uint8)
        tracks = FakeGenome(codes)
        read = MotifSearch.over_itself(odds).read(tracks, "chr", 0, len(codes))
        assert read.tolist() == [0] * 7 + [width] * width + [0] * 7


class FakeGenome:
    """A chromosome as `Tracks` gives it."""

    def __init__(self, codes):
        self.sequence = codes

    def codes(self, chrom, start, end):
        assert start >= 0
        inside = self.sequence[start:end]
        return np.pad(inside, (0, end - start - len(inside)), constant_values=4)


@given(
    codes_of_any_length, st.integers(0, 9), st.integers(0, 9), st.integers(0, 40), st.integers(1, 9)
)
def test_hits_count_around_their_middle_wherever_the_chromosome_is_cut(
    codes, before, after, start, length
):
    search = MotifSearch(log_odds(MOTIF, BACKGROUND), before, after)
    end = min(start + length, len(codes))
    if start < end:
        read = search.read(FakeGenome(codes), "chr", start, end)
        np.testing.assert_allclose(read, cover_naively(codes, before, after)[start:end], atol=1e-4)


def test_background_is_that_of_both_strands(genome):
    text = (genome.sequences["chr1"] + genome.sequences["chr2"]).upper()
    counts = np.array([text.count(x) for x in "ACGT"])
    expected = (counts + counts[::-1]) / (2 * counts.sum())
    measured = measure_background(Tracks(genome.fasta), ["chr1", "chr2"])
    np.testing.assert_allclose(measured, expected)


@pytest.mark.parametrize("stretch", [1 << 20, 1000, 61])
def test_a_track_does_not_depend_on_how_it_is_cut(tmp_path, genome, monkeypatch, stretch):
    monkeypatch.setattr(motif_scores, "STRETCH", stretch)
    tracks, path = Tracks(genome.fasta), tmp_path / "motif.bigWig"
    search = MotifSearch(log_odds(MOTIF, BACKGROUND), 10, 10)
    write_scores(path, tracks, ["chr2", "chr4"], partial(search.read, tracks))
    with pyBigWig.open(str(path)) as bigwig:
        assert bigwig.chroms() == {x: SIZES[x] for x in ("chr2", "chr4")}
        for chrom in ("chr2", "chr4"):
            written = bigwig.values(chrom, 0, SIZES[chrom], numpy=True)
            expected = cover_naively(tracks.codes(chrom, 0, SIZES[chrom]), 10, 10)
            np.testing.assert_allclose(np.nan_to_num(written), expected, atol=1e-4)
            assert np.isnan(written[expected == 0]).all()
