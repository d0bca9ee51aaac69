"""Regions against the whole chromosome."""

import numpy as np
import pandas as pd
import pyBigWig
import pytest
from conftest import SIZES
from hypothesis import given, settings
from hypothesis import strategies as st
from leopard.decoding.condense import condense
from leopard.decoding.decoder import Decoder
from leopard.decoding.peaks import call_peaks
from leopard.decoding.region_track import write_regions
from leopard.decoding.regions import (
    COLUMNS,
    choose_length,
    decode_regions,
    describe_region,
    tile_region,
)
from leopard.errors import InputError
from leopard.genome.tracks import Tracks


@given(st.data())
def test_tiles_of_a_region(data):
    grid = data.draw(st.sampled_from([1, 4, 32]))
    halo = grid * data.draw(st.integers(0, 10))
    size = data.draw(st.integers(1, 6000))
    length = 2 * halo + grid * data.draw(st.integers(2, 40))
    start = data.draw(st.integers(0, size - 1))
    end = data.draw(st.integers(start + 1, size))
    padded = -(-size // grid) * grid
    tiles = tile_region(size, start, end, length, halo, grid)
    assert [base for x in tiles for base in range(x.keep_start, x.keep_end)] == [*range(start, end)]
    for tile in tiles:
        last = tile.start + tile.length
        assert tile.length == min(length, padded)
        assert tile.start % grid == 0 and tile.start >= 0 and last <= padded
        assert tile.start == 0 or tile.keep_start - tile.start >= halo
        assert last == padded or last - tile.keep_end >= halo


@given(st.lists(st.integers(1, 9000), min_size=1, max_size=9), st.sampled_from([1, 4, 32]))
def test_no_other_length_of_tiles_computes_less(spans, grid):
    halo, most = 3 * grid, 100 * grid

    def computed(length):
        return sum(-(-n // (length - 2 * halo - grid)) for n in spans) * length

    chosen = choose_length(spans, most, halo, grid)
    assert chosen % grid == 0 and 2 * halo + grid < chosen <= most
    ends = {min(-(-n // grid) * grid + 2 * halo + grid, most) for n in spans}
    assert computed(chosen) <= min(map(computed, ends))


def test_one_long_region_makes_no_long_tiles_of_short_ones():
    assert choose_length([1000] * 99 + [20_000], 65_536, 608, 32) < 3000
    assert choose_length([5], 100, 608, 32) == 2 * 608 + 2 * 32  # the least that is any use


@pytest.fixture(scope="module")
def whole(networks, genome):
    """An ensemble, a reader, and the probabilities of every base."""
    tracks = Tracks(genome.fasta, genome.signal_files)
    decoder = Decoder(networks, 4096, 2, both_strands=True)
    values = {chrom: np.empty(size, np.float32) for chrom, size in SIZES.items()}
    for chrom, tile, decoded in decoder.decode(tracks, SIZES):
        values[chrom][tile.keep_start : tile.keep_end] = decoded
    return decoder, tracks, values


@st.composite
def regions(draw):
    chrom = draw(st.sampled_from(list(SIZES)))
    start = draw(st.integers(0, SIZES[chrom] - 1))
    return chrom, start, draw(st.integers(start + 1, min(SIZES[chrom], start + 6000)))


@settings(max_examples=15)
@given(st.lists(regions(), max_size=5))
def test_regions_have_what_the_chromosome_has(whole, asked):
    decoder, tracks, values = whole
    found = list(decode_regions(decoder, tracks, asked))
    assert len(found) == len(asked)
    for (chrom, start, end), own in zip(asked, found, strict=True):
        np.testing.assert_allclose(own, values[chrom][start:end], atol=2e-6)


def test_the_track_is_that_of_the_whole_chromosome(whole, genome, tmp_path):
    decoder, tracks, values = whole
    asked = [("chr2", 10, 90), ("chr1", 500, 1500), ("chr1", 1200, 1700), ("chr2", 99, 100)]
    stretches = write_regions(
        *(decoder, tracks, asked, 0.3, 0.4, tmp_path / "x.bigWig", tmp_path / "x.tsv"),
        lambda x: x / 2,
    )
    assert stretches == [("chr1", 448, 1728), ("chr2", 0, 128)]
    with pyBigWig.open(str(tmp_path / "x.bigWig")) as track:
        assert list(track.chroms()) == ["chr1", "chr2"]
        for chrom in ("chr1", "chr2"):
            found = track.values(chrom, 0, SIZES[chrom], numpy=True)
            expected = np.full(SIZES[chrom], np.nan, np.float32)
            for piece in condense(values[chrom] / 2, 0.15):
                end = piece.start + piece.span * len(piece.values)
                expected[piece.start : end] = np.repeat(piece.values, piece.span)
            inside = np.zeros(SIZES[chrom], bool)
            for name, start, end in stretches:
                inside[start:end] |= name == chrom
            np.testing.assert_allclose(found[inside], expected[inside], atol=1e-4)
            assert np.isnan(found[~inside]).all()
    table = pd.read_csv(tmp_path / "x.tsv", sep="\t")
    rows = table[["chrom", "start", "end"]]
    assert list(rows.itertuples(index=False, name=None)) == asked
    for row in table.itertuples():
        own = values[row.chrom][row.start : row.end] / 2
        assert row.largest == pytest.approx(own.max(), rel=1e-3)
        assert row.mean == pytest.approx(own.mean(), rel=1e-3)
    with pytest.raises(InputError, match="there are none on this genome"):
        write_regions(decoder, tracks, [], 0.3, 0.4, tmp_path / "y", tmp_path / "z", np.asarray)


def test_the_table(whole):
    decoder, tracks, values = whole
    asked = [("chr1", 500, 1500), ("chr2", 0, 64)]
    decoded = decode_regions(decoder, tracks, asked)
    rows = [describe_region(*pair, 0.3) for pair in zip(asked, decoded, strict=True)]
    table = pd.DataFrame(rows, columns=COLUMNS)
    for row, (chrom, start, end) in zip(table.itertuples(), asked, strict=True):
        inside = values[chrom][start:end]
        assert (row.chrom, row.start, row.end) == (chrom, start, end)
        assert inside[row.position - start] == pytest.approx(inside.max(), abs=2e-6)
        assert row.largest == pytest.approx(inside.max(), abs=2e-6)
        assert row.mean == pytest.approx(inside.mean(), abs=2e-6)
        assert row.called == pytest.approx((inside >= 0.3).sum(), abs=2)
        assert row.sites == len(call_peaks(row.chrom, inside, 0.3))


@pytest.mark.parametrize(
    "region", [("chr9", 0, 1), ("chr1", -1, 5), ("chr1", 5, 5), ("chr2", 0, SIZES["chr2"] + 1)]
)
def test_what_is_no_region_of_the_genome(whole, region):
    decoder, tracks, _ = whole
    with pytest.raises(InputError, match="no bases, or none of this genome"):
        list(decode_regions(decoder, tracks, [("chr1", 0, 9), region]))
