"""Files of our own bigWig writer, read by pyBigWig and by pybigtools."""

import math

import numpy as np
import pybigtools
import pyBigWig
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from leopard.genome import bigwig_writer
from leopard.genome.bigwig_writer import REDUCTIONS, Steps, open_writer, pack


@st.composite
def chromosomes(draw):
    """Pieces of chromosomes, in one or more calls: [[[Steps, ...], ...], ...]."""
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    drawn = []
    for _ in range(draw(st.integers(1, 3))):
        end, calls = 0, []
        for _ in range(draw(st.integers(1, 3))):
            pieces = []
            for _ in range(draw(st.integers(1, 4))):
                start = end + draw(st.sampled_from([0, 0, 1, 700, 50_000]))
                span, n = draw(st.sampled_from([1, 3, 16, 1000])), draw(st.integers(1, 200))
                values = rng.choice([rng.random(n), np.zeros(n)]).astype(np.float32)
                pieces.append(Steps(start, span, values))
                end = start + span * n
            calls.append(pieces)
        drawn.append(calls)
    return drawn


def spell_out(calls):
    """A value of every base, float32; NaN where there is none."""
    pieces = [piece for pieces in calls for piece in pieces]
    values = np.full(pieces[-1].start + pieces[-1].span * len(pieces[-1].values) + 7, np.nan)
    for start, span, heights in pieces:
        for i, height in enumerate(heights):
            values[start + i * span : start + (i + 1) * span] = height
    return values


def write(path, chroms):
    """Write and return what should be read, by chromosome."""
    # Names whose order is not theirs when sorted.
    expected = {f"chr{12 - i}": spell_out(calls) for i, calls in enumerate(chroms)}
    with open_writer(path, {name: len(values) for name, values in expected.items()}) as bigwig:
        for number, calls in enumerate(chroms):
            for pieces in calls:
                bigwig.write(pack(number, pieces))
    return expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(chromosomes())
def test_what_is_read(tmp_path, monkeypatch, chroms):
    """With small blocks and nodes, so that trees are deep."""
    monkeypatch.setattr(bigwig_writer, "BLOCK_VALUES", 8)
    monkeypatch.setattr(bigwig_writer, "FANOUT", 3)
    expected = write(tmp_path / "x.bigWig", chroms)
    ours, theirs = pyBigWig.open(str(tmp_path / "x.bigWig")), pybigtools.open(tmp_path / "x.bigWig")
    assert list(ours.chroms().items()) == [(name, len(x)) for name, x in expected.items()]
    assert theirs.chroms() == ours.chroms()
    for name, values in expected.items():
        n = len(values)
        np.testing.assert_array_equal(ours.values(name, 0, n, numpy=True), values)
        np.testing.assert_array_equal(theirs.values(name, 0, n, fillna=math.nan), values)
        middle = slice(n // 3, 2 * n // 3 + 1)
        part = ours.values(name, middle.start, middle.stop, numpy=True)
        np.testing.assert_array_equal(part, values[middle])
    every = np.concatenate(list(expected.values()))
    every = every[~np.isnan(every)]
    told = theirs.info()["summary"]
    assert told["basesCovered"] == len(every)
    assert told["min"] == every.min() and told["max"] == every.max()
    np.testing.assert_allclose(told["sum"], every.sum(), rtol=1e-6)
    np.testing.assert_allclose(
        ours.header()["sumSquared"], int((every**2).sum()), rtol=1e-6, atol=1
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(chromosomes())
def test_zoom_levels(tmp_path, monkeypatch, chroms):
    """Each summary is that of its bases, and together they are of all that have a value."""
    monkeypatch.setattr(bigwig_writer, "BLOCK_SUMMARIES", 2)
    monkeypatch.setattr(bigwig_writer, "FANOUT", 2)
    expected = write(tmp_path / "x.bigWig", chroms)
    bigwig = pybigtools.open(tmp_path / "x.bigWig")
    assert bigwig.zooms() == REDUCTIONS
    for bases in REDUCTIONS:
        for name, values in expected.items():
            seen = np.zeros(len(values), bool)
            for start, end, told in bigwig.zoom_records(bases, name, 0, len(values)):
                inside = values[start:end][~np.isnan(values[start:end])]
                assert not seen[start:end].any()
                seen[start:end] = True
                assert told["bases_covered"] == len(inside)
                assert (told["min_val"], told["max_val"]) == (inside.min(), inside.max())
                np.testing.assert_allclose(told["sum"], inside.sum(), rtol=1e-5)
                np.testing.assert_allclose(told["sum_squares"], (inside**2).sum(), rtol=1e-5)
            assert seen[~np.isnan(values)].all()


def test_statistics_from_zoom_levels(tmp_path):
    """Of bins that lie amid those of the level that a reader takes."""
    values = np.random.default_rng(1).random(1 << 20).astype(np.float32)
    write(tmp_path / "x.bigWig", [[[Steps(0, 4, values)]]])
    bigwig, n = pyBigWig.open(str(tmp_path / "x.bigWig")), 4 * len(values)
    for bins in (1, 16, 100):
        told = bigwig.stats("chr12", 0, n, nBins=bins)
        exact = [part.mean() for part in np.array_split(np.repeat(values, 4), bins)]
        np.testing.assert_allclose(told, exact, rtol=0.02)
        largest = bigwig.stats("chr12", 0, n, nBins=bins, type="max")
        assert min(largest) > 0.99


def test_many_chromosomes(tmp_path):
    """More than a node of the tree of names holds."""
    sizes = {f"contig{i * 7919 % 1000}": 10 + i for i in range(1000)}
    with open_writer(tmp_path / "x.bigWig", sizes) as bigwig:
        for number, size in enumerate(sizes.values()):
            bigwig.write(pack(number, [Steps(size - 1, 1, np.float32([number]))]))
    ours, theirs = pyBigWig.open(str(tmp_path / "x.bigWig")), pybigtools.open(tmp_path / "x.bigWig")
    assert list(ours.chroms().items()) == list(sizes.items())
    assert theirs.chroms() == sizes
    for number, (name, size) in enumerate(sizes.items()):
        assert ours.intervals(name) == ((size - 1, size, number),)
        assert list(theirs.records(name)) == [(size - 1, size, number)]


def test_a_broken_file_gets_no_name(tmp_path):
    with pytest.raises(KeyError), open_writer(tmp_path / "x.bigWig", {"chr1": 10}) as bigwig:
        bigwig.write(pack(0, [Steps(0, 1, np.ones(10, np.float32))]))
        raise KeyError
    assert not (tmp_path / "x.bigWig").exists()
