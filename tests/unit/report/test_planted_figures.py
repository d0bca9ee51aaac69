"""Planted motifs: what the two figures show, from a table made by hand."""

import numpy as np
import pandas as pd
import pytest
from leopard.interpretation.planted_motifs import COLUMNS
from leopard.report.planted_figures import ARROWS, plot_accessibility, plot_distances


@pytest.fixture
def table():
    rows = [
        ("accessibility", name, level, np.nan, n, (0.1 * n + level / 10) * (name == "one"))
        for name in ("one", "none")
        for level in (0, 0.5, 1)
        for n in range(5)
    ]
    rows += [
        ("distance", name, 0.5, gap, n, 0.01 * gap + 0.1 * n)
        for name in ARROWS
        for gap in range(4)
        for n in range(3)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def test_medians_and_quartiles_by_accessibility(table):
    axes = plot_accessibility(table, 0.4, "Needs").axes[0]
    one, none, threshold = axes.lines
    np.testing.assert_allclose(one.get_ydata(), [0.2, 0.25, 0.3])
    assert (none.get_ydata() == 0).all() and set(threshold.get_ydata()) == {0.4}
    band = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == pytest.approx((0.1, 0.4))
    assert [x.get_text() for x in axes.get_xticklabels()] == ["0", "1/2", "1"]
    assert axes.get_ylabel() == "probability (median of 5 sequences)"


def test_medians_by_distance_beside_one_motif_in_the_same_sequences(table):
    figure = plot_distances(table, 0.4, "Needs")
    axes = figure.axes[0]
    *lines, alone, _ = axes.lines
    assert len(lines) == 3
    for line in lines:
        np.testing.assert_allclose(line.get_ydata(), 0.1 + 0.01 * np.arange(4))
    np.testing.assert_allclose(alone.get_ydata(), 0.15)  # of the first three, at 1/2
    assert figure.get_suptitle().startswith("Needs, at 1/2 \N{MULTIPLICATION SIGN} the access")
    assert len({(x.get_color(), x.get_linestyle()) for x in lines}) == 3
