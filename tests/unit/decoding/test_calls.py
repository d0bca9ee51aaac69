"""Called sites judged against labels, beside a loop over calls, sites and bases."""

import numpy as np
import pandas as pd
import pytest
from conftest import SIZES, write_bigwig
from hypothesis import given
from hypothesis import strategies as st
from leopard.decoding.peaks import (
    FAR,
    NEAR,
    count_calls,
    count_distances,
    judge_calls,
    label_runs,
    measure_distances,
    set_excluded_apart,
)
from leopard.genome.tracks import MASKED, Tracks
from leopard.report.comparison_figures import plot_calls
from leopard.report.style import save


def apart(first, second):
    """Bases between the nearest bases of two half-open intervals, by looking at each base."""
    return min(abs(a - b) for a in range(*first) for b in range(*second))


starts_and_lengths = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 9)), max_size=6)


@given(starts_and_lengths, starts_and_lengths)
def test_distances_are_those_of_a_loop(intervals, others):
    intervals = [(start, start + length) for start, length in intervals]
    apart_enough, end = [], -1
    for start, length in sorted(others):
        if start > end:
            end = start + length
            apart_enough.append((start, end))
    starts, ends = np.array(intervals, int).reshape(-1, 2).T
    found = measure_distances(starts, ends, np.array(apart_enough, int).reshape(-1, 2).T)
    expected = [min((apart(x, y) for y in apart_enough), default=np.inf) for x in intervals]
    assert found.tolist() == expected


def judge_naively(calls, labels):
    """Precision, recall and distances, base by base."""
    bound_runs = [
        (chrom, i)
        for chrom, y in labels.items()
        for i in np.flatnonzero(np.diff(np.append(0, y == 1)) == 1)
    ]
    sites = [
        [(chrom, i) for i in range(start, start + int((labels[chrom][start:] != 1).argmax()))]
        for chrom, start in bound_runs
    ]
    summits = [(c.chrom, c.start + c.peak) for c in calls.itertuples()]

    def far(summit, site):
        return min(abs(summit[1] - base) if chrom == summit[0] else np.inf for chrom, base in site)

    distances = []
    for call, summit in zip(calls.itertuples(), summits, strict=True):
        distance = min(far(summit, site) for site in sites)
        if distance <= NEAR or not (labels[call.chrom][call.start : call.end] == -1).any():
            distances.append(distance)
    found = [min(far(summit, site) for summit in summits) <= NEAR for site in sites]
    return np.array(distances), np.mean(found), len(sites)


@pytest.fixture(scope="module")
def tracks(genome):
    return Tracks(genome.fasta, labels=genome.labels_file)


@pytest.fixture(scope="module")
def calls():
    rng = np.random.default_rng(5)
    rows = [("chr2", 148, 175, 24)]  # on masked bases, and far from any site
    for chrom in ("chr2", "chr3", "chr1"):
        starts = np.unique(rng.integers(0, SIZES[chrom] - 40, SIZES[chrom] // 200))
        widths = rng.integers(1, 40, len(starts))
        rows += [(chrom, s, s + w, rng.integers(0, w)) for s, w in zip(starts, widths, strict=True)]
    return pd.DataFrame(rows, columns=["chrom", "start", "end", "peak"])


def test_calls_are_judged_as_by_a_loop(genome, tracks, calls):
    chromosomes = ["chr2", "chr3"]  # and calls elsewhere are left out
    measures, distances = judge_calls(calls, tracks, chromosomes)
    here = calls[calls["chrom"].isin(chromosomes)]
    labels = {chrom: genome.labels[chrom] for chrom in chromosomes}
    expected, recall, sites = judge_naively(here, labels)
    assert sorted(distances) == sorted(expected)
    assert len(expected) == len(here) - 1
    right = expected <= NEAR
    assert measures["calls"] == len(expected) and measures["sites"] == sites
    assert measures["precision"] == pytest.approx(right.mean())
    assert measures["recall"] == pytest.approx(recall)
    assert measures["f1"] == pytest.approx(2 / (1 / right.mean() + 1 / recall))
    assert measures["median_distance"] == np.median(expected[right])


def test_the_sites_themselves_are_perfect_calls(tracks):
    sites = label_runs(tracks, ["chr1", "chr2"], 1)
    measures, distances = judge_calls(sites.assign(peak=0), tracks, ["chr1", "chr2"])
    assert measures["precision"] == measures["recall"] == measures["f1"] == 1
    assert (distances == 0).all()
    assert not label_runs(tracks, ["chr2"], MASKED).empty


def test_no_calls_and_no_sites(tmp_path, genome, tracks, calls):
    measures, distances = judge_calls(calls[:0], tracks, ["chr2"])
    assert measures["recall"] == 0 and np.isnan(measures["precision"]) and not len(distances)
    labels = write_bigwig(tmp_path / "none.bw", {"chr2": np.zeros(SIZES["chr2"])})
    without = Tracks(genome.fasta, labels=labels)
    measures, distances = judge_calls(calls, without, ["chr2"])
    assert measures["precision"] == 0 and np.isnan(measures["recall"])
    assert np.isinf(distances).all()
    assert count_distances(distances)["distance"].tolist() == [FAR + 1]


def test_figure(tmp_path, tracks, calls):
    measures, distances = [], []
    for model, table in (("unet", calls), ("cnn", calls[:0])):
        judged, found = judge_calls(table, tracks, ["chr2"])
        touching = {"called": 3, "touching_excluded": 1200}
        measures.append({"cell_line": "a", "model": model} | judged | touching)
        distances.append(count_distances(found).assign(cell_line="a", model=model))
    assert distances[0]["calls"].sum() == measures[0]["calls"]
    figure = plot_calls(pd.DataFrame(measures), pd.concat(distances))
    left, right = figure.axes
    assert left.lines[0].get_xdata() == [measures[0]["recall"]]
    (curve, _) = right.lines
    assert curve.get_xdata()[-1] == FAR and curve.get_ydata()[-1] <= 1
    save(figure, tmp_path / "calls.svg")


def test_calls_that_touch_excluded_bases_are_set_apart(genome, tmp_path):
    path = tmp_path / "excluded.bed"
    path.write_text("chr1\t100\t110\n")
    chroms = ["chr1", "chr1", "chr2", "chr1", "chr1", "chr1"]
    starts, ends = [90, 90, 90, 109, 110, 50], [100, 101, 200, 120, 120, 500]
    calls = pd.DataFrame({"chrom": chroms, "start": starts, "end": ends})
    kept, excluded = set_excluded_apart(calls, Tracks(genome.fasta, excluded=path))
    assert list(kept.index) == [0, 2, 4] and list(excluded.index) == [1, 3, 5]
    assert count_calls(kept, excluded).to_dict("records") == [{"called": 3, "touching_excluded": 3}]
    none = set_excluded_apart(calls[:0], Tracks(genome.fasta, excluded=path))
    assert [len(x) for x in none] == [0, 0]
