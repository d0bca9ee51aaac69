"""A track judged by labels that a study with bundles has: only where the networks had not been."""

from types import SimpleNamespace

import numpy as np
import pytest
from conftest import MOTIF, SIZES, write_bigwig
from leopard.decoding.calibration import Calibration
from leopard.errors import InputError
from leopard.evaluation.judged import (
    exclude_unjudged,
    find_roles,
    find_shown,
    judge_labelled,
)
from leopard.genome.tracks import Tracks
from leopard.report.judged_pages import judged_page
from leopard.report.score_figures import mark_seen, plot_precision_recall
from sklearn import metrics as sk


def make_bundle(*members, motif=None):
    """As much of a bundle as judging looks at."""
    manifest = {
        "members": {str(i): {"chromosomes": own} for i, own in enumerate(members)},
    }
    return SimpleNamespace(
        manifest=manifest,
        path="a.zip",
        threshold=0.4,
        calibration=Calibration(1.2, 0.9, 0.1),
        motif=motif,
    )


ONE = {"train": ["chr3"], "validation": ["chr4"], "test": ["chr1"]}
OTHER = {"train": ["chr4"], "validation": ["chr3"], "test": ["chr1"]}


def test_only_chromosomes_that_no_network_had_seen(genome, tmp_path):
    roles = find_roles(make_bundle(ONE), genome.fasta, [], [], seen=False)
    assert roles == {"chr1": "never seen", "chr2": "never seen"}
    roles = find_roles(
        make_bundle(ONE, OTHER), genome.fasta, ["chr2", "chr3", "chr4"], [], seen=True
    )
    assert roles == {"chr2": "never seen", "chr3": "trained on", "chr4": "trained on"}
    roles = find_roles(make_bundle(ONE), genome.fasta, ["chr4"], [], seen=True)
    assert roles == {"chr4": "chosen by"}
    with pytest.raises(InputError, match=r"a.zip: its networks .* set labels.seen: true"):
        find_roles(make_bundle(ONE, OTHER), genome.fasta, ["chr3", "chr4"], [], seen=False)


def test_of_regions_only_these(genome, tmp_path):
    bed, excluded = tmp_path / "regions.bed", tmp_path / "excluded.bed"
    bed.write_text("chr2\t100\t400\nchr3\t50\t90\nchr2\t300\t500\n")
    excluded.write_text("chr2\t150\t160\n")
    bundle = make_bundle({"train": ["chr1"]})
    bundle.excluded = excluded
    roles = find_roles(bundle, genome.fasta, [], [bed], seen=False)
    assert roles == {"chr2": "never seen", "chr3": "never seen"}
    assert exclude_unjudged(bundle, genome.fasta, roles, [], False, tmp_path) == excluded
    assert exclude_unjudged(bundle, genome.fasta, roles, [], True, tmp_path) is None
    found = exclude_unjudged(bundle, genome.fasta, roles, [bed], False, tmp_path)
    counted = Tracks(genome.fasta, excluded=found).counted
    inside = np.zeros(SIZES["chr2"], bool)
    inside[100:500], inside[150:160] = True, False
    np.testing.assert_array_equal(counted("chr2", 0, SIZES["chr2"]), inside)
    assert counted("chr3", 0, SIZES["chr3"]).sum() == 40


@pytest.fixture(scope="module")
def tracks(genome):
    return Tracks(genome.fasta, genome.signal_files, genome.labels_file)


@pytest.fixture(scope="module")
def prediction(tmp_path_factory, probabilities):
    return write_bigwig(tmp_path_factory.mktemp("prediction") / "a.bw", probabilities)


def test_measures_are_scikit_learns_and_never_mixed(genome, tracks, probabilities, prediction):
    roles = {"chr1": "trained on", "chr2": "never seen", "chr3": "never seen"}
    metrics, curves, reliability = judge_labelled(
        "net", make_bundle(motif=MOTIF), tracks, prediction, roles, flank=5
    )
    assert metrics["model"].unique().tolist() == ["net", "accessibility", "motif"]
    net = metrics[metrics["model"] == "net"].set_index("scope")
    assert net.index.to_list() == ["chr1", "chr2", "chr3", "chromosomes", "seen"]
    for scope, chroms in (("chromosomes", ["chr2", "chr3"]), ("seen", ["chr1"])):
        y = np.concatenate([genome.labels[x] for x in chroms])
        p = np.concatenate([probabilities[x] for x in chroms])
        expected = sk.average_precision_score(y[y >= 0], p[y >= 0])
        assert net.at[scope, "average_precision"] == pytest.approx(expected, rel=1e-4)
        called = p[y >= 0] >= 0.4
        assert net.at[scope, "dice_best"] == pytest.approx(sk.f1_score(y[y >= 0], called), rel=1e-3)
    baselines = metrics[metrics["model"] != "net"]
    assert baselines["threshold"].isna().all() and baselines["dice_best"].isna().all()
    assert set(curves["model"]) == {"net", "accessibility", "motif"}
    assert (reliability["model"] == "net").all()
    total = reliability.iloc[0]
    assert total["n"] == sum((genome.labels[x] >= 0).sum() for x in ("chr2", "chr3"))

    page = judged_page(metrics.assign(judged="net", cell_line="b"))
    assert page.count('class="marked"') == 1  # the best of what was never seen
    assert page.count('class="published"') == 3 + 1  # of chr1: all scores' total, and the network's
    figure = plot_precision_recall(curves, mark_seen(metrics), "net in b")
    assert [x.get_text() for x in figure.axes[1].get_yticklabels()] == [
        *("chr1 (trained on)", "chr2", "chr3")
    ]


def test_where_all_was_seen_it_is_called_so(tracks, prediction):
    roles = {"chr2": "chosen by"}
    metrics, curves, _ = judge_labelled("net", make_bundle(), tracks, prediction, roles, None)
    assert metrics["scope"].to_list() == ["chr2", "seen"] * 2
    assert mark_seen(metrics)["scope"].to_list() == ["chr2 (chosen by)", "chromosomes"] * 2
    assert plot_precision_recall(curves, mark_seen(metrics), "net in b").axes[0].get_legend()
    assert judged_page(metrics.assign(judged="net", cell_line="b")).count('class="marked"') == 0


def test_where_nothing_unseen_is_known_to_be_bound(genome, prediction, tmp_path):
    excluded = tmp_path / "excluded.bed"
    excluded.write_text(f"chr2\t0\t{SIZES['chr2']}\n")
    tracks = Tracks(genome.fasta, genome.signal_files, genome.labels_file, excluded)
    roles = {"chr1": "trained on", "chr2": "never seen"}
    metrics, curves, reliability = judge_labelled(
        "net", make_bundle(), tracks, prediction, roles, None
    )
    assert metrics["scope"].to_list() == ["chr1", "chr2", "chromosomes", "seen"] * 2
    assert curves["recall"].max() == pytest.approx(1)
    assert find_shown(metrics) == "seen"
    marked = mark_seen(metrics)
    assert marked["scope"].to_list() == ["chr1 (trained on)", "chr2", "chromosomes"] * 2
    legend = plot_precision_recall(curves, marked, "net in b").axes[0].get_legend()
    assert not any("nan" in x.get_text() for x in legend.get_texts())
    assert reliability.iloc[0]["n"] == (genome.labels["chr1"] >= 0).sum()
    with pytest.raises(InputError, match=r"a.zip: no bound base lies where"):
        judge_labelled("net", make_bundle(), tracks, prediction, {"chr2": "never seen"}, None)
