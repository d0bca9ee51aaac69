"""Judging a toy genome against scikit-learn over all of its bases at once."""

from itertools import chain

import numpy as np
import pandas as pd
import pytest
from conftest import SIZES, write_bigwig
from leopard.evaluation import evaluate as evaluation
from leopard.evaluation.evaluate import choose_threshold, evaluate
from leopard.evaluation.scores import (
    BATCH_WINDOWS,
    SMOOTHING,
    ScoreTrack,
    count_chromosome,
    count_regions,
    count_windows,
    open_scores,
)
from leopard.genome.tracks import Signal, Tracks, iterate_regions
from leopard.metrics import summarise
from sklearn import metrics as sk

LENGTH = 32
CHROMOSOMES = ["chr1", "chr2", "chr3"]


@pytest.fixture(scope="module")
def tracks(genome):
    return Tracks(genome.fasta, genome.signal_files, genome.labels_file)


@pytest.fixture(scope="module")
def files(tmp_path_factory, probabilities):
    directory = tmp_path_factory.mktemp("scores")
    motif = {chrom: np.where(p > 0.3, 20 * p, np.nan) for chrom, p in probabilities.items()}
    return {
        "network": write_bigwig(directory / "network.bw", probabilities),
        "motif": write_bigwig(directory / "motif.bw", motif),
    }


def smooth_naively(signal, start, end):
    """Centred running mean, what lies past the chromosome's ends counting as 0."""
    reach = SMOOTHING // 2
    return [
        sum(float(x) for x in signal[max(base - reach, 0) : base + reach + 1]) / SMOOTHING
        for base in range(start, end)
    ]


@pytest.mark.parametrize(
    "region", [("chr3", 0, 200), ("chr3", 30, 90), ("chr3", 900, 1000), ("chr4", 0, 17)]
)
def test_accessibility_is_a_running_mean(genome, tracks, region):
    chrom, start, end = region
    signal = sum(np.nan_to_num(replicate[chrom]) for replicate in genome.signals)
    read = ScoreTrack.from_accessibility(tracks)
    assert not read.probabilities
    scores = read.read(*region)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, smooth_naively(signal, start, end), rtol=1e-5)


def test_accessibility_is_the_same_however_it_is_read(tracks):
    read = ScoreTrack.from_accessibility(tracks).read
    pieces = [read("chr2", start, min(start + 70, 3000)) for start in range(0, 3000, 70)]
    np.testing.assert_allclose(np.concatenate(pieces), read("chr2", 0, 3000), rtol=1e-5)


def test_opened_by_name(genome, files, probabilities):
    network = open_scores("unet", [files["network"]], genome.fasta, 1.0)
    motif = open_scores("motif", [files["motif"]], genome.fasta, 1.0)
    accessibility = open_scores("accessibility", genome.signal_files, genome.fasta, 0.3)
    assert [x.probabilities for x in (network, motif, accessibility)] == [True, False, False]
    np.testing.assert_array_equal(network.read("chr2", 5, 90), probabilities["chr2"][5:90])
    expected = np.where(probabilities["chr2"] > 0.3, 20 * probabilities["chr2"], 0)
    np.testing.assert_allclose(motif.read("chr2", 0, 3000), expected, rtol=1e-6)
    scaled = Tracks(genome.fasta, {"accessibility": Signal(genome.signal_files, 0.3)})
    np.testing.assert_array_equal(
        accessibility.read("chr2", 5, 90), ScoreTrack.from_accessibility(scaled).read("chr2", 5, 90)
    )


def gather(genome, scores, regions):
    """Labels and scores of all unmasked bases of some regions."""
    labels = np.concatenate([genome.labels[c][s:e] for c, s, e in regions])
    values = np.concatenate([scores[c][s:e] for c, s, e in regions])
    return (labels == 1)[labels >= 0], values[labels >= 0]


def dice(labels, scores):
    return (2 * scores[labels].sum(dtype=float) + 1) / (labels.sum() + scores.sum(dtype=float) + 1)


@pytest.fixture(scope="module")
def windows():
    rng = np.random.default_rng(2)
    chrom = rng.choice(["chr1", "chr2"], 150)
    start = [int(rng.integers(0, SIZES[name] - LENGTH)) for name in chrom]
    return pd.DataFrame({"chrom": chrom, "start": start, "end": np.add(start, LENGTH)})


@pytest.fixture(scope="module")
def evaluated(genome, tracks, files, windows):
    scores = {
        "network": ScoreTrack.from_bigwig(files["network"], True),
        "motif": ScoreTrack.from_bigwig(files["motif"], False),
        "accessibility": ScoreTrack.from_accessibility(tracks),
    }
    thresholds = {"network": 0.4, "motif": 9.0, "accessibility": 5.0}
    return evaluate(scores, thresholds, tracks, CHROMOSOMES, windows, {"network": np.sqrt})


def scopes(windows):
    regions = [tuple(row) for row in windows[["chrom", "start", "end"]].to_numpy().tolist()]
    whole = {chrom: [(chrom, 0, SIZES[chrom])] for chrom in CHROMOSOMES}
    return {**whole, "chromosomes": [*chain.from_iterable(whole.values())], "windows": regions}


def test_measures_of_a_network(genome, probabilities, windows, evaluated):
    table, *_ = evaluated
    rows = table[table["model"] == "network"].set_index("scope")
    assert list(rows.index) == [*CHROMOSOMES, "chromosomes", "windows"]
    for scope, regions in scopes(windows).items():
        labels, scores = gather(genome, probabilities, regions)
        row = rows.loc[scope]
        expected = {
            "positive_rate": labels.mean(),
            "loss": sk.log_loss(labels, scores.astype(float)),
            "average_precision": sk.average_precision_score(labels, scores),
            "auroc": sk.roc_auc_score(labels, scores),
            "binary_io_u": sk.jaccard_score(labels, scores >= 0.5),
            "dice_half": sk.f1_score(labels, scores >= 0.5),
            "dice_best": sk.f1_score(labels, scores >= 0.4),
            "binary_io_u_best": sk.jaccard_score(labels, scores >= 0.4),
            "threshold": 0.4,
            "calibration": scores.sum(dtype=float) / labels.sum(),
        }
        for name, value in expected.items():
            assert row[name] == pytest.approx(value, abs=2e-3), (scope, name)
    assert (table["resolution"] == 1).all()


@pytest.mark.parametrize("model", ["motif", "accessibility"])
def test_measures_of_a_baseline(genome, probabilities, windows, evaluated, model):
    rows = evaluated[0][evaluated[0]["model"] == model].set_index("scope")
    scores = {chrom: np.where(p > 0.3, 20 * p, 0) for chrom, p in probabilities.items()}
    if model == "accessibility":
        kernel = np.ones(SMOOTHING) / SMOOTHING
        for chrom in CHROMOSOMES:
            signal = sum(np.nan_to_num(replicate[chrom]) for replicate in genome.signals)
            scores[chrom] = np.convolve(signal.astype(float), kernel, "same")
    for scope, regions in scopes(windows).items():
        labels, values = gather(genome, scores, regions)
        row = rows.loc[scope]
        # Nearly equal scores share a bin; many are, in a genome as even as this one.
        mantissa, exponent = np.frexp(values)
        binned = np.ldexp(np.floor(mantissa * 2048), exponent)
        average_precision = sk.average_precision_score(labels, binned)
        assert row["average_precision"] == pytest.approx(average_precision, abs=5e-4)
        assert row["auroc"] == pytest.approx(sk.roc_auc_score(labels, values), abs=1e-3)
        called = values >= row["threshold"]
        assert row["dice_best"] == pytest.approx(sk.f1_score(labels, called), abs=5e-3)
        undefined = ["loss", "pr_auc", "dice_coef", "binary_io_u", "dice_half", "calibration"]
        assert row[undefined].isna().all()


def test_dice_of_windows_is_the_mean_over_batches(genome, probabilities, windows, evaluated):
    table = evaluated[0].set_index(["model", "scope"])
    regions = scopes(windows)["windows"]
    batches = [regions[i : i + BATCH_WINDOWS] for i in range(0, len(regions), BATCH_WINDOWS)]
    assert [len(batch) for batch in batches] == [64, 64, 22]
    expected = np.mean([dice(*gather(genome, probabilities, batch)) for batch in batches])
    assert table.loc[("network", "windows"), "dice_coef"] == pytest.approx(expected, rel=1e-6)


def test_windows_by_themselves_in_batches_as_the_competition_made_them(device, genome, windows):
    """Against Keras's own measures, which follow the batches."""
    from leopard.training.fit_metrics import training_metrics

    labelled = Tracks(genome.fasta, genome.signal_files, genome.labels_file)
    sizes = []

    def predict(codes, signal):
        sizes.append(len(codes))
        assert signal.shape == (*codes.shape, 1) == (len(codes), LENGTH, 1)
        return (1 / (1 + np.exp(4 - signal[..., 0] / 8 - codes / 4))).astype(np.float32)

    measures = summarise(count_windows(predict, labelled, windows), 0.5)
    assert sizes == [64, 64, 22]
    expected = training_metrics()
    for first in range(0, 150, 64):
        regions = list(iterate_regions(windows.iloc[first : first + 64]))
        codes, signal, labels = (
            np.stack([read(*region) for region in regions])
            for read in (labelled.codes, labelled.signals, labelled.labels)
        )
        p = predict(codes, signal)[..., None]
        for metric in expected:
            metric.update_state((labels == 1)[..., None], p, (labels != 255)[..., None])
    names = {"cross_entropy": "loss"}
    for metric in expected:
        value = measures[names.get(metric.name, metric.name)]
        assert value == pytest.approx(float(metric.result()), rel=1e-4), metric.name


def test_dice_of_a_chromosome_is_the_mean_over_stretches_as_long_as_a_batch(
    genome, probabilities, tracks, files
):
    step, size = BATCH_WINDOWS * LENGTH, SIZES["chr2"]
    stretches = [("chr2", start, min(start + step, size)) for start in range(0, size, step)]
    counts = count_chromosome(
        ScoreTrack.from_bigwig(files["network"], True), tracks, "chr2", LENGTH
    )
    assert counts.batches == len(stretches) == 2
    expected = sum(dice(*gather(genome, probabilities, [region])) for region in stretches)
    assert counts.dice == pytest.approx(expected, rel=1e-6)
    assert counts.n == (genome.labels["chr2"] >= 0).sum()


def test_regions_are_counted_alike_in_any_batch(tracks, files, windows):
    track = ScoreTrack.from_bigwig(files["network"], True)
    regions = scopes(windows)["windows"]
    one, all_at_once = (count_regions(track, tracks, regions, n) for n in (1, 1000))
    np.testing.assert_array_equal(one.positives, all_at_once.positives)
    np.testing.assert_array_equal(one.negatives, all_at_once.negatives)
    assert (one.batches, all_at_once.batches) == (150, 1)


def test_specific_sites_are_those_not_bound_everywhere(genome, tracks, files, windows, tmp_path):
    elsewhere = {x: y.copy() for x, y in genome.labels.items()}
    for chrom in CHROMOSOMES:
        elsewhere[chrom][: SIZES[chrom] // 2][genome.labels[chrom][: SIZES[chrom] // 2] == 1] = 0
    other = Tracks(genome.fasta, labels=write_bigwig(tmp_path / "other.bw", elsewhere))
    scores = {"network": ScoreTrack.from_bigwig(files["network"], True)}
    invert = {"network": np.asarray}
    metrics, *_ = evaluate(scores, {"network": 0.4}, tracks, CHROMOSOMES, windows, invert, [other])
    table = metrics.set_index("scope")
    halves = [(x, 0, SIZES[x] // 2) for x in CHROMOSOMES]
    bound = sum((genome.labels[x][s:e] == 1).sum() for x, s, e in halves)
    unbound = sum((genome.labels[x] == 0).sum() for x in CHROMOSOMES)
    assert table.at["specific", "positive_rate"] == pytest.approx(bound / (bound + unbound))
    assert list(table.index) == [*CHROMOSOMES, "chromosomes", "specific", "windows"]


def test_curves(genome, probabilities, evaluated):
    _, curves, _ = evaluated
    assert list(curves) == ["model", "recall", "precision", "threshold"]
    labels, scores = gather(genome, probabilities, [(c, 0, SIZES[c]) for c in CHROMOSOMES])
    curve = curves[curves["model"] == "network"]
    assert 50 < len(curve) <= evaluation.CURVE_POINTS
    assert curve["recall"].is_monotonic_increasing and curve["recall"].iloc[-1] == 1
    for point in curve.itertuples():
        called = labels[scores >= np.float32(point.threshold)]
        assert point.recall == pytest.approx(called.sum() / labels.sum(), abs=2e-3)
        assert point.precision == pytest.approx(called.mean() if len(called) else 1, abs=0.02)


def test_reliability_of_what_gives_probabilities(genome, probabilities, evaluated):
    _, _, reliability = evaluated
    assert set(reliability["model"]) == {"network"}
    labels, scores = gather(genome, probabilities, [(c, 0, SIZES[c]) for c in CHROMOSOMES])
    called = reliability[reliability["bases"] == "called"]
    assert called["n"].sum() == pytest.approx((scores >= 0.4).sum(), rel=2e-3)
    assert called["bound"].sum() == pytest.approx(labels[scores >= 0.4].sum(), rel=2e-3)
    before = np.sqrt(scores.astype(float)).mean()  # as the fixture says
    assert reliability["uncalibrated"].iloc[0] == pytest.approx(before, rel=1e-3)
    # A site of 11 bases every 150.
    row = reliability.iloc[0]
    error = np.sqrt(row["predicted"] * (1 - row["predicted"]) * 11 / row["n"])
    assert row["standard_error"] == pytest.approx(error, rel=1e-3)


def test_the_chosen_threshold_is_the_best_over_all_cell_lines(genome, probabilities, tracks, files):
    track = ScoreTrack.from_bigwig(files["network"], True)
    inverted = {chrom: 1 - p for chrom, p in probabilities.items()}
    path = write_bigwig(files["network"].with_name("inverted.bw"), inverted)
    for pairs, scores in (
        ([(track, tracks)], [probabilities]),
        (
            [(track, tracks), (ScoreTrack.from_bigwig(path, True), tracks)],
            [probabilities, inverted],
        ),
    ):
        regions = [(c, 0, SIZES[c]) for c in ("chr2", "chr3")]
        gathered = [gather(genome, values, regions) for values in scores]
        labels, values = (np.concatenate(x) for x in zip(*gathered, strict=True))
        threshold = choose_threshold(pairs, ["chr2", "chr3"], LENGTH)
        precision, recall, _ = sk.precision_recall_curve(labels, values)
        best = np.max(2 * precision * recall / np.maximum(precision + recall, 1e-9))
        assert sk.f1_score(labels, values >= threshold) == pytest.approx(best, abs=3e-3)
