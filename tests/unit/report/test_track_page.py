"""The page of tracks: what its slices hold, which sites it shows, its size, and its silence."""

import base64
import gzip
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pyBigWig
import pysam
import pytest
from conftest import MOTIF, SPARSE_SIZES, write_bigwig
from leopard.decoding.peaks import NEAR, call_track, compare_calls, judge_calls
from leopard.evaluation.scores import ScoreTrack
from leopard.genome.tracks import Signal, Tracks, encode_sequence
from leopard.inputs.motifs import scan
from leopard.report import track_page
from leopard.report.sites import CALLED, MISSED, RIGHT, WRONG, pick_sites
from leopard.report.track_page import gather_sites, render_tracks
from leopard.report.track_slices import FLANK, HIT, Line, decode_runs
from snakemake.report.common import data_uri_from_file

ROOT = Path(__file__).resolve().parents[3]
IGV = ROOT / "resources/igv"
CHROMS = list(SPARSE_SIZES)
SCALE = 0.37
THRESHOLDS = {"unet": 0.5, "cnn": 0.4}
"""Of the models; the calls of the first are judged."""


def unzip_text(text):
    """As a browser unpacks what `zip_text` made."""
    return gzip.decompress(base64.b64decode(text))


def unpack(text):
    return json.loads(unzip_text(text))


@pytest.fixture(scope="module")
def predictions(tmp_path_factory, sparse_genome):
    """Two models that find most sites, and as many places where there is none."""
    rng = np.random.default_rng(3)
    files = {}
    for model in THRESHOLDS:
        values = {}
        for chrom, labels in sparse_genome.labels.items():
            track = np.full(len(labels), np.nan, np.float32)
            sites = np.flatnonzero(labels == 1)[5::11]
            elsewhere = rng.integers(50, len(labels) - 50, len(sites))
            for middle in np.concatenate([sites, elsewhere]):
                track[middle - 6 : middle + 7] = rng.uniform(0.2, 1)
            values[chrom] = track
        files[model] = write_bigwig(tmp_path_factory.mktemp(model) / "a.bw", values)
    return files


@pytest.fixture(scope="module")
def open_line(sparse_genome, predictions):
    def open_it(labelled: bool) -> Line:
        labels = sparse_genome.labels_file if labelled else None
        signals = {"accessibility": Signal(sparse_genome.signal_files, SCALE)}
        return Line(
            "CTCF in a",
            Tracks(sparse_genome.fasta, signals, labels),
            labelled,
            {name: ScoreTrack.from_bigwig(path, True) for name, path in predictions.items()},
            {name: call_track(path, THRESHOLDS[name]) for name, path in predictions.items()},
        )

    return open_it


def render(lines: dict[str, Line], title: str = "CTCF", seed: int = 1, n: int = 8) -> str:
    units = {"accessibility": "counts"}
    igv = IGV / "igv.min.js"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(track_page, "SITES", n)
        return render_tracks(title, lines, CHROMS, units, THRESHOLDS, MOTIF, seed, igv)


def read_script(page: str, name: str) -> str:
    return re.search(rf'<script[^>]* id="{name}">(.*?)</script>', page, re.S)[1]


def read_data(page: str) -> dict:
    return json.loads(read_script(page, "data"))


@pytest.fixture(scope="module")
def page(open_line):
    return render({"a": open_line(True)})


@pytest.fixture(scope="module")
def data(page):
    return read_data(page)


@pytest.fixture(scope="module")
def slices(data):
    return [(*region, unpack(text)) for *region, text in data["lines"]["a"]["slices"]]


@pytest.fixture(scope="module")
def sites(open_line):
    return gather_sites({"a": open_line(True)}, CHROMS)["a"]


def read_all(path: Path, chrom: str) -> np.ndarray:
    with pyBigWig.open(str(path)) as bigwig:
        return np.nan_to_num(bigwig.values(chrom, 0, bigwig.chroms(chrom), numpy=True))


def test_slices_hold_what_pybigwig_reads(slices, sparse_genome, predictions):
    for chrom, start, end, own in slices:
        replicates = [read_all(x, chrom)[start:end] for x in sparse_genome.signal_files]
        expected = (replicates[0] + replicates[1]) * np.float32(SCALE)
        np.testing.assert_array_equal(decode_runs(own["signals"][0]), expected)
        for path, runs in zip(predictions.values(), own["scores"], strict=True):
            np.testing.assert_array_equal(decode_runs(runs), read_all(path, chrom)[start:end])


def test_slices_hold_the_calls_that_reach_into_them(slices, open_line):
    tables = open_line(True).calls.values()
    for chrom, start, end, own in slices:
        for table, found in zip(tables, own["calls"], strict=True):
            expected = [
                [x.start, x.end, x.signal_value]
                for x in table.itertuples()
                if x.chrom == chrom and not (x.end <= start or x.start >= end)
            ]
            assert found == expected


def test_slices_hold_the_labels(slices, sparse_genome):
    for chrom, start, end, own in slices:
        for value, counts in ((1, True), (-1, False)):
            marked = np.zeros(SPARSE_SIZES[chrom], bool)
            for first, last, counted in own["labels"]:
                marked[first:last] |= counted == counts
            expected = sparse_genome.labels[chrom][start:end] == value
            np.testing.assert_array_equal(marked[start:end], expected)


def test_slices_hold_the_motif_hits(slices, sparse_genome):
    for chrom, start, end, own in slices:
        hits = scan(encode_sequence(sparse_genome.sequences[chrom]), MOTIF, HIT)
        width = MOTIF.shape[1]
        inside = hits[(hits["start"] >= start) & (hits["start"] + width <= end)]
        expected = [
            [x.start, x.start + width, x.strand, round(x.score, 2)] for x in inside.itertuples()
        ]
        assert sorted(own["hits"]) == sorted(expected)


def test_slices_reach_around_every_site_and_do_not_overlap(slices, data):
    shown = {chrom: np.zeros(size, int) for chrom, size in SPARSE_SIZES.items()}
    for chrom, start, end, _ in slices:
        shown[chrom][start:end] += 1
    assert max(x.max() for x in shown.values()) == 1
    for site in data["sites"]:
        around = shown[site["chrom"]][max(site["position"] - FLANK, 0) : site["position"] + FLANK]
        assert around.all()


def test_sequences_are_those_of_the_genome(data, slices, sparse_genome):
    records = unpack(data["sequences"]).split(">")[1:]
    assert len(records) == len(slices)
    with pysam.FastaFile(str(sparse_genome.fasta)) as fasta:
        for record in records:
            head, letters = record.split("\n")[:2]
            chrom, first, last, size = re.fullmatch(r"(\w+):(\d+)-(\d+) @len=(\d+)", head).groups()
            assert int(size) == SPARSE_SIZES[chrom]
            expected = fasta.fetch(chrom, int(first) - 1, int(last)).upper()
            assert letters == re.sub("[^ACGT]", "N", expected)


def test_outcomes_are_those_that_are_counted(sites, open_line):
    line = open_line(True)
    measures, _ = judge_calls(line.calls["unet"], line.tracks, CHROMS)
    counts = sites["outcome"].value_counts()
    assert counts[RIGHT] + counts[WRONG] == measures["calls"]
    assert counts[RIGHT] == pytest.approx(measures["precision"] * measures["calls"])
    assert counts[MISSED] == pytest.approx((1 - measures["recall"]) * measures["sites"])
    assert min(counts) > 3


def test_outcomes_are_right_by_the_bases(sites, sparse_genome, predictions):
    for site in sites.itertuples():
        labels = sparse_genome.labels[site.chrom]
        near = labels[max(site.position - NEAR, 0) : site.position + NEAR + 1] == 1
        if site.outcome != MISSED:
            assert near.any() == (site.outcome == RIGHT)
        inside = read_all(predictions["unet"], site.chrom)[site.start : site.end]
        assert site.probability == pytest.approx(inside.max(), abs=1e-5)
        assert site.start <= site.position < site.end


def test_missed_sites_are_those_without_a_summit_near(open_line):
    line = open_line(True)
    _, found = compare_calls(line.calls["unet"], line.tracks, "chr1")
    listed = gather_sites({"a": line}, ["chr1"])["a"]
    missed = listed[listed["outcome"] == MISSED]
    assert missed["start"].tolist() == found[found["distance"] > NEAR]["start"].tolist()


def table(outcome: str, n: int) -> pd.DataFrame:
    probability = np.random.default_rng(0).permutation(n) / n
    start = np.arange(n) * 100
    return pd.DataFrame({"outcome": outcome, "chrom": "chr1", "start": start, "end": start + 10})[
        ["outcome", "chrom", "start", "end"]
    ].assign(position=start + 5, probability=probability)


def test_half_of_the_sites_are_taken_by_rule():
    listed = pd.concat([table(RIGHT, 30), table(MISSED, 30), table(WRONG, 3)])
    picked = pick_sites(listed, 8, seed=1)
    by_rule = picked[picked["chosen"] != "drawn"]
    highest = by_rule[by_rule["outcome"] == RIGHT]
    assert (highest["probability"] * 30).round().tolist() == [29, 28, 27, 26]
    assert (highest["chosen"] == "highest").all()
    lowest = by_rule[by_rule["outcome"] == MISSED]
    assert (lowest["probability"] * 30).round().tolist() == [0, 1, 2, 3]
    assert (lowest["chosen"] == "lowest").all()
    assert picked["outcome"].value_counts().to_dict() == {RIGHT: 8, MISSED: 8, WRONG: 3}
    assert not picked.duplicated(["outcome", "start"]).any()


def test_the_rest_is_drawn_by_the_seed():
    listed = table(WRONG, 200)
    first, again, other = (pick_sites(listed, 20, seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert set(first["start"][10:]) != set(other["start"][10:])
    drawn = pd.concat(pick_sites(listed, 20, seed).iloc[10:] for seed in range(300))
    # Each of the other 190 as often as any: 300 draws of 10 meet each 15.8 times, give or take 3.9.
    counts = drawn["start"].value_counts()
    assert len(counts) == 190 and counts.between(2, 36).all()


def test_the_table_and_its_colours(data, sites):
    rows = pd.DataFrame(data["sites"])
    assert set(rows["outcome"]) == {RIGHT, WRONG, MISSED} <= set(data["colours"])
    assert rows.merge(sites, on=["outcome", "chrom", "position"]).shape[0] == len(rows)
    tracks = data["lines"]["a"]["tracks"]
    assert [x["name"] for x in tracks] == [
        *("accessibility (counts)", "probability, unet", "calls of unet"),
        *("probability, cnn", "calls of cnn", "bound (label)", "motif hits"),
    ]
    assert [x.get("threshold") for x in tracks[1::2]][:2] == list(THRESHOLDS.values())


def test_a_line_without_labels_shows_its_calls(open_line):
    line = open_line(False)
    data = read_data(render({"a": line, "b": open_line(True)}))
    own = [x for x in data["sites"] if x["line"] == "a"]
    assert {x["outcome"] for x in own} == {CALLED}
    assert own[0]["probability"] == line.calls["unet"]["signal_value"].max()
    assert "labels" not in {x["kind"] for x in data["lines"]["a"]["tracks"]}
    assert "labels" in {x["kind"] for x in data["lines"]["b"]["tracks"]}


def test_a_page_without_any_site(open_line):
    line = open_line(False)
    nothing = {model: calls[:0] for model, calls in line.calls.items()}
    page = render({"a": line._replace(calls=nothing)})
    assert "There is no site to show." in page and not read_data(page)["sites"]


def test_a_page_is_the_same_each_time(page, open_line):
    assert render({"a": open_line(True)}) == page
    assert render({"a": open_line(True)}, seed=2) != page


def test_names_cannot_be_markup(open_line):
    page = render({"</script><b>": open_line(True)}, title="<i>&")
    assert "<b>" not in page and "<i>" not in page
    assert "</script><b>" in read_data(page)["lines"]


def test_the_report_can_show_the_largest_page(tmp_path):
    path = tmp_path / "tracks.html"
    path.write_bytes(bytes(track_page.LARGEST))
    assert len(data_uri_from_file(path)) <= 2 * 1024**2


def test_a_page_that_is_too_large_has_fewer_sites(page, data, open_line, monkeypatch):
    monkeypatch.setattr(track_page, "LARGEST", len(page) - 20_000)
    smaller = render({"a": open_line(True)})
    assert len(smaller.encode()) <= track_page.LARGEST
    rows = read_data(smaller)["sites"]
    assert len(rows) < len(data["sites"])
    assert {x["outcome"] for x in rows} == {RIGHT, WRONG, MISSED}


def test_a_page_that_cannot_be_small_says_so(open_line, monkeypatch, caplog):
    monkeypatch.setattr(track_page, "LARGEST", 1)
    assert len(read_data(render({"a": open_line(True)}))["sites"]) == 3
    assert "too large" in caplog.text


def test_igv_is_the_one_that_its_readme_tells_of(page):
    script = (IGV / "igv.min.js").read_bytes()
    readme = (IGV / "README.md").read_text()
    assert hashlib.sha256(script).hexdigest() in readme
    assert "MIT License" in (IGV / "LICENSE").read_text()
    assert unzip_text(read_script(page, "library")) == script


def test_the_page_loads_nothing(page):
    rest = page.replace(read_script(page, "library"), "")
    assert not re.search(
        r"https?:|[\"'(]//|\bsrc\s*=|\bhref\s*=|@import|url\(|fetch\(|\bimport\b", rest
    )
    policy = re.search(r'"Content-Security-Policy" content="([^"]*)"', page)[1]
    sources = dict(x.strip().split(" ", 1) for x in policy.split(";"))
    assert sources["default-src"] == "'none'"
    allowed = {y for x in sources.values() for y in x.split()}
    assert allowed <= {"'none'", "'unsafe-inline'", "data:", "blob:"}


ASK = """<script>
(async () => {
  while (!document.getElementById("shown").textContent) await new Promise((x) => setTimeout(x, 20));
  const said = document.createElement("pre");
  said.textContent = await browser.genome.getSequence("chr1", 0, SIZE);
  document.body.append(said);
})();
</script>
</body>"""
"""Writes out, when the first site is shown, what igv.js has for the sequence of a chromosome."""


@pytest.mark.skipif(not shutil.which("chromium"), reason="no Chromium here")
def test_a_browser_shows_the_first_site(page, data, slices, sparse_genome, tmp_path):
    asking = page.replace("</body>", ASK.replace("SIZE", str(SPARSE_SIZES["chr1"])))
    (tmp_path / "tracks.html").write_text(asking)
    done = subprocess.run(
        [
            *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
            *("--disable-quic", "--disable-background-networking", "--disable-component-update"),
            *("--disable-sync", "--virtual-time-budget=10000", "--dump-dom"),
            *(f"--user-data-dir={tmp_path}/profile", f"file://{tmp_path}/tracks.html"),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    first = data["sites"][0]
    at = f"{first['chrom']}:{first['position'] + 1:,}"
    assert f"CTCF in a: {first['outcome'].lower()}, {at}" in done.stdout
    assert re.search(r'<p id="problem" role="alert"></p>', done.stdout)
    assert done.stdout.count("<tr ") == len(data["sites"])
    expected = ["*"] * SPARSE_SIZES["chr1"]  # between the slices
    for chrom, start, end, _ in slices:
        if chrom == "chr1":
            letters = sparse_genome.sequences[chrom][start:end].upper()
            expected[start:end] = re.sub("[^ACGT]", "N", letters)
    assert re.search(r"<pre>([^<]*)</pre>", done.stdout)[1] == "".join(expected)
    assert len(re.findall(r"\*+", "".join(expected))) > 1
