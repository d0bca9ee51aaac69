"""Why sites are called: the figures, from a table and arrays."""

import h5py
import numpy as np
import pandas as pd
import pytest
from leopard.evaluation.scores import ScoreTrack
from leopard.genome.tracks import Tracks, encode_sequence
from leopard.report.contribution_figures import (
    EXAMPLES,
    FLANK,
    place_motif,
    plot_logos,
    plot_shares,
    read_examples,
)

MOTIF = np.array([[0.97, 0.01], [0.01, 0.01], [0.01, 0.97], [0.01, 0.01]])  # AG


def tabulate(rows, outcomes):
    columns = ["chrom", "start", "end", "sequence", "accessibility"]
    table = pd.DataFrame(rows, columns=columns).assign(reference=-30.0, outcome=outcomes)
    return table.assign(logit=table["reference"] + table["sequence"] + table["accessibility"])


ROWS = [
    ("chr1", 500, 510, 40.0, 20.0),
    ("chr1", 4, 14, 10.0, 40.0),
    ("chr2", 2980, 3000, 60.0, 1.0),
]


@pytest.mark.parametrize(
    ("sequence", "placed"),
    [("TTAGT", {2: "A", 3: "G"}), ("TTCTT", {2: "C", 3: "T"}), ("NNNNN", {}), ("A", {})],
)
def test_a_motif_lies_where_it_fits_on_either_strand(sequence, placed):
    found = place_motif(MOTIF, encode_sequence(sequence))
    column = MOTIF[:, 0]
    bits = 2 + (column * np.log2(column)).sum()
    assert found.shape == (len(sequence), 4)
    if placed:
        assert {i: "ACGT"[x.argmax()] for i, x in enumerate(found) if x.any()} == placed
        np.testing.assert_allclose(found.sum(1)[found.any(1)], bits)
    np.testing.assert_array_equal(found.any(1).sum() in (0, 2), True)


def test_sites_by_their_shares():
    table = tabulate(ROWS, ["right", "wrong", "right"])
    axes = plot_shares(table, "Shares").axes[0]
    right, wrong = axes.collections
    assert right.get_offsets().tolist() == [[4, 2], [3, 0.05]]  # a base
    assert wrong.get_offsets().tolist() == [[1, 4]]
    assert right.get_facecolor().tolist() != wrong.get_facecolor().tolist()
    assert len(right.get_paths()[0]) != len(wrong.get_paths()[0])
    labels = [x.get_text() for x in axes.get_legend().get_texts()]
    assert labels[0] == "right (2)\nmedian sequence +3.5, accessibility +1.0"
    assert labels[1].startswith("wrong (1)\n") and labels[2] == "logit 0"


def test_sites_without_labels_and_no_sites():
    table = tabulate(ROWS, [np.nan] * 3)
    axes = plot_shares(table, "Shares").axes[0]
    assert axes.get_legend().get_texts()[0].get_text().startswith("explained (3)\n")
    axes = plot_shares(table.head(0), "Shares").axes[0]
    assert [x.get_text() for x in axes.texts] == ["no called sites"]


@pytest.fixture
def scores(tmp_path):
    width = 2 * FLANK + 21
    values = np.zeros((len(ROWS), 4, width), np.float32)
    values[:, 2, width // 2] = 5  # a G at the middle
    with h5py.File(tmp_path / "some.h5", "w") as h5:
        h5["projected_shap/seq"] = values
    return tmp_path / "some.h5"


def test_logos_beside_the_tracks(genome, scores):
    tracks = Tracks(genome.fasta, genome.signal_files)
    prediction = ScoreTrack(lambda chrom, start, end: np.arange(start, end) / 1e5, True)
    table = tabulate(ROWS, ["right", "wrong", np.nan])
    examples = read_examples(table, scores, tracks, prediction, MOTIF)
    first, second, third = examples
    assert first.name.startswith("chr1:501-510, right\nlogit +30 = reference -30, sequence +40")
    assert third.name.startswith("chr2:2,981-3,000\n")
    for example in examples:
        assert np.argwhere(example.letters).tolist() == [[FLANK, 2]]
        assert len(example.probability) == len(example.accessibility) == 2 * FLANK + 1
    np.testing.assert_allclose(first.probability, np.arange(505 - FLANK, 505 + FLANK + 1) / 1e5)
    own = tracks.signal("chr1", 505 - FLANK, 505 + FLANK + 1)
    np.testing.assert_allclose(first.accessibility, own)
    # Beyond both ends there is nothing.
    assert np.isnan(second.probability).sum() == FLANK - 9
    assert np.isnan(third.accessibility).sum() == FLANK + 1 - 10
    figure = plot_logos(examples, "Logos", "accessibility")
    assert len(figure.axes) == 4 * len(examples)
    texts = [text.get_text() for block in figure.subfigs for text in block.texts]
    assert texts == ["no other called site"] * (EXAMPLES - len(examples))


def test_logos_without_motif_or_sites(genome, scores):
    tracks = Tracks(genome.fasta, genome.signal_files)
    prediction = ScoreTrack(lambda chrom, start, end: np.zeros(end - start), True)
    table = tabulate(ROWS[:1], ["right"])
    figure = plot_logos(read_examples(table, scores, tracks, prediction, None), "Logos", "x")
    assert len(figure.axes) == 3
    assert not plot_logos([], "Logos", "x").axes
