"""Fitted baselines on a genome where a site is a motif in open chromatin."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pyBigWig
import pytest
from conftest import write_bigwig, write_fasta
from hypothesis import given
from hypothesis import strategies as st
from leopard.errors import InputError
from leopard.evaluation import feature_samples, fitted, motif_scores
from leopard.evaluation.feature_samples import draw_sample
from leopard.evaluation.features import WIDTHS, read_features, running_means
from leopard.evaluation.fitted import (
    FLANKS,
    Fitted,
    coarsen,
    fit_baselines,
    list_searches,
    write_probabilities,
)
from leopard.evaluation.motif_scores import MotifSearch, log_odds
from leopard.genome.tracks import Signal, Tracks
from leopard.inputs.labels import write_labels
from sklearn.metrics import average_precision_score

SIZES = {"chr1": 60_000, "chr2": 30_000, "chr3": 30_007}
WORD = "GATTACAGC"
ODDS = log_odds(np.eye(4)[["ACGT".index(x) for x in WORD]].T, np.full(4, 0.25))
SEARCH = MotifSearch(ODDS, 6, 6)
CHROMOSOMES = {"train": ["chr1"], "validation": ["chr2"], "test": ["chr3"]}


@pytest.fixture(scope="module")
def tracks(tmp_path_factory):
    """A word every 300 bases, open at two of three, bound where open; and as many open without."""
    directory = tmp_path_factory.mktemp("fitted")
    rng = np.random.default_rng(5)
    sequences, signals, sites, masked = {}, {}, [], []
    for chrom, size in SIZES.items():
        letters = rng.choice(list("ACGT"), size)
        signal = rng.gamma(1, 1, size).astype(np.float32)
        for number, middle in enumerate(range(200, size - 200, 300)):
            word, is_open = number % 2 == 0, number % 3 > 0
            if word:
                letters[middle - 4 : middle + 5] = list(WORD)
            signal[middle - 60 : middle + 61] += 8 * is_open
            if word and is_open:
                sites.append((chrom, middle - 6, middle + 7))
        masked.append((chrom, size - 500, size))
        sequences[chrom], signals[chrom] = "".join(letters), signal
    fasta = write_fasta(directory / "genome.fa", sequences)
    signal = write_bigwig(directory / "signal.bw", signals)
    columns = ["chrom", "start", "end"]
    tables = [pd.DataFrame(x, columns=columns) for x in (sites, masked)]
    write_labels(directory / "labels.bw", SIZES, *tables)
    return Tracks(fasta, [signal], directory / "labels.bw")


@given(
    st.lists(st.floats(0, 9, width=32), min_size=1, max_size=40),
    st.integers(0, 40),
    st.integers(1, 9),
    st.sampled_from([(1,), (5, 11), (31, 3)]),
)
def test_means_are_those_of_a_loop(values, start, length, widths):
    values = np.array(values, np.float32)

    def read(chrom, first, last):
        assert first >= 0
        return np.pad(values, (0, 99))[first:last]

    means = running_means(read, "chr", start, start + length, widths)
    padded = np.pad(values, 99)
    for mean, width in zip(means, widths, strict=True):
        for i, x in enumerate(mean):
            centre = 99 + start + i
            around = padded[centre - width // 2 : centre + width // 2 + 1]
            assert x == pytest.approx(around.sum() / width, abs=1e-4)


def test_features_do_not_depend_on_where_they_are_cut(tracks):
    whole = read_features(tracks, SEARCH, "chr3", 0, SIZES["chr3"])
    cuts = [0, 1, 500, 12_345, SIZES["chr3"] - 1, SIZES["chr3"]]
    parts = [read_features(tracks, SEARCH, "chr3", *region) for region in pairwise(cuts)]
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-5)
    assert whole.shape == (SIZES["chr3"], len(WIDTHS) + 1)
    without = read_features(tracks, None, "chr3", 0, SIZES["chr3"])
    np.testing.assert_array_equal(without, whole[:, :-1])


@pytest.fixture(scope="module")
def two(tracks, tmp_path_factory):
    """The same with a second signal, noise everywhere."""
    rng = np.random.default_rng(6)
    noise = {chrom: rng.gamma(1, 1, size).astype(np.float32) for chrom, size in SIZES.items()}
    path = write_bigwig(tmp_path_factory.mktemp("two") / "noise.bw", noise)
    fasta, *signals = tracks.files
    labels = signals[0].with_name("labels.bw")
    return Tracks(fasta, {"accessibility": Signal(signals), "mnase": Signal([path])}, labels)


def test_every_signal_has_features(tracks, two):
    region = "chr3", 70, 900
    features = read_features(two, SEARCH, *region)
    assert features.shape == (830, 2 * len(WIDTHS) + 1)
    alone = Tracks(two.files[0], two.files[2:])
    np.testing.assert_array_equal(
        features[:, [0, 1, 2, 3, 8]], read_features(tracks, SEARCH, *region)
    )
    np.testing.assert_array_equal(features[:, 4:8], read_features(alone, None, *region))


def test_the_line_looks_at_the_first_signal_and_the_motif(two):
    fitted, _ = fit_baselines([two], [two], CHROMOSOMES, [SEARCH], 1)
    assert set(fitted.columns) <= {0, 1, 2, 3, 8} and fitted.columns[-1] == 8
    assert fitted.trees.n_features_in_ == 9
    predicted = fitted.predict(read_features(two, SEARCH, "chr3", 0, 9000))
    bound = two.labels("chr3", 0, 9000) == 1
    for odds in predicted.values():
        assert odds[bound].mean() > 5 * odds[~bound].mean()


def test_hits_count_for_the_width_of_labels(tracks):
    def widths(mode, flank):
        searches = list_searches(ODDS, mode, flank, [tracks], ["chr1"])
        return [(x.before, x.after) for x in searches]

    assert widths("motif", 30) == [(4, 4)]
    assert widths("peaks", 30) == [(30, 30)]
    assert widths("peaks", None) == [(6, 6)]  # of 13 bases
    assert widths("bigwig", None) == [(4, 4), *((x, x) for x in FLANKS)]


def test_a_sample_stands_for_every_base_that_counts(tracks, monkeypatch):
    monkeypatch.setattr(motif_scores, "STRETCH", 7000)
    labels = np.concatenate([tracks.labels(c, 0, SIZES[c]) for c in ("chr1", "chr2")])
    both = ["chr1", "chr2"]
    everything = draw_sample([tracks], both, [None], 10**6, np.random.default_rng(1))[0]
    assert everything.bound.sum() == (labels == 1).sum()
    assert len(everything.bound) == (labels < 2).sum() and (everything.weight == 1).all()
    first, second = draw_sample(
        [tracks], both, [SEARCH, MotifSearch(ODDS)], 2000, np.random.default_rng(1)
    )
    np.testing.assert_array_equal(first.bound, second.bound)
    for label, value in ((first.bound, 1), (~first.bound, 0)):
        assert first.weight[label].sum() == pytest.approx((labels == value).sum(), rel=0.1)
    hits = first.features[:, -1] > 0
    expected = sum(
        (SEARCH.read(tracks, c, 0, SIZES[c]) > 0)[tracks.labels(c, 0, SIZES[c]) == 0].sum()
        for c in both
    )
    drawn = ~first.bound & hits
    assert drawn.sum() > 0.5 * min(feature_samples.HITS * 2000 / len(labels), 1) * expected
    assert first.weight[drawn].sum() == pytest.approx(expected, rel=0.15)


def test_a_sample_of_a_large_genome_is_of_some_stretches(tracks, monkeypatch):
    monkeypatch.setattr(motif_scores, "STRETCH", 5000)
    monkeypatch.setattr(feature_samples, "MOST", 20_000)
    sample = draw_sample([tracks, tracks], ["chr1"], [None], 10**6, np.random.default_rng(1))[0]
    assert len(sample.bound) <= 20_000
    few = draw_sample([tracks], ["chr2"], [None], 10**6, np.random.default_rng(1))[0]
    assert few.bound.sum() < (tracks.labels("chr2", 0, SIZES["chr2"]) == 1).sum()


def test_without_a_bound_base_there_is_nothing_to_learn(tmp_path, tracks):
    nowhere = write_bigwig(tmp_path / "none.bw", {x: np.zeros(n) for x, n in SIZES.items()})
    empty = Tracks(tracks.files[0], tracks.files[1:], nowhere)
    with pytest.raises(InputError, match="chr1: no bound base"):
        draw_sample([empty], ["chr1"], [None], 100, np.random.default_rng(1))


@pytest.fixture(scope="module")
def learned(tracks):
    searches = [MotifSearch(ODDS, 40, 40), SEARCH, MotifSearch(ODDS)]
    return fit_baselines([tracks], [tracks], CHROMOSOMES, searches, seed=1)


def test_each_is_better_than_what_it_is_made_of(tracks, learned):
    baselines, _ = learned
    size = SIZES["chr3"]
    labels = tracks.labels("chr3", 0, size)
    counted = labels < 2
    table = read_features(tracks, baselines.motif, "chr3", 0, size)
    odds = baselines.predict(table)
    scores = {"motif": table[:, -1], "accessibility": table[:, 1], **odds}
    precision = {
        name: average_precision_score(labels[counted], x[counted]) for name, x in scores.items()
    }
    assert precision["motif"] > 0.4 > precision["accessibility"]
    assert precision["motif_accessibility"] > precision["motif"] + 0.2
    assert precision["trees"] > precision["motif"] + 0.2
    for x in odds.values():
        probability = x / (1 + x)
        assert probability[counted].sum() == pytest.approx((labels == 1).sum(), rel=0.25)


def test_what_is_best_on_validation_is_chosen(learned):
    baselines, tried = learned
    assert (baselines.motif.before, baselines.motif.after) == (6, 6)
    assert tried.groupby("baseline")["chosen"].sum().eq(1).all()
    assert set(tried["baseline"]) == {"motif", "motif_accessibility", "trees"}
    best = tried.loc[tried.groupby("baseline")["average_precision"].idxmax()]
    assert best["chosen"].all()
    trees = best.set_index("baseline").at["trees", "setting"]
    assert trees.startswith(f"{baselines.trees.n_iter_} trees")


def test_saved_baselines_are_the_same_and_scores_are_theirs(tmp_path, tracks, learned, monkeypatch):
    baselines, _ = learned
    baselines.save(tmp_path / "fitted.skops")
    loaded = Fitted.load(tmp_path / "fitted.skops")
    monkeypatch.setattr(motif_scores, "STRETCH", 7001)
    paths = {x: tmp_path / f"{x}.bw" for x in ("motif_accessibility", "trees")}
    write_probabilities(paths, loaded, tracks, ["chr3"])
    odds = baselines.predict(read_features(tracks, SEARCH, "chr3", 0, SIZES["chr3"]))
    for name, path in paths.items():
        with pyBigWig.open(str(path)) as bigwig:
            assert bigwig.chroms() == {"chr3": SIZES["chr3"]}
            written = bigwig.values("chr3", 0, SIZES["chr3"], numpy=True)
        np.testing.assert_allclose(written / (1 - written), odds[name], rtol=0.02)


def test_the_same_seed_fits_the_same(tracks, learned):
    baselines, tried = learned
    searches = [MotifSearch(ODDS, 40, 40), SEARCH, MotifSearch(ODDS)]
    again, tried_again = fit_baselines([tracks], [tracks], CHROMOSOMES, searches, seed=1)
    pd.testing.assert_frame_equal(tried, tried_again)
    table = read_features(tracks, SEARCH, "chr3", 0, 5000)
    for name, odds in baselines.predict(table).items():
        np.testing.assert_array_equal(odds, again.predict(table)[name])


def test_without_a_motif_there_are_trees_on_accessibility(tmp_path, tracks):
    baselines, tried = fit_baselines([tracks], [tracks], CHROMOSOMES, [], seed=1)
    assert baselines.motif is None and set(tried["baseline"]) == {"trees"}
    baselines.save(tmp_path / "fitted.skops")
    odds = Fitted.load(tmp_path / "fitted.skops").predict(
        read_features(tracks, None, "chr3", 0, 2000)
    )
    assert list(odds) == ["trees"] and len(odds["trees"]) == 2000


@given(st.lists(st.floats(2.0**-40, 2.0**20, width=32), min_size=2))
def test_coarse_numbers_are_near_and_in_order(values):
    values = np.sort(np.array(values, np.float32))
    coarse = coarsen(values)
    np.testing.assert_allclose(coarse, values, rtol=2.0 ** -(fitted.MANTISSA + 1))
    assert (np.diff(coarse) >= 0).all()
