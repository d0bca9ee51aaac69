"""Reliability tables against scikit-learn's calibration curve and by hand."""

import numpy as np
import pandas as pd
import pytest
from conftest import SIZES, write_bigwig
from leopard.decoding.calibration import Calibration
from leopard.evaluation.reliability import PARTS, mean_site, tabulate_reliability
from leopard.genome.tracks import Tracks
from leopard.metrics import ScoreCounts
from leopard.report.reliability_figures import plot_reliability
from scipy.special import expit
from sklearn.calibration import calibration_curve

THRESHOLD = 0.3


@pytest.fixture(scope="module")
def case():
    rng = np.random.default_rng(3)
    p = expit(rng.normal(-4, 3, 200_000)).astype(np.float32)
    return p, (rng.random(len(p)) < p**1.3).astype(np.uint8)


def count(p, labels):
    counts = ScoreCounts()
    counts.update(np.asarray(labels, np.uint8), np.asarray(p, np.float32))
    return counts


@pytest.fixture(scope="module")
def table(case):
    return tabulate_reliability(count(*case), THRESHOLD, site=20)


def test_called_bases_against_scikit_learn(case, table):
    p, labels = case
    called = p >= THRESHOLD
    observed, predicted = calibration_curve(
        labels[called], p[called], n_bins=10, strategy="quantile"
    )
    parts = table[table["bases"] == "called"]
    assert len(parts) == PARTS == 10
    np.testing.assert_allclose(parts["predicted"], predicted, rtol=2e-3)
    np.testing.assert_allclose(parts["observed"], observed, atol=0.01)
    np.testing.assert_allclose(parts["n"], called.sum() / 10, rtol=0.05)


def test_all_bases_and_those_not_called(case, table):
    p, labels = case
    rows = table.set_index("bases")
    total = rows.loc["all"]
    assert (total["n"], total["bound"]) == (len(p), labels.sum())
    assert total["predicted"] == pytest.approx(p.mean(dtype=float), rel=1e-3)
    assert total["observed"] == pytest.approx(labels.mean())
    below = rows.loc["not called"]
    assert below["lower"].to_list() == [0, 1e-4, 1e-3, 1e-2, 0.1]
    assert below["upper"].to_list() == [1e-4, 1e-3, 1e-2, 0.1, THRESHOLD]
    for row in below.itertuples():
        here = (p >= row.lower) & (p < row.upper)
        assert row.n == pytest.approx(here.sum(), abs=0.002 * here.sum() + 2)
        assert row.observed == pytest.approx(labels[here].mean(), rel=0.02, abs=1e-5)
        assert row.predicted == pytest.approx(p[here].mean(dtype=float), rel=2e-3)
    assert table["n"].iloc[1:].sum() == len(p) and table["bound"].iloc[1:].sum() == labels.sum()


def test_parts_touch_each_other(table):
    parts = table[table["bases"] != "all"]
    np.testing.assert_array_equal(parts["upper"].iloc[:-1], parts["lower"].iloc[1:])
    assert parts["lower"].iloc[5] == pytest.approx(THRESHOLD, rel=1e-3)
    assert parts["upper"].iloc[-1] == 1


def test_standard_errors_by_hand():
    table = tabulate_reliability(count([0.5] * 100, [1] * 40 + [0] * 60), 0.9, site=4)
    assert table["bases"].to_list() == ["all", "not called"]
    np.testing.assert_allclose(table["standard_error"], 0.1, rtol=1e-3)  # 25 sites
    np.testing.assert_allclose(table["observed"], 0.4)
    longer = tabulate_reliability(count([0.5] * 100, [1] * 40 + [0] * 60), 0.9, site=1000)
    np.testing.assert_allclose(longer["standard_error"], 0.5, rtol=1e-3)  # no less than one site


def test_before_calibration(case):
    p, labels = case
    calibration = Calibration(1.4, 0.6, 0.3)
    table = tabulate_reliability(
        count(calibration(p), labels), THRESHOLD, site=20, invert=calibration.invert
    )
    assert table["uncalibrated"].iloc[0] == pytest.approx(p.mean(dtype=float), rel=2e-3)
    for row in table[table["bases"] == "called"].itertuples():
        mapped = calibration(p)
        here = (mapped >= row.lower) & (mapped < row.upper)
        assert row.uncalibrated == pytest.approx(p[here].mean(dtype=float), rel=5e-3)


def test_tracks_of_few_values():
    labels = [0] * 90 + [1, 0] * 5
    table = tabulate_reliability(count([0.0] * 90 + [0.7] * 10, labels), 0.6, site=1)
    assert table["bases"].to_list() == ["all", "not called", "called"]
    assert table["n"].to_list() == [100, 90, 10]
    assert table["bound"].to_list() == [5, 0, 5]
    assert table["predicted"].to_list() == pytest.approx([0.07, 0, 0.7], rel=1e-3)


def test_nothing_counts():
    assert tabulate_reliability(count([0.5], [255]), 0.5, site=1).empty


def test_sites_of_labels_that_come_base_by_base(genome, tmp_path):
    """One entry a base, as in `write_bigwig`, or one a run: the sites are the same."""
    lengths = [
        len(run)
        for chrom in ("chr1", "chr2")
        for run in "".join("1" if x == 1 else "0" for x in genome.labels[chrom]).split("0")
        if run
    ]
    tracks = Tracks(genome.fasta, labels=genome.labels_file)
    assert mean_site(tracks, ["chr1", "chr2"]) == pytest.approx(np.mean(lengths))
    unbound = write_bigwig(tmp_path / "none.bw", {c: np.zeros(n) for c, n in SIZES.items()})
    assert mean_site(Tracks(genome.fasta, labels=unbound), ["chr1"]) == 1


def test_figure(case, table):
    p, labels = case
    calibration = Calibration(1.4, 0.6, 0.3)
    other = tabulate_reliability(
        count(calibration(p), labels), THRESHOLD, site=20, invert=calibration.invert
    )
    both = pd.concat([table.assign(model="cnn"), other.assign(model="unet")])
    figure = plot_reliability(both, "CTCF in new")
    assert figure.get_suptitle() == "CTCF in new"
    plain, calibrated = (text.get_text() for text in figure.legends[0].get_texts())
    ratio = p.sum(dtype=float) / labels.sum()
    assert plain == f"cnn: sum of probabilities / bound bases {ratio:.2f}"
    assert calibrated.startswith("unet: ") and calibrated.endswith(
        f"before calibration {ratio:.2f}"
    )
    left = figure.axes[0]
    assert (left.get_xlabel(), left.get_ylabel()) == ("predicted probability", "observed rate")
