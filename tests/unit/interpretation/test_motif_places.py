"""Seqlets and hits lie where the genome has them, on either strand, as worked out by hand."""

import h5py
import numpy as np
import pandas as pd
import pytest
from leopard.genome.formats import read_bed
from leopard.interpretation.motif_patterns import Pattern, crop_width, read_patterns
from leopard.interpretation.motif_places import (
    compare_windows,
    export_regions,
    keep_apart,
    place_seqlets,
    scan_contributions,
    write_bed,
)
from leopard.study.explained import HYPOTHETICAL, OBSERVED, ONE_HOT

CORE = np.array([[0, 0, 3, 0], [2, 0, 0, 0], [0, 0, 0, 4], [0, 1, 0, 0]], float)  # C T A G
SITES = pd.DataFrame(
    {
        "chrom": ["chr1", "chr2"],
        "start": [1000, 20],
        "end": [1021, 40],
        "name": ["site_1", "site_2"],
    }
)


def make_pattern(*seqlets: tuple[int, int, int, bool]) -> Pattern:
    """The core with two empty positions before it and one behind."""
    matrix = np.pad(CORE, ((0, 0), (2, 1)))
    table = pd.DataFrame(seqlets, columns=["site", "start", "end", "reverse"])
    return Pattern("pos_patterns.pattern_0", matrix / 4, matrix, table)


@pytest.fixture
def scores(tmp_path):
    """Contributions of the two sites: the core forwards at 90, and backwards at 120; 31 around."""
    observed = np.zeros((2, 4, 231))
    shift = crop_width(231)[0]
    observed[0, :, shift + 90 : shift + 94] = CORE
    observed[1, :, shift + 120 : shift + 124] = CORE[::-1, ::-1] / 2
    observed[1, :, shift + 150 : shift + 154] = CORE / 100  # as like, but next to nothing
    observed[0, 0, shift + 140] = 5.0  # not like it
    with h5py.File(tmp_path / "contributions.h5", "w") as h5:
        h5[OBSERVED] = observed
        h5[HYPOTHETICAL] = observed - 0.25 * (observed == 0)
        h5[ONE_HOT] = (observed != 0).astype(np.int8)
    return tmp_path / "contributions.h5"


def test_what_is_cropped_is_the_middle():
    assert crop_width(231) == (15, 215)
    assert crop_width(200) == (0, 200)
    assert crop_width(61) == (0, 60)


def test_seqlets_by_hand():
    # Windows begin at 1010 - 100 and 30 - 100. Forwards, the core is behind two positions;
    # backwards, behind one, for the other end comes first.
    pattern = make_pattern((0, 88, 95, False), (1, 119, 126, True))
    rows = place_seqlets([pattern], SITES, 200).values.tolist()
    name = "pos_patterns.pattern_0"
    assert rows == [
        ["chr1", 910 + 88, 910 + 95, name, 0, "+", 910 + 90, 910 + 94],
        ["chr2", -70 + 119, -70 + 126, name, 0, "-", -70 + 120, -70 + 124],
    ]


def test_cosines_are_those_of_a_plain_loop():
    rng = np.random.default_rng(1)
    windows, core = rng.normal(size=(3, 4, 12)), rng.normal(size=(4, 5))
    windows[1] = 0
    cosines, along = compare_windows(windows, core)
    for n in range(3):
        for place in range(8):
            own = windows[n, :, place : place + 5].ravel()
            product = own @ core.ravel()
            assert along[n, place] == pytest.approx(product / np.sqrt((core**2).sum()))
            length = np.sqrt((own**2).sum()) * np.sqrt((core**2).sum())
            assert cosines[n, place] == pytest.approx(product / length if length else 0)


def test_hits_by_hand(scores):
    pattern = make_pattern((0, 88, 95, False), (1, 119, 126, True))
    hits = scan_contributions(scores, [pattern], SITES, 200)
    assert hits.values.tolist() == [
        ["chr1", 1000, 1004, pattern.name, 1000, "+"],
        ["chr2", 50, 54, pattern.name, 1000, "-"],
    ]
    assert scan_contributions(scores, [], SITES, 200).empty


def test_of_hits_that_overlap_the_best_is_kept():
    rows = [("chr1", 60, 70), ("chr1", 69, 80), ("chr1", 70, 80), ("chr2", 65, 75), ("chr1", 1, 61)]
    table = pd.DataFrame(rows, columns=["chrom", "start", "end"])
    kept = [tuple(x) for x in keep_apart(table.itertuples(index=False))]
    assert kept == [rows[0], rows[2], rows[3]]


def test_a_bed_ends_with_the_chromosome(tmp_path):
    table = pd.DataFrame(
        [["chr1", -3, 4, "a", 0, "+"], ["chr1", 95, 120, "a", 0, "-"]],
        columns=["chrom", "start", "end", "name", "score", "strand"],
    )
    write_bed(table, tmp_path / "one.bed", pd.Series({"chr1": 100}))
    bed = read_bed(tmp_path / "one.bed", {"chr1": 100})
    assert bed[["start", "end"]].values.tolist() == [[0, 4], [95, 100]]
    write_bed(table.head(0), tmp_path / "none.bed", pd.Series({"chr1": 100}))
    assert (tmp_path / "none.bed").read_text() == ""


def test_what_finemo_reads(scores, tmp_path):
    export_regions(scores, SITES, tmp_path / "finemo.npz")
    with np.load(tmp_path / "finemo.npz") as found, h5py.File(scores) as h5:
        assert found["sequences"].dtype == np.int8 and found["sequences"].shape == (2, 4, 200)
        assert found["contributions"].dtype == np.float16
        np.testing.assert_array_equal(
            found["contributions"], h5[HYPOTHETICAL][..., 15:215].astype(np.float16)
        )
        assert found["chr"].tolist() == ["chr1", "chr2"] and found["chr_id"].tolist() == [0, 1]
        assert found["start"].tolist() == [910, -70]
        assert found["peak_id"].tolist() == [0, 1]
        assert found["peak_name"].tolist() == ["site_1", "site_2"]


def test_patterns_as_modisco_writes_them(tmp_path):
    """By its own classes: positive ones first, pattern_10 behind pattern_2."""
    modisco = pytest.importorskip("modiscolite")
    one_hot = np.eye(4)[np.random.default_rng(1).integers(0, 4, (3, 60))]
    scores = np.random.default_rng(2).normal(size=one_hot.shape)
    tracks = modisco.core.TrackSet(one_hot, one_hot * scores, scores)
    places = [(0, 5, 25, False), (2, 30, 50, True)]
    seqlets = tracks.create_seqlets([modisco.core.Seqlet(*x) for x in places])
    patterns = [modisco.core.SeqletSet(seqlets[:n]) for n in [1] * 10 + [2]]
    modisco.io.save_hdf5(tmp_path / "motifs.h5", patterns, patterns[-1:], 60)
    found, width = read_patterns(tmp_path / "motifs.h5")
    assert width == 60 and len(found) == 12
    assert [x.name for x in found][-2:] == ["pos_patterns.pattern_10", "neg_patterns.pattern_0"]
    assert found[-1].seqlets.values.tolist() == [[0, 5, 25, False], [2, 30, 50, True]]
    # On the opposite strand, bases and their order are swapped.
    both = one_hot[0, 5:25], one_hot[2, 30:50][::-1, ::-1]
    np.testing.assert_allclose(found[-1].frequencies, np.mean(both, axis=0).T)
