"""Models beside each other: baselines against loops, measures against scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from conftest import SPARSE_SIZES as SIZES
from conftest import write_bigwig
from hypothesis import given
from hypothesis import strategies as st
from leopard.comparison import bins
from leopard.comparison import compare as comparison
from leopard.comparison.compare import (
    BASES,
    BINS,
    compare_models,
    read_bins,
    tabulate_speed,
    time_contest,
    time_middle,
    weigh,
)
from leopard.comparison.many_to_one import ManyToOne
from leopard.comparison.samples import draw_bases
from leopard.evaluation.other_lines import SpecificLabels, average_labels, mask_common
from leopard.evaluation.scores import ScoreTrack
from leopard.genome.tracks import MASKED, Tracks
from leopard.metrics import ScoreCounts, auroc, average_precision
from leopard.report.comparison_figures import comparison_page, plot_comparison, plot_speed
from leopard.report.style import save
from sklearn import metrics as sk

CHROMOSOMES = ["chr1", "chr2"]
label = st.sampled_from([0, 1, MASKED])


@given(st.lists(st.tuples(label, label, label), max_size=30))
def test_specific_labels_are_those_of_a_loop(drawn):
    here, *others = np.array(drawn, np.uint8).reshape(-1, 3).T
    expected = [
        MASKED if x == 1 and all(y in (1, MASKED) for y in rest) else x for x, *rest in drawn
    ]
    assert mask_common(here, others).tolist() == expected


def test_without_other_cell_lines_nothing_bound_is_specific():
    assert mask_common(np.array([0, 1, MASKED], np.uint8), []).tolist() == [0, MASKED, MASKED]


@pytest.fixture(scope="module")
def lines(sparse_genome, tmp_path_factory):
    """The genome's labels, and two other cell lines that share some sites with it."""
    directory = tmp_path_factory.mktemp("lines")
    labels = [sparse_genome.labels]
    for seed in (1, 2):
        rng = np.random.default_rng(seed)
        shifted = {}
        for chrom, y in sparse_genome.labels.items():
            blocks = np.repeat(rng.random(len(y) // 1500 + 1) < 0.5, 1500)[: len(y)]
            shifted[chrom] = np.where(blocks, np.roll(y, 400), y)
        labels.append(shifted)
    paths = [write_bigwig(directory / f"{i}.bw", x) for i, x in enumerate(labels)]
    return labels, [Tracks(sparse_genome.fasta, labels=path) for path in paths]


def test_average_of_labels(lines):
    labels, tracks = lines
    read = average_labels(tracks[1:])
    first, second = (x["chr2"] for x in labels[1:])
    with np.errstate(invalid="ignore"):
        expected = ((first == 1) * 1.0 + (second == 1)) / ((first >= 0) * 1.0 + (second >= 0))
    np.testing.assert_allclose(read("chr2", 7, 9990), np.nan_to_num(expected)[7:9990])
    assert {0, 0.5, 1} <= set(read("chr1", 0, SIZES["chr1"]).tolist())


@pytest.mark.parametrize("size", [99, 100, 199, 200, 250, 349, 350, 399, 1000])
def test_bins_read_in_stretches_are_those_of_the_whole(monkeypatch, size):
    monkeypatch.setattr(comparison, "STRETCH", 130)  # two bins begin in each
    whole = np.random.default_rng(size).random(size)
    parts = list(read_bins(lambda chrom, start, end: whole[start:end], "chr1", size))
    starts, values, highest = zip(*parts, strict=True)
    assert list(starts) == list(range(0, size, 100))
    np.testing.assert_array_equal(np.concatenate(values), whole)
    np.testing.assert_array_equal(np.concatenate(highest), bins.bin_maximum(whole))


def test_specific_labels_are_read_wherever(lines):
    _, tracks = lines
    here, *others = (x.labels("chr2", 0, SIZES["chr2"]) for x in tracks)
    specific = SpecificLabels(tracks[0], tracks[1:])
    assert specific.chrom_sizes == tracks[0].chrom_sizes
    expected = mask_common(here, others)
    assert 0 < (expected == 1).sum() < (here == 1).sum()
    np.testing.assert_array_equal(specific.labels("chr2", 77, 9000), expected[77:9000])


@pytest.fixture(scope="module")
def compared(sparse_genome, lines):
    labels, tracks = lines
    rng = np.random.default_rng(4)
    odds = {c: 3 * (labels[0][c] == 1) - 4 + rng.normal(0, 1.5, n) for c, n in SIZES.items()}
    scores = {chrom: (1 / (1 + np.exp(-x))).astype(np.float32) for chrom, x in odds.items()}
    dense = {
        "unet": ScoreTrack(lambda chrom, start, end: scores[chrom][start:end], True),
        "other_lines": ScoreTrack(average_labels(tracks[1:]), False),
    }
    of_bins = {chrom: bins.bin_maximum(scores[chrom]) for chrom in CHROMOSOMES}
    sample = draw_bases(tracks[0], of_bins, 3000, [1])
    each = zip(sample["chrom"], sample["position"], strict=True)
    sample = sample.assign(score=[scores[chrom][position] for chrom, position in each])
    binned = {"factornet": (of_bins, sample)}
    table = compare_models(dense, binned, tracks[0], tracks[1:], CHROMOSOMES)
    return scores, table.set_index(["model", "resolution", "scope"])


def labels_of(lines, scope, of_bins):
    """Labels of the whole chromosomes, end to end, of one scope."""
    result = []
    for chrom in CHROMOSOMES:
        each = [x.labels(chrom, 0, SIZES[chrom]) for x in lines[1]]
        if of_bins:
            each = [bins.label_bins(x) for x in each]
        result.append(each[0] if scope == "all" else mask_common(each[0], each[1:]))
    return np.concatenate(result)


@pytest.mark.parametrize("scope", ["all", "specific"])
def test_measures_agree_with_scikit_learn(lines, compared, scope):
    scores, table = compared
    for resolution in (BINS, BASES):
        labels = labels_of(lines, scope, resolution == BINS)
        each = [scores[chrom] for chrom in CHROMOSOMES]
        values = np.concatenate([bins.bin_maximum(x) for x in each] if resolution == BINS else each)
        kept = labels != MASKED
        bound, values = labels[kept] == 1, values[kept]
        row = table.loc[("unet", resolution, scope)]
        assert (row["n"], row["bound"]) == (len(bound), bound.sum())
        assert row["positive_rate"] == pytest.approx(bound.mean())
        assert 0 < bound.sum() < len(bound)
        expected = sk.average_precision_score(bound, values)
        assert row["average_precision"] == pytest.approx(expected, abs=1e-3)
        assert row["auroc"] == pytest.approx(sk.roc_auc_score(bound, values), abs=1e-3)
        # The same scores by the other way: all of the bins, and a sample of the bases.
        other = table.loc[("factornet", resolution, scope)]
        measures = ["n", "positive_rate", "average_precision", "auroc"]
        difference = 0.15 if resolution == BASES else 1e-6
        assert other[measures].to_list() == pytest.approx(row[measures].to_list(), rel=difference)
        assert other["scored"] <= row["scored"] and other["scored"] > 0


def test_other_lines_know_what_is_always_bound_and_no_more(compared):
    table = compared[1]["average_precision"].xs("other_lines")
    assert table[BINS, "specific"] < table[BINS, "all"]
    assert table[BASES, "specific"] < table[BASES, "all"]


def test_one_cell_line_alone_has_no_specific_sites(sparse_genome, lines):
    track = ScoreTrack(average_labels(lines[1][1:]), False)
    table = compare_models({"x": track}, {}, lines[1][0], [], CHROMOSOMES)
    assert set(table["scope"]) == {"all"} and table["auroc"].notna().all()


def test_a_sample_stands_for_the_whole():
    rng = np.random.default_rng(2)
    labels = (rng.random(200_000) < 0.01).astype(np.uint8)
    scores = rng.beta(1 + 2 * labels, 4).astype(np.float32)
    chance = np.where(labels == 1, 0.5, np.where(scores > 0.5, 0.4, 0.1))
    kept = rng.random(len(labels)) < chance
    sample = pd.DataFrame({"score": scores[kept], "weight": 1 / chance[kept]})
    weighed, whole = weigh(labels[kept], sample), ScoreCounts()
    whole.update(labels, scores)
    assert weighed.n == pytest.approx(whole.n, rel=0.02)
    assert average_precision(weighed) == pytest.approx(average_precision(whole), rel=0.08)
    assert auroc(weighed) == pytest.approx(auroc(whole), abs=0.005)


def test_timing_counts_what_was_done():
    calls = []
    seconds = time_contest({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")})
    assert calls == ["a", "b"] * 4 and min(seconds.values()) >= 0
    seen = []

    def predict(windows):
        seen.append(len(windows))
        return windows[:, 0]

    model = ManyToOne(4, [(lambda chrom, start, end: np.zeros(end - start), 0)], predict)
    run, n = time_middle(model, "chr1", 10_000)
    run()
    assert sum(seen) == n == 2048
    assert time_middle(model, "chr1", 100)[1] == 100


def test_speed_is_in_proportion_to_what_was_timed():
    table = tabulate_speed({"unet": 2.0, "anchor": 3.0}, {"anchor": 100}, 10_000)
    rows = table.set_index(["model", "resolution"])["chromosome_seconds"]
    assert rows["unet", BASES] == rows["unet", BINS] == 2
    assert rows["anchor", BASES] == 300
    assert rows["anchor", BINS] == pytest.approx(3 * bins.count_bins(10_000) / 100)


def test_figures_and_page(tmp_path, compared):
    metrics = pd.concat(
        [compared[1].reset_index().assign(cell_line=line) for line in ("a", "b")], ignore_index=True
    )
    figure = plot_comparison(metrics)
    assert [axes.get_xlabel() for axes in figure.axes] == ["", "", "average precision", "AUROC"]
    assert all(len(axes.lines) == 3 * 2 * 2 for axes in figure.axes)
    save(figure, tmp_path / "comparison.svg")
    speed = tabulate_speed({"unet": 2.0, "anchor": 3.0}, {"anchor": 100}, 10_000)
    save(plot_speed(speed.assign(device="a CPU"), "chr1"), tmp_path / "speed.svg")
    page = comparison_page(metrics, {"a": "training", "b": "never trained on"})
    assert page.count('class="marked"') >= 8 and "never trained on" in page
