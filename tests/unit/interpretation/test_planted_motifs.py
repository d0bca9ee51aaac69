"""Motifs are set where they are said to be, and probabilities are those of the whole window."""

import numpy as np
import pandas as pd
import pytest
from leopard.decoding.decoder import Decoder
from leopard.decoding.peaks import call_peaks, write_narrowpeak
from leopard.errors import InputError
from leopard.genome.tracks import OTHER, Tracks
from leopard.interpretation.planted_motifs import (
    BACKGROUNDS,
    COLUMNS,
    GAPS,
    LEVELS,
    NEAR,
    ORIENTATIONS,
    PAIRED,
    Planter,
    Window,
    choose_level,
    draw_backgrounds,
    lay_out,
    measure_profile,
    move_apart,
    plant_motifs,
    raise_accessibility,
)

WORD = np.array([0, 1, 1, 2, 3], np.uint8)  # ACCGT, turned around ACGGT
TURNED = np.array([0, 1, 2, 2, 3], np.uint8)


class Counter:
    """In place of an ensemble: a base's probability is a tenth of the motifs that begin there."""

    tile_length, batch_size = 8192, 2

    def predict(self, codes, signals):
        found = np.zeros(codes.shape, np.float32)
        for word in (WORD, TURNED):
            words = np.lib.stride_tricks.sliding_window_view(codes, len(word), axis=1)
            found[:, : words.shape[1]] += 0.1 * (words == word).all(axis=2)
        return found * signals[..., 0]


def make_planter(backgrounds=3, grid=4):
    window = Window(160, 20, grid)
    codes = np.full((backgrounds, window.length), 3, np.uint8)
    profile = np.ones((2 * window.length, 1), np.float32)
    return Planter(Counter(), np.asarray, WORD, codes, profile, window)


def test_motifs_are_set_where_they_should_be():
    planter = make_planter()
    codes, signals = planter.make(2, 0.5, [(0, False), (5 + 7, True)])
    assert codes[22:27].tolist() == WORD.tolist()  # in the third, shifted by two
    assert codes[34:39].tolist() == TURNED.tolist()
    assert (codes != 3).sum() == 8  # and the last base of each is one
    assert signals.shape == (160, 1) and (signals == 0.5).all()
    assert (planter.backgrounds == 3).all()


def test_the_middle_of_the_profile_is_that_of_the_first_motif():
    planter = make_planter()
    planter.profile = np.arange(320, dtype=np.float32)[:, None]
    for background in range(3):
        _, signals = planter.make(background, 1, [(0, False)])
        assert signals[20 + background + len(WORD) // 2, 0] == 160  # its middle


def test_probabilities_near_the_first_motif():
    planter = make_planter()
    asked = [(0, 1.0, [(0, False)]), (1, 0.5, [(0, True)]), (2, 1.0, [])]
    assert planter.measure(asked) == pytest.approx([0.1, 0.05, 0])
    # One that begins so far to the left or right is not near.
    beyond = [(1, 1.0, [(-NEAR - 1, False)]), (1, 1.0, [(-NEAR, False)])]
    beyond += [(1, 1.0, [(len(WORD) + NEAR, False)]), (1, 1.0, [(len(WORD) + NEAR - 1, False)])]
    assert planter.measure(beyond) == pytest.approx([0, 0.1, 0, 0.1])


def test_every_level_and_every_gap():
    planter = make_planter()
    table = raise_accessibility(planter)
    assert list(table.columns) == list(COLUMNS) and len(table) == 2 * len(LEVELS) * 3
    one = table[table["motifs"] == "one"]
    np.testing.assert_allclose(one["probability"], 0.1 * one["level"], rtol=1e-6)
    assert (table.loc[table["motifs"] == "none", "probability"] == 0).all()
    assert choose_level(table) == 4  # 0.4, of all that come to most
    table = move_apart(planter, 1.0)
    assert len(table) == len(ORIENTATIONS) * GAPS * 3
    assert table.groupby("motifs")["gap"].agg(["min", "max"]).values.tolist() == [[0, GAPS - 1]] * 3


def test_the_level_nearest_to_one_half():
    rows = {"motifs": "one", "level": [0, 0, 1, 1, 2], "probability": [0, 0.1, 0.4, 0.5, 0.7]}
    assert choose_level(pd.DataFrame(rows)) == 1


def test_a_window_holds_all_that_matters(genome, networks):
    """What lies beyond a halo from where probabilities are taken changes none of them."""
    decoder = Decoder(networks[2:], 2048, batch_size=2, both_strands=False)
    window = lay_out(decoder, len(WORD))
    rng = np.random.default_rng(1)
    backgrounds = rng.integers(0, 4, (window.grid, window.length)).astype(np.uint8)
    profile = rng.random((2 * window.length, 1)).astype(np.float32)
    planter = Planter(decoder, np.asarray, WORD, backgrounds, profile, window)
    shift = window.grid - 1
    asked = [(shift, 1.0, [(0, False), (len(WORD) + GAPS - 1, False)])]
    (before,) = planter.measure(asked)
    # A network with more to either side says the same there.
    codes, signals = planter.make(*asked[0])
    more = 4 * window.grid
    wide = np.pad(codes, more, constant_values=1), np.pad(signals, ((more, more), (0, 0)))
    first = more + window.anchor + shift
    found = decoder.predict(wide[0][None], wide[1][None])[0]
    near = found[first - NEAR : first + len(WORD) + NEAR]
    assert before == pytest.approx(float(near.max()), rel=1e-4)


def test_backgrounds_are_known_and_not_excluded(genome, tmp_path):
    bed = tmp_path / "excluded.bed"
    bed.write_text("chr1\t0\t9000\n")
    tracks = Tracks(genome.fasta, genome.signal_files, excluded=bed)
    found = draw_backgrounds(tracks, ["chr1"], 100, seed=1)
    assert found.shape == (BACKGROUNDS, 100) and (found < OTHER).all()
    np.testing.assert_array_equal(found, draw_backgrounds(tracks, ["chr1"], 100, seed=1))
    later = tracks.codes("chr1", 9000, tracks.chrom_sizes["chr1"])
    text = "".join(map(str, later))
    assert all("".join(map(str, x)) in text for x in found)
    with pytest.raises(InputError, match="hardly any 1000000 bases in a row"):
        draw_backgrounds(tracks, ["chr1"], 1_000_000, seed=1)


def test_profiles_are_means_over_sites_and_lines(genome, tmp_path):
    tracks = Tracks(genome.fasta, genome.signal_files)
    size = tracks.chrom_sizes["chr1"]
    probabilities = np.zeros(size, np.float32)
    for start in (5, 3000, 9000):  # the first is too near the end
        probabilities[start : start + 20] = 0.9
    path = tmp_path / "calls.narrowPeak"
    write_narrowpeak(path, call_peaks("chr1", probabilities, 0.5))
    found = measure_profile([(tracks, path)], 50)
    expected = [tracks.signals("chr1", x + 10 - 50, x + 10 + 50) for x in (3000, 9000)]
    np.testing.assert_allclose(found, np.mean(expected, axis=0), rtol=1e-6)
    np.testing.assert_allclose(measure_profile([(tracks, path)] * 2, 50), found, rtol=1e-6)
    path.write_text("")
    with pytest.raises(InputError, match="no called sites"):
        measure_profile([(tracks, path)], 50)


def test_the_table(tmp_path):
    planter = make_planter(PAIRED + 1)
    plant_motifs(planter, tmp_path / "planted.tsv")
    table = pd.read_csv(tmp_path / "planted.tsv", sep="\t")
    assert list(table.columns) == list(COLUMNS)
    assert table.groupby("experiment")["background"].nunique().to_dict() == {
        "accessibility": PAIRED + 1,
        "distance": PAIRED,
    }
    assert set(table.loc[table["experiment"] == "distance", "level"]) == {4}
