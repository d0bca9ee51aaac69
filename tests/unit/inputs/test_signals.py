"""Quantile normalisation against a plain one of whole arrays, and the mean over cell lines."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyBigWig
import pytest
from conftest import SIZES, write_bigwig
from hypothesis import given
from hypothesis import strategies as st
from leopard.errors import InputError
from leopard.genome.tracks import Signal, Tracks
from leopard.inputs import signals
from leopard.inputs.signals import (
    match_quantiles,
    measure_signal,
    open_line,
    read_measures,
    read_scale,
    sample_signal,
    write_average,
    write_normalised,
)


def match_plainly(values, sample, reference):
    """Pair by pair: equal samples share the mean of their references, a line beyond the last."""
    pairs = {}
    for own, other in zip(sample, reference, strict=True):
        pairs.setdefault(float(own), []).append(float(other))
    knots = [(0.0, 0.0)] + [(own, np.mean(others)) for own, others in pairs.items() if own > 0]
    x, y = zip(*knots, strict=True)
    if len(set(sample[-10:])) > 1:
        slope = np.polyfit(sample[-10:].astype(float), reference[-10:].astype(float), 1)[0]
    else:
        slope = y[-1] / x[-1]
    line = y[-1] + slope * (values.astype(float) - x[-1])
    return np.where(values > x[-1], line, np.interp(values, x, y))


def assert_matched(values, sample, reference):
    mapped = match_quantiles(sample, reference)(values)
    assert mapped.dtype == np.float32
    expected = match_plainly(values, sample, reference)
    np.testing.assert_allclose(mapped, expected, rtol=1e-5, atol=1e-6)
    return mapped


heights = st.lists(st.integers(0, 40).map(lambda n: n / 4), min_size=12, max_size=60)


@given(heights, st.data())
def test_quantiles_are_those_of_the_reference(sample, data):
    sample = np.sort(np.float32([*sample, 1]))
    size = len(sample)
    other = st.lists(st.floats(0, 50, width=32), min_size=size, max_size=size)
    reference = np.sort(np.float32(data.draw(other)))
    reference[-1] += 1
    values = np.float32([0, 0.1, 3, 9.9, 10, 12, 1000])
    mapped = assert_matched(values, sample, reference)
    assert mapped[0] == 0
    assert (np.diff(mapped) >= 0).all()


def test_a_line_normalised_to_itself_stays_as_it_is():
    sample = np.sort(np.random.default_rng(1).poisson(2, 500).astype(np.float32))
    values = np.float32([0, 1, 2.5, 6, 100])
    np.testing.assert_allclose(match_quantiles(sample, sample)(values), values, rtol=1e-6)


def test_signal_at_one_height_goes_on_in_proportion():
    sample, reference = np.float32([0] * 5 + [2] * 20), np.float32([0] * 5 + [6] * 20)
    assert match_quantiles(sample, reference)(np.float32([0, 1, 2, 5])).tolist() == [0, 3, 6, 15]


@pytest.mark.parametrize("which", [0, 1])
def test_no_signal_is_told(which):
    sides = [np.float32([0, 0, 1]), np.float32([0, 0, 1])]
    sides[which] *= 0
    with pytest.raises(InputError, match="no signal at any sampled position"):
        match_quantiles(*sides)


@pytest.fixture
def tracks(genome):
    return Tracks(genome.fasta, genome.signal_files)


def sum_plainly(genome, chrom):
    return sum(np.nan_to_num(replicate[chrom]) for replicate in genome.signals)


def test_a_small_genome_is_sampled_whole(genome, tracks):
    everything = np.sort(np.concatenate([sum_plainly(genome, chrom) for chrom in SIZES]))
    np.testing.assert_allclose(sample_signal(tracks, list(SIZES), 1), everything, rtol=1e-6)


def test_a_sample_is_even_and_of_the_seed_alone(genome, tracks, monkeypatch, tmp_path):
    """The signal is the position, so that the sample says what it is of."""
    monkeypatch.setattr(signals, "SAMPLE", 240)
    monkeypatch.setattr(signals, "STRETCH", 1000)
    ramp = write_bigwig(tmp_path / "ramp.bw", {c: np.arange(float(n)) for c, n in SIZES.items()})
    position = Tracks(genome.fasta, [ramp])
    sample = sample_signal(position, ["chr1"], 1)
    step = SIZES["chr1"] // 240
    # One of each `step` bases, counted anew in each stretch.
    strata = [(int(x) // 1000, int(x) % 1000 // step) for x in sample]
    assert len(set(strata)) == len(sample)
    assert len(sample) == 20 * -(-1000 // step) + 1
    np.testing.assert_array_equal(sample, sample_signal(position, ["chr1"], 1))
    assert not np.array_equal(sample, sample_signal(position, ["chr1"], 2))
    assert len(sample_signal(tracks, ["chr1"], 1)) == len(sample)


def read_all(path: Path, chrom: str) -> np.ndarray:
    with pyBigWig.open(str(path)) as bigwig:
        return np.nan_to_num(bigwig.values(chrom, 0, bigwig.chroms(chrom), numpy=True))


@pytest.mark.parametrize("stretch", [999, 1 << 22])
def test_a_normalised_track(genome, tracks, tmp_path, monkeypatch, stretch):
    monkeypatch.setattr(signals, "STRETCH", stretch)
    chroms = ["chr1", "chr3"]
    sample = sample_signal(tracks, chroms, 1)
    reference = np.sort(np.random.default_rng(3).gamma(0.5, 4, len(sample)).astype(np.float32))
    path = tmp_path / "a.bigWig"
    write_normalised(path, tracks, chroms, match_quantiles(sample, reference))
    with pyBigWig.open(str(path)) as bigwig:
        assert list(bigwig.chroms()) == chroms
    for chrom in chroms:
        expected = match_plainly(sum_plainly(genome, chrom), sample, reference)
        np.testing.assert_allclose(read_all(path, chrom), expected, rtol=1e-5, atol=1e-6)
    quantiles = np.sort(np.concatenate([read_all(path, chrom) for chrom in chroms]))
    first = np.searchsorted(sample, 0, side="right")  # nothing stays nothing
    np.testing.assert_allclose(quantiles[first:], reference[first:], rtol=1e-4, atol=1e-6)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("scale", [1, 0.7])
def test_the_average_is_the_mean_over_lines(genome, tmp_path, monkeypatch, scale):
    monkeypatch.setattr(signals, "STRETCH", 999)
    files = [genome.signal_files, genome.signal_files[:1]]
    lines = [Tracks(genome.fasta, {"x": Signal(paths, scale)}) for paths in files]
    path = tmp_path / "average.bigWig"
    write_average(path, lines, ["chr1", "chr2"])
    for chrom in ("chr1", "chr2"):
        expected = np.mean([line.signal(chrom, 0, SIZES[chrom]) for line in lines], axis=0)
        np.testing.assert_allclose(read_all(path, chrom), expected, rtol=1e-6)


def test_a_line_is_opened_on_its_scales(genome, tmp_path):
    """By name and in order; each signal against what its files hold."""
    measures = tmp_path / "a.measures.tsv"
    pd.DataFrame([{"cell_line": "a", "track": "y", "mean": 4.0}]).to_csv(
        measures, sep="\t", index=False
    )
    first, second = genome.signal_files
    files = {"y": ([first], [measures]), "x": ([first, second], [])}
    tracks = open_line(genome.fasta, files, genome.labels_file)
    assert tracks.arrays == ["y", "x"] and set(tracks.files) >= {first, second}
    read = tracks.signals("chr2", 30, SIZES["chr2"] + 8)
    assert read.shape == (SIZES["chr2"] - 22, 2) and read.dtype == np.float32
    alone = np.append(np.nan_to_num(genome.signals[0]["chr2"])[30:] / 4, [0] * 8)
    np.testing.assert_allclose(read[:, 0], alone, rtol=1e-6)
    both = np.append(sum_plainly(genome, "chr2")[30:], [0] * 8)
    np.testing.assert_allclose(read[:, 1], both, rtol=1e-6)
    np.testing.assert_array_equal(
        tracks.signal("chr2", 0, 99, "x"), tracks.signals("chr2", 0, 99)[:, 1]
    )
    assert tracks.labels("chr2", 0, 9).shape == (9,)
    assert read_measures(measures).to_dict() == {"mean": 4.0}


@pytest.fixture
def excluded(tmp_path):
    path = tmp_path / "excluded.bed"
    path.write_text("chr1\t0\t7\nchr1\t100\t15000\nchr2\t2990\t3000\n")
    return path


def test_a_signal_is_measured_where_it_counts(genome, tmp_path, monkeypatch, excluded):
    monkeypatch.setattr(signals, "STRETCH", 999)
    tracks = Tracks(genome.fasta, genome.signal_files, excluded=excluded)
    measured = measure_signal(tracks, ["chr1", "chr2"])
    one, two = (sum_plainly(genome, chrom) for chrom in ("chr1", "chr2"))
    values = np.concatenate([one[7:100], one[15000:], two[:2990]])
    assert measured["bases"] == len(values)
    assert measured["mean"] == pytest.approx(values.mean(dtype=float), rel=1e-6)
    assert measured["covered"] == pytest.approx((values > 0).mean())
    for q in (0.5, 0.9, 0.99, 0.999, 0.9999):
        expected = np.quantile(values, q, method="inverted_cdf")
        assert measured[f"q{100 * q:g}"] == pytest.approx(expected, rel=1e-3)
    path = tmp_path / "measures.tsv"
    pd.DataFrame([measured]).to_csv(path, sep="\t", index=False)
    on_scale = {"x": Signal(genome.signal_files, read_scale([path]))}
    scaled = Tracks(genome.fasta, on_scale, excluded=excluded)
    assert measure_signal(scaled, ["chr1", "chr2"])["mean"] == pytest.approx(1, rel=1e-6)
    assert read_scale([]) == 1


def test_mitochondria_do_not_change_the_scale(genome, tmp_path):
    """Two samples of one nuclear signal, one of them with a hundred times as much elsewhere."""
    scales = []
    for factor in (0.01, 100):
        values = {chrom: sum_plainly(genome, chrom).copy() for chrom in SIZES}
        values["chr3"] *= factor
        values["chr2"][500:900] *= factor  # as ribosomal DNA, which is excluded
        path = write_bigwig(tmp_path / f"{factor}.bw", values)
        (tmp_path / "rdna.bed").write_text("chr2\t500\t900\n")
        tracks = Tracks(genome.fasta, [path], excluded=tmp_path / "rdna.bed")
        scales.append(measure_signal(tracks, ["chr1", "chr2"])["mean"])
    assert scales[0] == pytest.approx(scales[1], rel=1e-6)


def test_a_line_without_signal_has_no_scale(tmp_path):
    (tmp_path / "a.measures.tsv").write_text("mean\n0.0\n")
    with pytest.raises(InputError, match=r"a\.measures\.tsv: no signal on any chromosome"):
        read_scale([tmp_path / "a.measures.tsv"])


def test_a_genome_of_which_nothing_counts_has_no_mean(genome, tmp_path):
    (tmp_path / "all.bed").write_text("chr3\t0\t1000\n")
    tracks = Tracks(genome.fasta, genome.signal_files, excluded=tmp_path / "all.bed")
    with pytest.raises(InputError, match="chr3: every base is excluded"):
        measure_signal(tracks, ["chr3"])
