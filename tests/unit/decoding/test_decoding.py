"""Tiles against one pass over the whole chromosome, and what is left after a kill."""

import gc
from pathlib import Path

import numpy as np
import pyBigWig
import pytest
from conftest import SIZES, randomise, write_bigwig
from hypothesis import given
from hypothesis import strategies as st
from leopard.decoding.calibration import Calibration
from leopard.decoding.condense import BACKGROUND_DIGITS, DIGITS, round_digits
from leopard.decoding.decoder import Decoder, tile_chromosome
from leopard.decoding.track import decode_genome
from leopard.errors import InputError
from leopard.genome.tracks import Signal, Tracks, reverse_complement
from leopard.models import build
from leopard.models.reach import derive_reach
from test_condense import average_blocks


@st.composite
def layouts(draw):
    grid = draw(st.sampled_from([1, 4, 32]))
    halo = grid * draw(st.integers(0, 20))
    length = 2 * halo + grid * draw(st.integers(1, 40))
    return draw(st.integers(1, 6000)), length, halo, grid


@given(layouts())
def test_tiles(layout):
    size, length, halo, grid = layout
    tiles = tile_chromosome(size, length, halo, grid)
    padded = -(-size // grid) * grid
    assert {tile.length for tile in tiles} == {min(length, padded)}
    kept = [base for tile in tiles for base in range(tile.keep_start, tile.keep_end)]
    assert kept == list(range(size))
    for tile in tiles:
        end = tile.start + tile.length
        assert tile.start % grid == 0 and tile.start >= 0 and end <= padded
        assert tile.keep_start < tile.keep_end
        assert tile.start == 0 or tile.keep_start - tile.start >= halo
        assert end == padded or end - tile.keep_end >= halo
    # No more than needed: every tile but the last keeps all it can.
    assert all(tile.keep_end == tile.start + tile.length - halo for tile in tiles[:-1])


def test_tiles_by_hand():
    assert tile_chromosome(100, 64, 8, 4) == [(0, 64, 0, 56), (36, 64, 56, 100)]
    assert tile_chromosome(62, 64, 32, 32) == [(0, 64, 0, 62)]
    assert tile_chromosome(1, 1024, 64, 32) == [(0, 32, 0, 1)]


@pytest.mark.parametrize("length", [64, 32])
def test_tiles_within_the_halo_are_refused(length):
    with pytest.raises(InputError, match="leave nothing inside a halo of 32; give more than 64"):
        tile_chromosome(1000, length, 32, 32)


@pytest.fixture(scope="module")
def tracks(genome):
    return Tracks(genome.fasta, genome.signal_files)


def predict_in_one_pass(networks, genome, chrom, both_strands):
    """Every base of a chromosome at once, from the letters and arrays the files were made of."""
    complement = {"A": "T", "C": "G", "G": "C", "T": "A"}
    sequence = genome.sequences[chrom].upper()
    sequence += "N" * (-len(sequence) % max(derive_reach(network).grid for network in networks))
    signal = np.zeros(len(sequence), np.float32)
    signal[: SIZES[chrom]] = sum(np.nan_to_num(replicate[chrom]) for replicate in genome.signals)
    strands = [(sequence, signal, 1)]
    if both_strands:
        flipped = "".join(complement.get(letter, "N") for letter in reversed(sequence))
        strands.append((flipped, signal[::-1], -1))
    passes = []
    for network in networks:
        for letters, values, direction in strands:
            codes = np.uint8([["ACGT".index(x) if x in "ACGT" else 4 for x in letters]])
            predicted = network.predict_on_batch([codes, values[None, :, None]])[0, :, 0]
            passes.append(predicted[::direction])
    return np.mean(passes, axis=0)[: SIZES[chrom]]


@pytest.fixture(scope="module")
def expected(networks, genome):
    """One pass by (members, both strands, chromosome)."""
    members = {"unet": networks[:1], "unets": networks[:2], "cnn": networks[2:]}
    return members, {
        (name, both, chrom): predict_in_one_pass(members[name], genome, chrom, both)
        for name, both in [("unet", False), ("unets", True), ("cnn", True)]
        for chrom in SIZES
    }


def decode(decoder, tracks, chrom):
    """One chromosome, from whole-genome decoding: its tiles share batches with other's."""
    pieces = [p for p in decoder.decode(tracks, SIZES) if p[0] == chrom]
    assert pieces[0][1].keep_start == 0
    return np.concatenate([values for _, _, values in pieces])


@pytest.mark.parametrize("chrom", SIZES)
@pytest.mark.parametrize(
    ("name", "both_strands", "tile_length", "batch_size"),
    [
        ("unet", False, 2048, 4),
        ("unets", True, 2048 + 7, 4),  # rounded down to the grid
        ("cnn", True, 500, 16),
    ],
)
def test_tiles_equal_one_pass(expected, tracks, chrom, name, both_strands, tile_length, batch_size):
    members, passes = expected
    decoder = Decoder(members[name], tile_length, batch_size, both_strands)
    out = decode(decoder, tracks, chrom)
    one_pass = passes[name, both_strands, chrom]
    np.testing.assert_allclose(out, one_pass, atol=1e-5, rtol=0)
    assert len(out) < 100 or one_pass.std() > 0.01  # there is something to get wrong


def test_signals_are_taken_by_name(networks, genome):
    other = Tracks(genome.fasta, {"mnase": Signal(genome.signal_files)})
    decoder = Decoder(networks[2:], 4096, 4, both_strands=False)
    with pytest.raises(InputError, match="trained on accessibility, not mnase; give it those"):
        decode(decoder, other, "chr2")


def test_tiles_equal_one_pass_with_an_average(genome, tmp_path):
    average = {c: sum(map(np.nan_to_num, (x[c] for x in genome.signals))) / 3 for c in SIZES}
    path = write_bigwig(tmp_path / "average.bw", average)
    seen = [
        {"name": "accessibility", "transform": "log1p"},
        {"name": "delta", "transform": "log1p", "difference": "accessibility"},
    ]
    network = randomise(build("unet", prior=0.3, tracks=seen), 8)
    signals = {
        "accessibility": Signal(genome.signal_files),
        "average.accessibility": Signal([path]),
    }
    tracks = Tracks(genome.fasta, signals)
    size = -(-SIZES["chr1"] // 32) * 32
    codes, pair = tracks.codes("chr1", 0, size), tracks.signals("chr1", 0, size)
    flipped = [reverse_complement(codes)[None], pair[None, ::-1]]
    passes = [
        network.predict_on_batch([codes[None], pair[None]])[0, :, 0],
        network.predict_on_batch(flipped)[0, ::-1, 0],
    ]
    out = decode(Decoder([network], 4096, 4, both_strands=True), tracks, "chr1")
    np.testing.assert_allclose(out, np.mean(passes, axis=0)[: SIZES["chr1"]], atol=1e-5, rtol=0)
    assert out.std() > 0.01


def test_a_smaller_halo_would_show(expected, tracks):
    members, passes = expected
    decoder = Decoder(members["unet"], 2048, 4, False)
    decoder.halo = 128
    out = decode(decoder, tracks, "chr1")
    assert abs(out - passes["unet", False, "chr1"]).max() > 1e-4


# Whole genomes, by the quickest network

ROUNDING, BACKGROUND_ROUNDING = 2.0**-DIGITS, 2.0**-BACKGROUND_DIGITS  # relative, half a digit


@pytest.fixture(scope="module")
def decoder(networks):
    return Decoder(networks[2:], 1024, 8, both_strands=True)


def read(path):
    with pyBigWig.open(str(path)) as bigwig:
        assert list(bigwig.chroms().items()) == list(SIZES.items())
        return {chrom: bigwig.values(chrom, 0, size) for chrom, size in SIZES.items()}


@pytest.fixture(scope="module")
def decoded(tmp_path_factory, decoder, tracks):
    directory = tmp_path_factory.mktemp("decoded")
    decode_genome(decoder, tracks, SIZES, 0.0, directory / "x.bigWig", directory / "parts")
    assert [path.name for path in directory.iterdir()] == ["x.bigWig"]
    return directory / "x.bigWig"


def test_the_bigwig_has_every_base_once(decoded, expected):
    for chrom, values in read(decoded).items():
        assert not np.isnan(values).any()
        one_pass = expected[1]["cnn", True, chrom]
        np.testing.assert_allclose(values, one_pass, atol=1e-5, rtol=ROUNDING)
    with pyBigWig.open(str(decoded)) as bigwig:
        assert bigwig.header()["nBasesCovered"] == sum(SIZES.values())
        entries = bigwig.intervals("chr1")
        assert [entry[:2] for entry in entries] == [(i, i + 1) for i in range(SIZES["chr1"])]


def test_writes_in_pieces_are_the_same(tmp_path, decoder, tracks, decoded, monkeypatch):
    monkeypatch.setattr("leopard.decoding.track.STRETCH", 777)
    decode_genome(decoder, tracks, SIZES, 0.0, tmp_path / "x.bigWig", tmp_path / "parts")
    assert read(tmp_path / "x.bigWig") == read(decoded)


@pytest.mark.parametrize("quantile", [0.8, 0.99])  # the two forms of a bigWig
def test_blocks_of_background_have_their_mean(
    tmp_path, decoder, tracks, expected, decoded, quantile
):
    background = float(np.quantile(expected[1]["cnn", True, "chr1"], quantile))
    decode_genome(decoder, tracks, SIZES, background, tmp_path / "x.bigWig", tmp_path / "parts")
    kinds = set()
    for chrom, values in read(tmp_path / "x.bigWig").items():
        exact = decode(decoder, tracks, chrom)
        wanted, low = map(np.array, average_blocks(exact, exact < background))
        kinds |= set(low.tolist())
        written = np.array(values)
        for here, rtol in ((low, BACKGROUND_ROUNDING), (~low, ROUNDING)):
            np.testing.assert_allclose(written[here], wanted[here], atol=1e-6, rtol=rtol)
        whole = written[: len(written) // 8 * 8].reshape(-1, 8)
        assert (np.ptp(whole, axis=1)[low[: whole.size : 8]] == 0).all()
    assert kinds == {True, False}
    assert (tmp_path / "x.bigWig").stat().st_size < decoded.stat().st_size


@pytest.fixture
def interrupted(tmp_path, decoder, tracks):
    """Parts of a run that broke off after two chromosomes, amid the third."""
    parts = tmp_path / "parts"
    sizes = {"chr1": SIZES["chr1"], "chr2": SIZES["chr2"], "chrMissing": 500}
    with pytest.raises(KeyError):
        decode_genome(decoder, tracks, sizes, 0.0, tmp_path / "broken.bigWig", parts)
    gc.collect()  # closes the broken file
    (parts / "chr3.f32.unfinished").write_bytes(b"half a chromosome")
    assert {path.name for path in parts.glob("*.f32")} == {"chr1.f32", "chr2.f32"}
    return parts


def finish(parts: Path, decoder, tracks):
    path = parts.parent / "x.bigWig"
    decode_genome(decoder, tracks, SIZES, 0.0, path, parts)
    assert not parts.exists()
    return path


def test_a_run_goes_on_from_finished_chromosomes(interrupted, decoder, tracks, decoded, caplog):
    caplog.set_level("INFO")
    path = finish(interrupted, decoder, tracks)
    assert path.read_bytes() == decoded.read_bytes()
    reused = [chrom for chrom in SIZES if f"{chrom}: already decoded" in caplog.text]
    assert reused == ["chr1", "chr2"]


@pytest.mark.parametrize("change", ["strands", "weights", "scale"])
def test_chromosomes_of_another_run_are_not_reused(
    interrupted, genome, networks, tracks, decoder, change
):
    network = networks[2]
    before = network.get_weights()
    try:
        if change == "weights":
            network.set_weights([weight * 0.9 for weight in before])
        elif change == "scale":
            tracks = Tracks(genome.fasta, {"accessibility": Signal(genome.signal_files, 0.5)})
        decoder = Decoder([network], 1024, 8, both_strands=change != "strands")
        out = decode(decoder, tracks, "chr1")
        path = finish(interrupted, decoder, tracks)
    finally:
        network.set_weights(before)
    np.testing.assert_array_equal(np.float32(read(path)["chr1"]), round_digits(out, DIGITS))


def test_tile_length_and_batch_size_do_not_matter_to_parts(
    interrupted, networks, tracks, decoded, caplog
):
    caplog.set_level("INFO")
    path = finish(interrupted, Decoder(networks[2:], 512, 3, both_strands=True), tracks)
    assert "chr1: already decoded" in caplog.text
    for values, expected in zip(read(path).values(), read(decoded).values(), strict=True):
        np.testing.assert_allclose(values, expected, atol=1e-5, rtol=2 * ROUNDING)


# Calibrated


CALIBRATION = Calibration(1.5, 0.6, 0.4)


def test_tracks_hold_what_calibration_makes_of_it(tmp_path, decoder, tracks, expected):
    path, parts = tmp_path / "x.bigWig", tmp_path / "parts"
    decode_genome(decoder, tracks, SIZES, 0.0, path, parts, CALIBRATION)
    for chrom, values in read(path).items():
        wanted = CALIBRATION(expected[1]["cnn", True, chrom])
        np.testing.assert_allclose(values, wanted, atol=1e-5, rtol=ROUNDING)


@pytest.mark.parametrize("shift", [-3.0, 0.5])
def test_background_is_low_before_calibration_and_after(tmp_path, decoder, tracks, shift):
    """Blocks that are averaged, whether calibration makes probabilities small or large."""
    path, parts, calibration = tmp_path / "x.bigWig", tmp_path / "parts", Calibration(1, 1, shift)
    exact = decode(decoder, tracks, "chr1")
    background = float(np.quantile(exact, 0.99))
    decode_genome(decoder, tracks, SIZES, background, path, parts, calibration)
    meant = calibration(exact)
    wanted, low = map(np.array, average_blocks(meant, np.maximum(exact, meant) < background))
    written = np.array(read(path)["chr1"])
    np.testing.assert_allclose(written[~low], wanted[~low], atol=1e-6, rtol=ROUNDING)
    np.testing.assert_allclose(written[low], wanted[low], atol=1e-6, rtol=BACKGROUND_ROUNDING)
    assert 0 < low.mean() < 1
    assert abs(wanted / meant - 1)[low].max() > BACKGROUND_ROUNDING


def test_parts_serve_with_any_calibration(interrupted, decoder, tracks, tmp_path, caplog):
    caplog.set_level("INFO")
    path = tmp_path / "x.bigWig"
    decode_genome(decoder, tracks, SIZES, 0.0, path, interrupted, CALIBRATION)
    assert "chr1: already decoded" in caplog.text
    fresh = tmp_path / "fresh.bigWig"
    decode_genome(decoder, tracks, SIZES, 0.0, fresh, tmp_path / "other", CALIBRATION)
    assert read(path) == read(fresh)
