"""Where windows may lie, which are drawn, and what is stored of them."""

from functools import partial
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from conftest import SIZES
from hypothesis import given
from hypothesis import strategies as st
from leopard.errors import InputError
from leopard.genome.tracks import OTHER, Signal, Tracks, iterate_regions
from leopard.inputs.signals import open_reader
from leopard.study.splits import SPLITS
from leopard.windows.arrays import write_windows
from leopard.windows.draw import (
    draw_enriched_windows,
    draw_splits,
    draw_windows,
    find_usable_starts,
    list_usable_starts,
    weigh_windows,
)

LENGTH = 64
SPLIT_CHROMOSOMES = {"train": ["chr1"], "validation": ["chr2"], "test": ["chr2", "chr3"]}


def expand(runs):
    return [start for first, end in runs for start in range(first, end)]


@st.composite
def chromosomes(draw):
    codes = draw(st.lists(st.sampled_from([0, 1, 2, 3, 4, 4]), max_size=60))
    bounds = st.tuples(st.integers(0, 70), st.integers(1, 20)).map(lambda x: (x[0], x[0] + x[1]))
    excluded = draw(st.lists(bounds, max_size=3))
    return np.array(codes, np.uint8), np.array(excluded, int).reshape(-1, 2)


@given(chromosomes(), st.integers(1, 20), st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0]))
def test_usable_starts_are_those_of_a_loop(chromosome, length, max_n_fraction):
    codes, excluded = chromosome
    expected = [
        start
        for start in range(len(codes) - length + 1)
        if sum(x == OTHER for x in codes[start : start + length]) <= max_n_fraction * length
        and not any(start < e and s < start + length for s, e in excluded)
    ]
    runs = find_usable_starts(codes, excluded, length, max_n_fraction)
    assert expand(runs) == expected
    assert all(first < end for first, end in runs)
    assert all(a[1] < b[0] for a, b in pairwise(runs))


@pytest.mark.parametrize(("length", "runs"), [(10, [[0, 1]]), (11, [])])
def test_a_chromosome_as_long_as_a_window_has_one(length, runs):
    none = np.empty((0, 2), int)
    assert find_usable_starts(np.zeros(10, np.uint8), none, length, 0).tolist() == runs


@pytest.fixture(scope="module")
def usable(genome):
    blacklist = pd.DataFrame({"chrom": ["chr1", "chr2"], "start": [500, 0], "end": [900, 40]})
    return list_usable_starts(
        genome.fasta, ["chr1", "chr2", "chr3", "chr4"], blacklist, LENGTH, 0.1
    )


def test_listed_starts_avoid_n_and_blacklist(genome, usable):
    tracks = Tracks(genome.fasta)
    assert list(usable) == ["chrom", "start", "end"]
    assert usable["chrom"].unique().tolist() == ["chr1", "chr2", "chr3"]  # chr4 is too short
    assert usable.loc[usable["chrom"] == "chr2", "start"].min() == 40
    on_chr1 = expand(usable.loc[usable["chrom"] == "chr1", ["start", "end"]].to_numpy())
    assert not set(on_chr1) & set(range(500 - LENGTH + 1, 900))
    for start in on_chr1[:: len(on_chr1) // 50]:
        assert (tracks.codes("chr1", start, start + LENGTH) == OTHER).mean() <= 0.1


def test_a_draw_is_of_the_seed_alone(usable):
    first, again, other = (draw_windows(usable, ["chr1"], 50, LENGTH, [s]) for s in (3, 3, 4))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)


def test_windows_are_drawn_evenly_from_all_usable_starts(usable):
    n = 30_000
    allowed = {
        chrom: expand(runs[["start", "end"]].to_numpy())
        for chrom, runs in usable.groupby("chrom")
        if chrom != "chr1"
    }
    windows = draw_windows(usable, ["chr2", "chr3"], n, LENGTH, [5])
    assert (windows["end"] - windows["start"] == LENGTH).all()
    counts = windows.value_counts(["chrom", "start"])
    starts = [(chrom, start) for chrom in allowed for start in allowed[chrom]]
    assert set(counts.index) <= set(starts)
    # Pearson's statistic has mean k - 1 and variance 2 (k - 1).
    observed = counts.reindex(pd.MultiIndex.from_tuples(starts), fill_value=0).to_numpy()
    expected = n / len(starts)
    statistic = ((observed - expected) ** 2 / expected).sum()
    degrees = len(starts) - 1
    assert abs(statistic - degrees) < 5 * np.sqrt(2 * degrees)
    share = len(allowed["chr2"]) / len(starts)
    assert (windows["chrom"] == "chr2").mean() == pytest.approx(share, abs=0.02)


def test_the_only_start_is_drawn():
    usable = pd.DataFrame({"chrom": ["a", "b"], "start": [7, 0], "end": [8, 9]})
    assert (draw_windows(usable, ["a"], 20, LENGTH, [0])["start"] == 7).all()


def test_no_usable_start_is_an_error(usable):
    with pytest.raises(InputError, match=r"chr4.*64 bases"):
        draw_windows(usable, ["chr4"], 5, LENGTH, [0])


def draw(usable, seed=1, **counts):
    counts = {"train": 40, "validation": 20, "test": 30, **counts}
    return draw_splits(usable, SPLIT_CHROMOSOMES, counts, LENGTH, seed)


def test_splits(usable):
    table = draw(usable)
    assert list(table) == ["chrom", "start", "end", "split"]
    assert table["split"].drop_duplicates().tolist() == list(SPLITS)  # each one together
    assert table["split"].value_counts().to_dict() == {"train": 40, "validation": 20, "test": 30}
    for split, rows in table.groupby("split"):
        assert set(rows["chrom"]) <= set(SPLIT_CHROMOSOMES[split])
        assert rows[["chrom", "start"]].apply(tuple, axis=1).is_monotonic_increasing
    assert not table.equals(draw(usable, seed=2))


@pytest.mark.parametrize("changed", SPLITS)
def test_a_count_changes_its_own_split_only(usable, changed):
    before, after = draw(usable), draw(usable, **{changed: 7})
    others = [table[table["split"] != changed].reset_index(drop=True) for table in (before, after)]
    pd.testing.assert_frame_equal(*others)
    assert (after["split"] == changed).sum() == 7


def test_regions():
    table = pd.DataFrame({"end": [5, 9], "x": [0, 0], "chrom": ["a", "b"], "start": [1, 2]})
    assert list(iterate_regions(table)) == [("a", 1, 5), ("b", 2, 9)]


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize(
    ("kind", "dtype"), [("codes", np.uint8), ("signal", np.float32), ("labels", np.uint8)]
)
def test_stored_rows_are_the_windows(tmp_path, genome, usable, kind, dtype, workers):
    (tmp_path / "measures.tsv").write_text("mean\n2.0\n")
    signals = {"accessibility": (genome.signal_files, [tmp_path / "measures.tsv"])}
    scaled = {"accessibility": Signal(genome.signal_files, 0.5)}
    tracks = Tracks(genome.fasta, scaled, genome.labels_file)
    files = genome.fasta, signals, genome.labels_file
    windows = draw(usable)
    path = tmp_path / "windows.npy"
    write_windows(path, windows, partial(open_reader, kind, *files), workers)
    stored = np.load(path, mmap_mode="r")
    assert isinstance(stored, np.memmap)
    assert (stored.shape, stored.dtype) == ((len(windows), LENGTH), dtype)
    for row, region in zip(stored, iterate_regions(windows), strict=True):
        np.testing.assert_array_equal(row, getattr(tracks, kind)(*region))


def test_more_workers_than_windows(tmp_path, genome, usable):
    windows = draw(usable)[:2]
    write_windows(tmp_path / "x.npy", windows, partial(open_reader, "codes", genome.fasta, {}), 4)
    expected = [Tracks(genome.fasta).codes(*region) for region in iterate_regions(windows)]
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), expected)


def test_a_window_may_be_the_whole_chromosome(tmp_path, genome):
    size = SIZES["chr4"]
    none = pd.DataFrame({"chrom": [], "start": [], "end": []})
    usable = list_usable_starts(genome.fasta, ["chr4"], none, size, 1.0)
    windows = draw_windows(usable, ["chr4"], 3, size, [0])
    assert windows[["start", "end"]].to_numpy().tolist() == [[0, size]] * 3
    write_windows(tmp_path / "x.npy", windows, partial(open_reader, "codes", genome.fasta, {}))
    expected = ["ACGT".find(letter) % 5 for letter in genome.sequences["chr4"].upper()]
    assert np.load(tmp_path / "x.npy").tolist() == [expected] * 3


def test_enriched_draw(genome, usable):
    sites = Tracks(genome.fasta, labels=genome.labels_file).sites(["chr1"])
    bound = genome.labels["chr1"] == 1
    assert sum(sites["end"] - sites["start"]) == bound.sum()
    uniform = draw_windows(usable, ["chr1"], 300, LENGTH, [4])
    none = draw_enriched_windows(usable, ["chr1"], sites, 300, LENGTH, 0.0, [4])
    pd.testing.assert_frame_equal(none, uniform)
    no_sites = draw_enriched_windows(usable, ["chr1"], sites.iloc[:0], 300, LENGTH, 1.0, [4])
    pd.testing.assert_frame_equal(no_sites, uniform)
    half = draw_enriched_windows(usable, ["chr1"], sites, 300, LENGTH, 0.5, [4])
    pd.testing.assert_frame_equal(half.iloc[150:], uniform.iloc[150:])
    moved = half["start"].iloc[:150] != uniform["start"].iloc[:150]
    assert moved.any()
    allowed = {
        start
        for row in usable[usable["chrom"] == "chr1"].itertuples()
        for start in range(row.start, row.end)
    }
    assert set(half["start"]) <= allowed
    assert (half["end"] - half["start"] == LENGTH).all()
    for start in half["start"].iloc[:150][moved]:
        assert bound[start : start + LENGTH].any()


@pytest.mark.parametrize("fraction", [0.0, 0.4, 0.9])
def test_weights_undo_the_enrichment(genome, usable, fraction):
    sites = Tracks(genome.fasta, labels=genome.labels_file).sites(["chr1", "chr2"])
    usable = usable[usable["chrom"].isin(["chr1", "chr2"])]
    n = 200_000
    drawn = draw_enriched_windows(usable, ["chr1", "chr2"], sites, n, LENGTH, fraction, [1])
    weights = weigh_windows(drawn, usable, sites, fraction)
    assert weights.dtype == np.float32
    starts = drawn["start"] + 10**6 * (drawn["chrom"] == "chr2")
    drawn = pd.DataFrame({"start": starts, "weight": weights})
    assert (drawn.groupby("start")["weight"].nunique() == 1).all()
    possible = (usable["end"] - usable["start"]).sum()
    assert weights.mean() == pytest.approx(1, abs=0.02)
    # Chi-squared of how often each start was drawn against how often it should have been.
    seen = drawn.groupby("start").agg(times=("weight", "size"), weight=("weight", "first"))
    expected = n / possible / seen["weight"]
    assert ((seen["times"] - expected) ** 2 / expected).sum() < 1.2 * possible
    if fraction == 0.9:
        assert weights.max() > 5 * weights.min()
