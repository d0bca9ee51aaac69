"""Windows, bins and samples of the models that score one window at a time, beside loops."""

import subprocess

import numpy as np
import pandas as pd
import pytest
import skops.io
from conftest import SPARSE_SIZES as SIZES
from conftest import randomise
from hypothesis import given, settings
from hypothesis import strategies as st
from leopard.comparison import bins
from leopard.comparison.anchor import LENGTH as ANCHOR_LENGTH
from leopard.comparison.anchor import load_trees, open_anchor, summarise_windows, train_anchor
from leopard.comparison.factornet import open_factornet, train_factornet
from leopard.comparison.many_to_one import ManyToOne, cut_windows, read_bins
from leopard.comparison.samples import draw_bases, draw_bins, draw_training, score_sample
from leopard.errors import InputError
from leopard.genome.tracks import MASKED, Tracks, reverse_complement
from leopard.models import load
from leopard.models.factornet import LENGTH, build_factornet
from skops.io.exceptions import UntrustedTypesFoundException

CHROMOSOMES = ["chr1", "chr2"]


@pytest.fixture(scope="module")
def tracks(sparse_genome):
    return Tracks(sparse_genome.fasta, sparse_genome.signal_files, sparse_genome.labels_file)


def window_naively(tracks, chrom, start, length):
    """Codes and signal, base by base: what is off the chromosome has no base and no signal."""
    inside = [base for base in range(start, start + length) if 0 <= base < SIZES[chrom]]
    codes, signal = np.full(length, 4, np.uint8), np.zeros(length, np.float32)
    where = np.array(inside) - start
    codes[where] = tracks.codes(chrom, inside[0], inside[-1] + 1)
    signal[where] = tracks.signal(chrom, inside[0], inside[-1] + 1)
    return codes, signal


@settings(max_examples=20)
@given(st.lists(st.integers(0, 11_999), min_size=1, max_size=5), st.sampled_from([40, 200, 1000]))
def test_windows_are_those_of_a_loop(tracks, centres, length):
    starts = np.sort(centres) - length // 2
    codes = cut_windows(tracks.codes, "chr2", starts, length, 4)
    signal = cut_windows(tracks.signal, "chr2", starts, length, 0)
    for row, start in enumerate(starts):
        expected = window_naively(tracks, "chr2", start, length)
        np.testing.assert_array_equal(codes[row], expected[0])
        np.testing.assert_allclose(signal[row], expected[1], rtol=1e-6)


def test_every_base_is_scored_by_the_window_around_it(tracks):
    model = ManyToOne(100, [(tracks.signal, 0)], lambda signal: signal[:, 50])
    whole = tracks.signal("chr1", 0, SIZES["chr1"])
    np.testing.assert_array_equal(model.score("chr1", np.arange(3000)), whole[:3000])


@pytest.mark.parametrize("n", [10, 100_000])
def test_bins_drawn(tracks, n):
    drawn = draw_bins(tracks, CHROMOSOMES, n, [1])
    pd.testing.assert_frame_equal(drawn, draw_bins(tracks, CHROMOSOMES, n, [1]))
    assert not drawn.equals(draw_bins(tracks, CHROMOSOMES, n, [2])) or n > 1000
    assert not drawn[["chrom", "centre"]].duplicated().any()
    counted = 0
    for chrom, group in drawn.groupby("chrom"):
        labels = bins.label_bins(tracks.labels(chrom, 0, SIZES[chrom]))
        assert group["centre"].is_monotonic_increasing
        assert (labels[(group["centre"] - 100) // 50] == group["label"]).all()
        counted += (labels != MASKED).sum()
    # Half of each kind where there are enough, else all there are.
    assert drawn["label"].sum() == 5 if n == 10 else len(drawn) == counted


def test_bins_of_one_kind_alone_are_refused(genome):
    dense = Tracks(genome.fasta, labels=genome.labels_file)  # a site in every bin
    with pytest.raises(InputError, match="no bin that is not bound"):
        draw_bins(dense, ["chr1"], 10, [1])


def test_training_and_validation_bins_are_of_their_chromosomes(sparse_genome):
    line = Tracks(sparse_genome.fasta, sparse_genome.signal_files, sparse_genome.labels_file)
    splits = {"train": ["chr1"], "validation": ["chr2"]}
    training, validation = draw_training(line, line, splits, 100, 1)
    assert set(training[1]["chrom"]) == {"chr1"} and set(validation[1]["chrom"]) == {"chr2"}
    assert len(training[1]) == 100 and len(validation[1]) == 20


def score_like(tracks):
    """Scores that say something of the labels."""
    rng = np.random.default_rng(1)
    return {
        chrom: bins.bin_maximum(tracks.labels(chrom, 0, SIZES[chrom]) % MASKED) * 0.3
        + rng.random(bins.count_bins(SIZES[chrom]))
        for chrom in CHROMOSOMES
    }


@pytest.mark.parametrize("n", [50, 10**6])
def test_bases_drawn(sparse_genome, tracks, n):
    scores = score_like(tracks)
    drawn = draw_bases(tracks, scores, n, [1])
    pd.testing.assert_frame_equal(drawn, draw_bases(tracks, scores, n, [1]))
    assert not drawn[["chrom", "position"]].duplicated().any()
    assert list(drawn["chrom"].unique()) == CHROMOSOMES
    truth = {chrom: sparse_genome.labels[chrom] for chrom in CHROMOSOMES}
    for chrom, group in drawn.groupby("chrom"):
        assert group["position"].is_monotonic_increasing
        assert (truth[chrom][group["position"]] == group["label"]).all()
    # Together, those drawn stand for all bases that count, of each label.
    for label in (0, 1):
        total = sum((x == label).sum() for x in truth.values())
        assert drawn.loc[drawn["label"] == label, "weight"].sum() == pytest.approx(total)
        if n > 50:
            assert (drawn["label"] == label).sum() == total


def test_bases_are_drawn_by_the_score_of_the_nearest_bin(tracks):
    scores = score_like(tracks)
    drawn = draw_bases(tracks, scores, 50, [1])
    ordered = np.sort(np.concatenate(list(scores.values())))
    unbound = drawn[drawn["label"] == 0]
    middles = {chrom: 50 * np.arange(len(x)) + 100 for chrom, x in scores.items()}
    nearest = [
        scores[row.chrom][np.abs(middles[row.chrom] - (row.position + 0.5)).argmin()]
        for row in unbound.itertuples()
    ]
    share = np.searchsorted(ordered, nearest) / (len(ordered) - 1)
    kind = np.where(share >= 0.99, 2, np.where(share >= 0.9, 1, 0))
    for number, expected in enumerate((0.9, 0.09, 0.01)):
        here = unbound[kind == number]
        assert here["weight"].nunique() == 1
        assert 30 < len(here) < 75
        assert here["weight"].sum() / unbound["weight"].sum() == pytest.approx(expected, rel=0.2)


def test_sample_scores_are_those_of_the_model(tracks):
    model = ManyToOne(100, [(tracks.signal, 0)], lambda signal: signal[:, 50])
    of_bins, bases = score_sample(model, tracks, CHROMOSOMES, 100, 1)
    for chrom in CHROMOSOMES:
        whole = tracks.signal(chrom, 0, SIZES[chrom])
        n = bins.count_bins(SIZES[chrom])
        np.testing.assert_array_equal(of_bins[chrom], whole[100 : 100 + 50 * n : 50])
        here = bases[bases["chrom"] == chrom]
        np.testing.assert_array_equal(here["score"], whole[here["position"]])


def test_factornet_reads_both_strands_with_the_same_weights(device):
    model = randomise(build_factornet(), 3)
    kernels = [w.shape for w in model.weights if w.path.endswith("kernel")]
    assert (26, 5, 32) in kernels and (2 * 32 * 75, 128) in kernels and len(kernels) == 8
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 5, (3, LENGTH)).astype(np.uint8)
    signal = rng.gamma(1, 1, codes.shape).astype(np.float32)
    forward = model.predict_on_batch([codes, signal])
    backward = model.predict_on_batch([reverse_complement(codes), signal[:, ::-1].copy()])
    assert forward.shape == (3, 1) and forward.std() > 0
    np.testing.assert_allclose(forward, backward, rtol=1e-5)
    codes[0, 500] = (codes[0, 500] + 1) % 4
    assert model.predict_on_batch([codes, signal])[0] != forward[0]


@pytest.mark.slow
def test_factornet_trains_and_scores_bases(tmp_path, tracks, device):
    part = tracks, draw_bins(tracks, ["chr1"], 60, [1])
    train_factornet(part, part, 1, 7, tmp_path / "x.keras")
    networks = [load(tmp_path / "x.keras")] * 2
    centres = np.array([3, 700, 2999])
    scores = open_factornet(networks, tracks).score("chr2", centres)
    windows = [window_naively(tracks, "chr2", x - LENGTH // 2, LENGTH) for x in centres]
    inputs = [np.stack(arrays) for arrays in zip(*windows, strict=True)]
    np.testing.assert_allclose(scores, networks[0].predict_on_batch(inputs)[:, 0], rtol=1e-5)


def test_features_of_anchor_by_loop():
    rng = np.random.default_rng(1)
    signal = rng.gamma(1, 1, (4, ANCHOR_LENGTH)).astype(np.float32)
    hits = np.where(rng.random(signal.shape) < 0.01, rng.gamma(9, 1, signal.shape), 0)
    found = summarise_windows(signal, hits.astype(np.float32))
    assert found.shape == (4, 31)
    for row in range(4):
        parts = [slice(200 * i, 200 * i + 200) for i in range(7)]
        expected = [signal[row, x].max() for x in parts] + [signal[row, x].mean() for x in parts]
        expected += [signal[row, x].min() for x in parts] + [hits[row, x].max() for x in parts]
        expected += sorted(hits[row, 400:1000], reverse=True)[:3]
        np.testing.assert_allclose(found[row], expected, rtol=1e-5)


def test_anchor_learns_bumps_of_accessibility(tmp_path, sparse_genome, tracks):
    hits = Tracks(sparse_genome.fasta, sparse_genome.signal_files[:1])
    training = tracks, draw_bins(tracks, ["chr1"], 300, [1])
    validation = tracks, draw_bins(tracks, ["chr2"], 60, [1])
    train_anchor(training, validation, hits, 1, tmp_path / "x.skops")
    model = open_anchor([load_trees(tmp_path / "x.skops")], tracks, hits)
    scores = model.score_bins("chr2", SIZES["chr2"])
    labels = bins.label_bins(tracks.labels("chr2", 0, SIZES["chr2"]))
    assert scores[labels == 1].mean() > scores[labels == 0].mean() + 0.2
    one = read_bins(model.readers, pd.DataFrame({"chrom": ["chr2"], "centre": [100]}), model.length)
    assert scores[0] == np.float32(model.predict(*one)[0])


def test_trees_that_would_run_code_are_refused(tmp_path):
    skops.io.dump(subprocess.Popen, tmp_path / "x.skops")
    with pytest.raises(UntrustedTypesFoundException, match="Popen"):
        load_trees(tmp_path / "x.skops")
