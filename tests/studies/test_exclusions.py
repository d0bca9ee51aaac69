"""Bases that nobody can know count in no measure of a whole run; calls on them are set apart."""

import numpy as np
import pandas as pd
import pytest
from leopard.genome.formats import read_narrowpeak
from leopard.genome.tracks import MASKED, OTHER, Tracks
from sklearn.metrics import average_precision_score
from workflow.test_run import read_all

WIDTH = 8000
"""Bases excluded from a called site on: the networks train anew, and call others in them."""
SIZES = {"chr1": 150_000, "chr2": 60_000, "chr3": 50_007}


def test_exclusions_and_regions_of_a_whole_run(finished):
    results = finished.results
    called = read_narrowpeak(results / "predictions/unet/b.narrowPeak", SIZES)
    sites = called[called["chrom"] == "chr3"].sort_values("start")
    first, last = sites.iloc[0], sites.iloc[-1]
    assert first["end"] < last["start"]
    end = first["start"] + WIDTH
    assert end < last["start"] - WIDTH
    bed = f"chr3\t{first['start'] - 40}\t{end}\nchr2\t20000\t20800\n"
    (finished.directory / "amplified.bed").write_text(bed)
    regions = f"chr2\t0\t60000\nchr3\t10\t{last['start'] - 5}\n"
    (finished.directory / "regions.bed").write_text(regions)
    finished.config["genome"]["exclude"] = ["amplified.bed"]
    finished.config["evaluation"] = {"regions": "regions.bed"}
    finished.config["prediction"]["excluded_calls"] = "mark"
    finished.succeed("evaluate", "predict")

    # What was trained and validated on knows the exclusions, not the regions.
    windows = pd.read_csv(results / "windows/windows.tsv", sep="\t")
    excluded = results / "genome/excluded.bed"
    tracks = Tracks(
        results / "genome/genome.fa", labels=results / "labels/b.bigWig", excluded=excluded
    )
    expected = tracks.codes("chr2", 0, SIZES["chr2"]) < OTHER
    expected[20000:20800] = False
    np.testing.assert_array_equal(tracks.counted("chr2", 0, SIZES["chr2"]), expected)
    test = windows[windows["split"] == "test"]
    reach = (test["start"] < end) & (test["end"] > first["start"] - 40)
    assert not reach.any()

    # The summary is that of the bases that count, chosen by hand.
    summary = pd.read_csv(results / "evaluation/summary.tsv", sep="\t")
    row = summary[(summary["cell_line"] == "b") & (summary["model"] == "unet")].iloc[0]
    bound = read_all(results / "labels/b.bigWig", "chr3")
    scores = read_all(results / "predictions/unet/b.bigWig", "chr3")
    at = np.arange(len(bound))
    counted = (at >= 10) & (at < last["start"] - 5) & (bound > -0.5)
    counted &= (at < first["start"] - 40) | (at >= end)
    counted &= tracks.codes("chr3", 0, len(at)) < OTHER
    assert row["positive_rate"] == pytest.approx(bound[counted].clip(0).mean(), rel=1e-4)
    expected = average_precision_score(bound[counted] > 0.5, scores[counted])
    assert row["average_precision"] == pytest.approx(expected, rel=2e-3)

    # Calls that touch excluded bases are there, marked, and counted.
    marked = read_narrowpeak(results / "predictions/unet/b.narrowPeak", SIZES)
    touching = [
        tracks.touches_excluded(*x)
        for x in marked[["chrom", "start", "end"]].itertuples(index=False)
    ]
    assert any(touching)
    assert list(marked["name"].str.endswith("_excluded")) == touching
    counts = pd.read_csv(results / "predictions/unet/b.calls.tsv", sep="\t").iloc[0]
    assert counts["called"] == len(marked) and counts["touching_excluded"] == sum(touching)
    judged = pd.read_csv(results / "evaluation/peaks.tsv", sep="\t").query("cell_line == 'b'")
    assert judged["touching_excluded"].item() == sum(touching)
    assert (tracks.labels("chr2", 20000, 20800) == MASKED).all()

    # Left out, by default, nothing else is done again.
    del finished.config["prediction"]["excluded_calls"]
    said = finished.succeed("predict", "evaluate")
    assert " call_peaks: " in said and " predict_binding: " not in said
    kept = read_narrowpeak(results / "predictions/unet/b.narrowPeak", SIZES)
    assert list(kept["start"]) == list(marked.loc[~np.array(touching), "start"])
