"""What a track is like without labels: against plain loops, and on tracks that were spoilt."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import CTCF
from leopard.evaluation.likeness import DOUBTFUL, FITS, Likeness, judge_track, outside
from leopard.evaluation.motif_scores import log_odds, measure_background
from leopard.evaluation.portrait import (
    EVERY,
    REACH,
    Portrait,
    find_centre,
    find_hits,
    find_unit,
    paint,
    share_with_motif,
)
from leopard.genome.formats import read_motif
from leopard.genome.tracks import Tracks, add_runs, new_bigwig
from leopard.inputs.genome_file import prepare_genome
from leopard.inputs.signals import measure_signal
from leopard.inputs.simulate import simulate_genome

SIZES = {"chr1": 1_400_000, "chr2": 900_000}
NAME = "accessibility"


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """A genome and two cell lines, of which sites and depths differ; and the motif's hits."""
    directory = tmp_path_factory.mktemp("simulated")
    simulate_genome(directory, CTCF, 1, ["known", "new"], SIZES)
    prepare_genome(directory / "genome.fa.gz", directory / "genome.fa")
    genome = Tracks(directory / "genome.fa", [directory / "known.bigWig"])
    return directory, find_hits(genome, list(SIZES), read_motif(CTCF)[1])


def describe(simulated, name):
    """A track as it is judged."""
    directory, hits = simulated
    tracks = Tracks(directory / "genome.fa", [directory / f"{name}.bigWig"])
    measures = measure_signal(tracks, list(SIZES))
    return Likeness(measures, paint(tracks, NAME, list(SIZES), hits))


def test_the_best_hits(simulated):
    directory, hits = simulated
    assert len(hits) == sum(SIZES.values()) // EVERY
    tracks = Tracks(directory / "genome.fa", [directory / "known.bigWig"])
    motif = read_motif(CTCF)[1]
    odds = log_odds(motif, measure_background(tracks, list(SIZES)))
    width = motif.shape[1]
    scores = {}
    for row in hits.itertuples():
        first = int(row.middle) - width // 2
        codes = tracks.codes(row.chrom, first, first + width)
        forward = sum(odds[code, place] for place, code in enumerate(codes))
        back = sum(odds[3 - code, place] for place, code in enumerate(codes[::-1]))
        scores[row.chrom, row.middle] = max(forward, back)
        assert row.score == pytest.approx(scores[row.chrom, row.middle], abs=1e-3)
    # Planted sites are the best there are; nearly all hits are some of them.
    truth = pd.read_csv(directory / "truth.tsv", sep="\t")
    planted = set(zip(truth["chrom"], (truth["start"] + truth["end"] - 1) / 2, strict=True))
    assert len(planted & set(scores)) > 0.9 * len(scores)


def test_hits_keep_away_from_what_is_excluded(simulated, tmp_path):
    directory, hits = simulated
    first = hits.iloc[0]
    bed = tmp_path / "excluded.bed"
    bed.write_text(f"{first.chrom}\t{int(first.middle) + 100}\t{int(first.middle) + 101}\n")
    tracks = Tracks(directory / "genome.fa", [directory / "known.bigWig"], excluded=bed)
    kept = find_hits(tracks, list(SIZES), read_motif(CTCF)[1])
    assert first.middle not in set(kept["middle"]) and len(kept) >= len(hits) - 2


def test_the_profile(simulated):
    directory, hits = simulated
    tracks = Tracks(directory / "genome.fa", [directory / "new.bigWig"])
    whole = {chrom: tracks.signal(chrom, 0, size) for chrom, size in SIZES.items()}
    around = [
        whole[row.chrom][int(row.middle) - REACH : int(row.middle) + REACH + 1]
        for row in hits.itertuples()
    ]
    mean = np.concatenate(list(whole.values())).mean(dtype=np.float64)
    own = paint(tracks, NAME, list(SIZES), hits)
    assert own.hits == len(around) and own.unit == 1
    np.testing.assert_allclose(own.profile, np.mean(around, axis=0) / mean, atol=1e-3)
    assert own.enrichment == pytest.approx(np.mean(around, axis=0)[100:201].mean() / mean, abs=1e-3)
    assert abs(own.centre) <= 3 * own.error < 3
    assert paint(tracks, NAME, list(SIZES), hits[:150]) == Portrait(1, 150)


def test_the_centre():
    x = np.arange(-REACH, REACH + 1)
    for shift in (-7.5, -4, 0, 0.5, 12):
        profile = np.exp(-np.abs((x - shift) / 40)) - 0.5 * np.exp(-(((x - shift) / 9) ** 2))
        assert find_centre(profile) == shift
    assert find_centre(np.ones(2 * REACH + 1)) == 0


def test_the_unit():
    rng = np.random.default_rng(1)
    counts = rng.poisson(2, 5000)
    counts = counts[counts > 0]
    for unit in (1, 0.0371, 3, 12.5):
        assert find_unit(np.float32(unit) * counts) == pytest.approx(unit, rel=1e-4)
    assert find_unit(rng.gamma(1, 2, 5000)) is None
    assert find_unit(np.float32(0.31) * counts + np.float32(0.47) * counts[::-1]) is None
    assert find_unit(np.array([])) is None


def test_calls_with_a_motif():
    hits = pd.DataFrame({"chrom": ["chr1", "chr1", "chr2"], "middle": [100.0, 200.5, 50.0]})
    calls = pd.DataFrame(
        [
            ("chr1", 90, 101),
            ("chr1", 101, 200),
            ("chr1", 195, 202),
            ("chr2", 51, 60),
            ("chr9", 0, 9),
        ],
        columns=["chrom", "start", "end"],
    )
    assert share_with_motif(calls, hits) == 2 / 4
    assert np.isnan(share_with_motif(calls[4:], hits))


SPOILT = {
    "three times as high": (lambda x, rng: 3 * x, "multiples of 3"),
    "per million": (lambda x, rng: np.float32(0.0371) * x, "multiples of 0.0371"),
    "shifted by 4 bases": (lambda x, rng: np.roll(x, 4), "shifted by +"),
    "shifted back": (lambda x, rng: np.roll(x, -4), "shifted by -"),
    "bases shuffled": (lambda x, rng: rng.permutation(x), "hardly open there"),
    "pieces shuffled": (
        lambda x, rng: rng.permutation(x.reshape(-1, 1000)).ravel(),
        "hardly open there",
    ),
    "another assay, where chromatin is closed": (
        lambda x, rng: rng.poisson(2 * x.mean() * (1 - np.minimum(x / (4 * x.mean()), 1))),
        "hardly open there",
    ),
    "a tenth of the reads": (lambda x, rng: rng.binomial(x.astype(int), 0.1), "times the depth"),
}


@pytest.mark.parametrize("line", ["known", "new"])
def test_honest_lines_are_alike(simulated, line):
    others = [describe(simulated, x) for x in ("known", "new") if x != line]
    assert judge_track(describe(simulated, line), others) == (FITS, [])


@pytest.mark.parametrize("how", SPOILT)
def test_a_spoilt_track_is_noticed(simulated, how):
    directory, _ = simulated
    spoil, reason = SPOILT[how]
    tracks = Tracks(directory / "genome.fa", [directory / "new.bigWig"])
    rng = np.random.default_rng(1)
    with new_bigwig(directory / "spoilt.bigWig", SIZES) as bigwig:
        for chrom, size in SIZES.items():
            values = spoil(tracks.signal(chrom, 0, size), rng)
            add_runs(bigwig, chrom, values.astype(np.float32))
    verdict, against = judge_track(describe(simulated, "spoilt"), [describe(simulated, "known")])
    assert verdict == DOUBTFUL
    assert any(reason in x for x in against), against


MEASURES = {"mean": 2.0, "covered": 0.4, "q99": 20.0, "q99.9": 50.0}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"measures": {**MEASURES, "mean": 0.6}}, "0.3 times the depth"),
        ({"measures": {**MEASURES, "covered": 0.15}}, "covers 0.37 times"),
        ({"measures": {**MEASURES, "q99": 41.0}}, "its 99% quantile is 2 times"),
        ({"portrait": Portrait(2.0)}, "multiples of 2, in training of 1"),
        (
            {"portrait": Portrait(None), "measures": {**MEASURES, "mean": 7.0}},
            "its mean is 3.5 times",
        ),
        ({"calls": 200, "with_motif": 0.5}, "50% of the called sites have a motif"),
        ({"calls": 40, "with_motif": 0.5}, None),
    ],
)
def test_each_part_of_the_rule(changes, reason):
    trained = Likeness(MEASURES, Portrait(1.0), 300, 0.8)
    verdict, against = judge_track(replace(trained, **changes), [trained])
    assert (verdict == FITS) == (reason is None)
    assert reason is None or any(reason in x for x in against), against


def test_a_shift_that_cannot_be_told_is_none():
    flat = (1 + np.exp(-(np.arange(-REACH, REACH + 1.0) ** 2) / 2000)).tolist()
    trained = Likeness(MEASURES, Portrait(1.0, 300, flat, 0.0, 0.4))
    for error, verdict in ((0.4, DOUBTFUL), (3.0, FITS)):
        new = replace(trained, portrait=Portrait(1.0, 300, flat, 4.0, error))
        assert judge_track(new, [trained])[0] == verdict


def test_outside_of_a_range():
    assert [outside(x, [1, 3]) for x in (9, 3, 2, 0.25)] == [3, 1, 1, 0.25]
    assert np.isnan(outside(1, [0]))
