"""The reader of the genome against loops over what the files were written from."""

import numpy as np
import pandas as pd
import pyBigWig
import pytest
from conftest import SIZES, write_bigwig, write_fasta
from hypothesis import given
from hypothesis import strategies as st
from leopard.genome import tracks as tracks_module
from leopard.genome.loaded import LoadedTracks
from leopard.genome.tracks import (
    Signal,
    Tracks,
    encode_sequence,
    read_bigwig,
    read_chrom_sizes,
    read_chromosome,
    reverse_complement,
)

CODE = {"A": 0, "C": 1, "G": 2, "T": 3}
COMPLEMENT = str.maketrans("ACGTacgt", "TGCAtgca")
LETTERS = "ACGTacgtNnRYSWKMBDHVryswkmbdhv.-*"


def encode_naively(sequence):
    return [CODE.get(letter.upper(), 4) for letter in sequence]


def sum_naively(genome, chrom):
    return sum(np.nan_to_num(replicate[chrom]) for replicate in genome.signals)


@given(st.text(LETTERS + "é☃"))
def test_encoding_is_that_of_a_dictionary(sequence):
    codes = encode_sequence(sequence)
    assert codes.dtype == np.uint8
    assert codes.tolist() == encode_naively(sequence)


@given(st.text(LETTERS))
def test_reverse_complement_is_that_of_the_letters(sequence):
    codes = encode_sequence(sequence)
    flipped = reverse_complement(codes)
    assert flipped.tolist() == encode_naively(sequence.translate(COMPLEMENT)[::-1])
    assert reverse_complement(flipped).tolist() == codes.tolist()


def test_reverse_complement_of_a_batch_works_on_the_last_axis():
    batch = np.random.default_rng(0).integers(0, 5, (3, 7)).astype(np.uint8)
    flipped = reverse_complement(batch)
    assert flipped.dtype == np.uint8
    for row, expected in zip(flipped, batch, strict=True):
        assert row.tolist() == reverse_complement(expected).tolist()


def test_chromosome_sizes_keep_the_order_of_the_file(genome):
    assert list(read_chrom_sizes(genome.fasta).items()) == list(SIZES.items())


@pytest.mark.parametrize("chrom", SIZES)
@pytest.mark.parametrize("beyond", [0, 1, 40])
def test_codes(genome, chrom, beyond):
    size = SIZES[chrom]
    for start in (0, size // 3, size - 1):
        codes = Tracks(genome.fasta).codes(chrom, start, size + beyond)
        assert codes.dtype == np.uint8
        assert codes.tolist() == encode_naively(genome.sequences[chrom][start:]) + [4] * beyond


@pytest.mark.parametrize("chrom", SIZES)
def test_signal_sums_replicates_and_is_zero_where_there_is_none(genome, chrom):
    tracks = Tracks(genome.fasta, genome.signal_files)
    expected = np.append(sum_naively(genome, chrom), np.zeros(33))
    assert np.isnan(genome.signals[0][chrom]).any()
    for start in (0, len(expected) // 3):
        signal = tracks.signal(chrom, start, len(expected))
        assert signal.dtype == np.float32
        np.testing.assert_allclose(signal, expected[start:], rtol=1e-6)


def test_without_tracks_there_is_no_signal(genome):
    assert not Tracks(genome.fasta).signal("chr3", 0, 50).any()


def test_the_signal_is_scaled(genome):
    signals = {"mnase": Signal(genome.signal_files, 0.125)}
    scaled = Tracks(genome.fasta, signals).signal("chr1", 5, 900)
    np.testing.assert_allclose(scaled, sum_naively(genome, "chr1")[5:900] / 8, rtol=1e-6)


@pytest.mark.parametrize("chrom", SIZES)
def test_labels(genome, chrom):
    meaning = {1: 1, 0: 0, -1: 255}
    labels = Tracks(genome.fasta, labels=genome.labels_file).labels(chrom, 0, SIZES[chrom] + 20)
    assert labels.dtype == np.uint8
    assert labels.tolist() == [meaning[int(x)] for x in genome.labels[chrom]] + [255] * 20


@pytest.mark.parametrize(("start", "end"), [(0, 400), (95, 120), (130, 310), (101, 102), (0, 50)])
def test_excluded_bases_are_masked(genome, tmp_path, start, end):
    excluded = tmp_path / "excluded.bed"
    excluded.write_text("chr1\t60\t104\nchr1\t120\t121\nchr1\t300\t999999\nchrX\t0\t9\n")
    without = Tracks(genome.fasta, labels=genome.labels_file)
    tracks = Tracks(genome.fasta, labels=genome.labels_file, excluded=excluded)
    at = np.arange(start, end)
    counted = ~(((at >= 60) & (at < 104)) | (at == 120) | (at >= 300))
    expected = np.where(counted, without.labels("chr1", start, end), 255)
    np.testing.assert_array_equal(tracks.labels("chr1", start, end), expected)
    np.testing.assert_array_equal(tracks.counted("chr1", start, end), counted)
    assert tracks.touches_excluded("chr1", start, end) == (not counted.all())
    np.testing.assert_array_equal(
        tracks.labels("chr2", start, end), without.labels("chr2", start, end)
    )
    sites = without.sites(["chr1", "chr2"])
    touching = (sites["chrom"] == "chr1") & ((sites["start"] < 104) | (sites["end"] > 300))
    assert touching.any()
    expected = sites[~touching].reset_index(drop=True)
    pd.testing.assert_frame_equal(tracks.sites(["chr1", "chr2"]), expected)


def test_an_empty_bed_excludes_nothing(genome, tmp_path):
    (tmp_path / "empty.bed").touch()
    assert Tracks(genome.fasta, excluded=tmp_path / "empty.bed").counted("chr1", 0, 99).all()


@pytest.mark.parametrize("size", [1, 7, 16, 20])
def test_a_chromosome_read_in_stretches(monkeypatch, size):
    monkeypatch.setattr(tracks_module, "STRETCH", 7)
    values = read_chromosome(lambda chrom, start, end: np.arange(start, end), "chr1", size)
    np.testing.assert_array_equal(values, np.arange(size))


def test_labels_are_cut_at_half(tmp_path):
    values = np.array([np.nan, 0.49, 0.5, 1.0, 7.0, -0.4, -0.51, -1.0])
    fasta = write_fasta(tmp_path / "x.fa", {"x": "A" * 8})
    labels = write_bigwig(tmp_path / "x.bw", {"x": values})
    assert Tracks(fasta, labels=labels).labels("x", 0, 8).tolist() == [0, 0, 1, 1, 1, 0, 255, 255]


def test_labels_need_a_file(genome):
    with pytest.raises(ValueError, match="without labels"):
        Tracks(genome.fasta).labels("chr1", 0, 10)


def test_a_bigwig_without_any_value_reads_as_zeros(tmp_path):
    path = write_bigwig(tmp_path / "empty.bw", {"x": np.full(50, np.nan)})
    with pyBigWig.open(str(path)) as bigwig:
        values = read_bigwig(bigwig, "x", 10, 30)
    assert values.dtype == np.float32
    assert values.tolist() == [0.0] * 20


def test_chromosomes_in_memory_are_those_of_the_files(genome, tmp_path, monkeypatch):
    monkeypatch.setattr("leopard.genome.loaded.STRETCH", 1000)  # several stretches a chromosome
    bed = tmp_path / "excluded.bed"
    bed.write_text("chr1\t50\t60\n")
    two = {"one": Signal(genome.signal_files, 0.5), "two": Signal(genome.signal_files)}
    tracks = Tracks(genome.fasta, two, genome.labels_file, bed)
    loaded = LoadedTracks(tracks, ["chr1"])
    size = tracks.chrom_sizes["chr1"]
    assert LoadedTracks.size(tracks, ["chr1"]) == size * (1 + 1 + 2 * 4)
    for start, end in ((0, size), (40, 70), (990, 1010)):
        for read in ("codes", "signals", "labels"):
            found = getattr(loaded, read)("chr1", start, end)
            expected = getattr(tracks, read)("chr1", start, end)
            np.testing.assert_array_equal(found, expected)
            assert found.dtype == expected.dtype
    pd.testing.assert_frame_equal(loaded.sites(["chr1"]), tracks.sites(["chr1"]))
