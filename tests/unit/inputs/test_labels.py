"""From peaks to labels, base by base."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import write_fasta
from hypothesis import given, settings
from hypothesis import strategies as st
from leopard.errors import InputError
from leopard.genome.tracks import MASKED, Tracks
from leopard.inputs.labels import label_motif_hits, label_peaks, write_labels

SIZES = {"a": 100, "b": 60}
MOTIF = np.full((4, 6), 0.01) + 0.96 * np.eye(4)[:, [2, 0, 3, 3, 1, 0]]  # GATTCA
HIT, REVERSED = "GATTCA", "TGAATC"


def intervals(*rows):
    return pd.DataFrame(rows, columns=["chrom", "start", "end"])


def rows(table):
    return [tuple(row) for row in table[["chrom", "start", "end"]].to_numpy().tolist()]


def peaks(*rows):
    return pd.DataFrame(rows, columns=["chrom", "start", "end", "summit"])


def test_whole_peaks():
    table = peaks(("a", 10, 40, 20), ("b", 0, 60, 5))
    assert rows(label_peaks(table, SIZES, None)) == [("a", 10, 40), ("b", 0, 60)]


def test_summits_are_widened_to_both_sides_and_clipped_to_the_chromosome():
    table = peaks(("a", 10, 40, 20), ("a", 0, 40, 2), ("a", 90, 100, 99), ("b", 40, 60, 50))
    expected = [("a", 15, 26), ("a", 0, 8), ("a", 94, 100), ("b", 45, 56)]
    assert rows(label_peaks(table, SIZES, 5)) == expected
    assert rows(label_peaks(table, SIZES, 0))[0] == ("a", 20, 21)
    assert rows(label_peaks(table, SIZES, 1000)) == [("a", 0, 100)] * 3 + [("b", 0, 60)]


@pytest.fixture(scope="module")
def tracks(tmp_path_factory):
    filler = "ACACACACAC" * 20
    near = "GATTCT"  # one base off
    sequence = filler[:20] + HIT + filler[:4] + REVERSED + filler[:14] + near + filler[:44]
    sequences = {"x": sequence, "y": HIT + filler[:3] + "GATTNCA" + filler[:30] + HIT.lower()}
    return Tracks(write_fasta(tmp_path_factory.mktemp("x") / "x.fa", sequences))


def test_all_hits_of_either_strand_inside_peaks(tracks):
    table = intervals(("y", 0, 52), ("x", 0, 100), ("x", 60, 100))
    hits, without = label_motif_hits(tracks, table, MOTIF, 1e-3, best_only=False)
    assert sorted(rows(hits)) == [("x", 20, 26), ("x", 30, 36), ("y", 0, 6), ("y", 46, 52)]
    assert rows(without) == [("x", 60, 100)]


def test_hits_that_leave_their_peak_do_not_count(tracks):
    # Adjacent peaks that cut both hits in two: scanned end to end they must not be mended.
    table = intervals(("x", 5, 23), ("x", 23, 33), ("x", 33, 60), ("y", 0, 6))
    hits, without = label_motif_hits(tracks, table, MOTIF, 1e-3, best_only=False)
    assert rows(hits) == [("y", 0, 6)]
    assert rows(without) == [("x", 5, 23), ("x", 23, 33), ("x", 33, 60)]


def test_the_best_hit_of_each_peak(tracks):
    # GATTCT, at 50, passes at this p-value, but scores less than GATTCA.
    table = intervals(("x", 0, 100), ("x", 40, 100), ("y", 30, 52))
    hits, without = label_motif_hits(tracks, table, MOTIF, 0.01, best_only=True)
    assert rows(hits) == [("x", 20, 26), ("x", 50, 56), ("y", 46, 52)]
    assert without.empty
    every, _ = label_motif_hits(tracks, table, MOTIF, 0.01, best_only=False)
    assert ("x", 50, 56) in rows(every) and len(every) > len(hits)


def test_a_peak_shorter_than_the_motif_is_without_a_hit(tracks):
    table = intervals(("x", 20, 23), ("x", 19, 27))
    hits, without = label_motif_hits(tracks, table, MOTIF, 1e-3, best_only=True)
    assert rows(hits) == [("x", 20, 26)]
    assert rows(without) == [("x", 20, 23)]


@pytest.mark.parametrize("best_only", [True, False])
def test_no_hit_at_all_is_an_error(tracks, best_only):
    with pytest.raises(InputError, match="no hit of p <= 1e-09 in any of 2 peaks"):
        label_motif_hits(tracks, intervals(("x", 0, 40), ("y", 0, 3)), MOTIF, 1e-9, best_only)


@st.composite
def regions(draw, min_size):
    region = st.sampled_from(list(SIZES)).flatmap(
        lambda chrom: st.tuples(
            st.just(chrom), st.integers(0, SIZES[chrom] - 1), st.integers(1, 30)
        )
    )
    drawn = draw(st.lists(region, min_size=min_size, max_size=6))
    return [(chrom, start, min(start + n, SIZES[chrom])) for chrom, start, n in drawn]


@settings(max_examples=30)
@given(positives=regions(1), masked=st.none() | regions(0))
def test_written_labels_are_those_of_a_loop(positives, masked):
    expected = {chrom: np.zeros(size, np.uint8) for chrom, size in SIZES.items()}
    for value, given_regions in ((MASKED, masked or []), (1, positives)):  # bound wins
        for chrom, start, end in given_regions:
            expected[chrom][start:end] = value
    with tempfile.TemporaryDirectory() as directory:
        fasta = write_fasta(Path(directory) / "x.fa", {c: "A" * n for c, n in SIZES.items()})
        path = Path(directory) / "labels.bigWig"
        unknown = None if masked is None else intervals(*masked).astype({"start": int, "end": int})
        write_labels(path, SIZES, intervals(*positives), unknown)
        tracks = Tracks(fasta, labels=path)
        for chrom, size in SIZES.items():
            np.testing.assert_array_equal(tracks.labels(chrom, 0, size), expected[chrom])
