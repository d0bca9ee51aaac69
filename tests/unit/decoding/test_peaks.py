"""Called sites against a loop over bases."""

import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from leopard.decoding.peaks import MERGE_GAP, call_peaks, write_narrowpeak
from leopard.genome.formats import NARROWPEAK, read_narrowpeak


def call_naively(probabilities, threshold):
    """(start, end, height, bases that reach it) of every site."""
    called = [base for base, p in enumerate(probabilities) if p >= threshold]
    sites = []
    for base in called:
        # From the end of one call to the start of the next, fewer than MERGE_GAP bases.
        if sites and base - (sites[-1][-1] + 1) < MERGE_GAP:
            sites[-1].append(base)
        else:
            sites.append([base])
    result = []
    for site in sites:
        start, end = site[0], site[-1] + 1
        height = max(probabilities[start:end])
        top = [base for base in range(start, end) if probabilities[base] == height]
        result.append((start, end, height, top))
    return result


runs = st.tuples(st.sampled_from([0.0, 0.1, 0.49, 0.5, 0.7, 0.7, 0.99, 1.0]), st.integers(1, 14))


@given(st.lists(runs, max_size=14), st.sampled_from([0.0, 0.3, 0.5, 0.7, 1.0]))
def test_sites_are_those_of_a_loop(drawn, threshold):
    probabilities = np.float32([p for p, n in drawn for _ in range(n)])
    sites = call_peaks("chrX", probabilities, threshold)
    expected = call_naively(probabilities.tolist(), np.float32(threshold))
    assert list(sites) == NARROWPEAK
    assert sites[["start", "end"]].to_numpy().tolist() == [[s, e] for s, e, *_ in expected]
    for site, (start, _, height, top) in zip(sites.itertuples(), expected, strict=True):
        assert start + site.peak == start + (top[len(top) // 2] - start)
        assert site.signal_value == pytest.approx(height, abs=1e-5)
        assert site.score == round(1000 * height)


def paint(size, *calls):
    probabilities = np.full(size, 0.01, np.float32)
    for start, end, value in calls:
        probabilities[start:end] = value
    return probabilities


def test_by_hand():
    probabilities = paint(
        100,
        *((0, 3, 0.6), (12, 14, 0.8)),  # 9 bases between: one site
        *((24, 30, 0.5), (26, 29, 0.9)),  # 10 bases between: another; its plateau's middle is 27
        (99, 100, 1.0),
    )
    sites = call_peaks("chr1", probabilities, 0.5)
    assert sites[["start", "end", "peak", "score"]].to_numpy().tolist() == [
        [0, 14, 13, 800],
        [24, 30, 3, 900],
        [99, 100, 0, 1000],
    ]
    assert sites["name"].tolist() == ["chr1_1", "chr1_2", "chr1_3"]
    assert set(sites["strand"]) == {"."} and (sites[["p_value", "q_value"]] == -1).all(axis=None)


@pytest.mark.parametrize("size", [0, 1, 50])
def test_nothing_called(size):
    sites = call_peaks("chr1", paint(size), 0.5)
    assert sites.empty and list(sites) == NARROWPEAK


def test_everything_called():
    sites = call_peaks("chr1", np.full(21, 0.75, np.float32), 0.5)
    assert sites[["start", "end", "peak"]].to_numpy().tolist() == [[0, 21, 10]]


@pytest.fixture
def written(tmp_path):
    rng = np.random.default_rng(0)
    tables = [
        call_peaks(chrom, rng.random(5000).astype(np.float32) ** 20, 0.6)
        for chrom in ("chr2", "chr10", "chr1")
    ]
    assert min(map(len, tables)) > 20
    path = tmp_path / "sites.narrowPeak"
    write_narrowpeak(path, pd.concat(tables))
    return path, pd.concat(tables)


def test_the_file_is_a_narrowpeak(written):
    path, table = written
    read = read_narrowpeak(path, {"chr1": 5000, "chr2": 5000, "chr10": 5000})
    ordered = table.sort_values(["chrom", "start"], ignore_index=True)
    same = ["chrom", "start", "end", "name", "score", "strand", "signal_value"]
    pd.testing.assert_frame_equal(read[same], ordered[same], check_dtype=False)
    assert (read["summit"] == ordered["start"] + ordered["peak"]).all()
    assert all(len(line.split("\t")) == 10 for line in path.read_text().splitlines())
    assert read["score"].between(0, 1000).all()


def test_an_empty_file(tmp_path):
    write_narrowpeak(tmp_path / "x.narrowPeak", call_peaks("chr1", paint(9), 0.5))
    assert (tmp_path / "x.narrowPeak").read_bytes() == b""


@pytest.mark.skipif(not shutil.which("bedtools"), reason="no bedtools")
def test_bedtools_takes_the_file_as_sorted(written):
    path, table = written
    command = ["bedtools", "merge", "-d", str(MERGE_GAP - 1), "-i", str(path)]
    merged = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    # Sites lie further apart than calls that are one site, so that none is merged.
    assert len(merged.splitlines()) == len(table)
    subprocess.run(["bedtools", "sort", "-i", str(path)], check=True, capture_output=True)
