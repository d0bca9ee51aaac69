"""The figure of motifs: each pattern beside the known one, and where its seqlets lie."""

import numpy as np
import pandas as pd
import pytest
from leopard.genome.motif_files import measure_information
from leopard.interpretation.motif_patterns import Pattern
from leopard.report.motif_figures import MOST, plot_motifs

MATRIX = np.array([[0.7, 0.1, 0.1, 0.1], [0.1, 0.1, 0.7, 0.1]]).T
KNOWN = [("known", MATRIX), ("other", MATRIX), ("known", MATRIX[:, :1])]


def make(seqlets, number=0, **changes):
    matrix = np.pad(MATRIX, ((0, 0), (3, 5)))
    columns = ["site", "start", "end", "reverse"]
    name = f"pos_patterns.pattern_{number}"
    pattern = Pattern(name, matrix, matrix, pd.DataFrame(seqlets, columns=columns))
    row = {
        **{"pattern": name, "seqlets": len(seqlets), "share": 0.5, "sites": 2, "match": "known"},
        **{"match_strand": "-", "q_value": 0.01, "correlation": 0.9, "columns": 2},
        "first_column": 3,
    }
    return pattern, row | changes


def test_logos_and_places():
    # The core is at 3 and 4 of 10: forwards its middle is 3.5 behind the start, backwards 5.5.
    pattern, row = make([(0, 90, 100, False), (1, 100, 110, True), (1, 101, 111, True)])
    figure = plot_motifs([pattern], pd.DataFrame([row]), KNOWN, 200, "Motifs")
    above, below, places = figure.axes
    assert above.get_title("left").splitlines() == [
        "pattern_0, which speaks for a site: 3 seqlets (50%) in 2 sites",
        "most like known: q = 0.01, r = 0.900 over 2 columns",
    ]
    assert below.get_ylabel() == "known\n(bits, other strand)"
    assert below.get_xlim() == (0.5, 6.5)
    counts = {}
    for forwards in (True, False):
        bars = places.containers[0 if forwards else 1]
        counts[forwards] = {round(x.get_x()): x.get_height() for x in bars if x.get_height()}
    assert counts == {True: {-10: 1}, False: {5: 2}}


@pytest.mark.parametrize("poor", [{"q_value": 0.2}, {"correlation": 0.6}])
def test_a_poor_match_is_called_so(poor):
    pattern, row = make([(0, 90, 100, False)], match="other", **poor)
    figure = plot_motifs([pattern], pd.DataFrame([row]), KNOWN, 200, "Motifs")
    assert "like no known motif; nearest other: q = " in figure.axes[0].get_title("left")


def test_many_and_none():
    made = [make([(0, 90, 100, False)] * (n + 1), n) for n in range(MOST + 2)]
    table = pd.DataFrame([row for _, row in made])
    figure = plot_motifs([x for x, _ in made], table, KNOWN, 200, "Motifs")
    assert len(figure.axes) == 3 * MOST
    assert figure.axes[0].get_title("left").startswith(f"pattern_{MOST + 1}, ")
    assert figure.get_suptitle() == "Motifs (2 more in motifs.tsv)"
    figure = plot_motifs([], table.head(0), KNOWN, 200, "Motifs")
    assert "no patterns" in figure.texts[0].get_text()


def test_information_is_that_of_the_textbook():
    column = MATRIX[:, 0]
    bits = 2 + (column * np.log2(column)).sum()
    np.testing.assert_allclose(measure_information(MATRIX)[0], column * bits)
