"""Hub and session, parsed again as a browser would read them."""

import re
import struct
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pybigtools
import pytest
from conftest import SIZES, strip_sums, write_bigwig
from leopard.browsing.browser import (
    LOCUS,
    SHORT_LABEL,
    BrowserTrack,
    choose_locus,
    signal_limit,
    to_rgb,
    write_bigbed,
    write_hub,
    write_igv_session,
)
from leopard.decoding.peaks import call_peaks, write_narrowpeak

RGB = re.compile(r"(\d+),(\d+),(\d+)")


@pytest.fixture
def calls():
    rng = np.random.default_rng(3)
    return pd.concat(
        call_peaks(chrom, rng.random(SIZES[chrom]).astype(np.float32) ** 30, 0.6)
        for chrom in ("chr1", "chr2")
    ).sort_values(["chrom", "start"])


@pytest.fixture
def tracks(tmp_path, calls):
    """Two cell lines whose names are the same once they are identifiers."""
    (tmp_path / "results/hub").mkdir(parents=True)
    signal = write_bigwig(tmp_path / "results/x.bigWig", {"chr2": np.ones(SIZES["chr2"])})
    write_narrowpeak(tmp_path / "results/x.narrowPeak", calls)
    write_bigbed(tmp_path / "results/x.bigBed", calls, SIZES)
    return [
        track
        for line in ("22.b", "22_b")
        for track in (
            BrowserTrack(line, "accessibility", signal, "#7F7F7F", (0, 12.5)),
            BrowserTrack(line, "unet", signal, "#0072B2", (0, 1)),
            BrowserTrack(line, "calls", tmp_path / "results/x.bigBed", "#0072B2", None),
        )
    ]


def read_stanzas(path: Path):
    return [
        dict(line.split(" ", 1) for line in stanza.strip().splitlines())
        for stanza in path.read_text().split("\n\n")
    ]


def test_hub(tmp_path, tracks):
    directory = tmp_path / "results/hub"
    write_hub(directory, "my-study", "CTCF", "hg19", tracks)
    moved = (tmp_path / "results").rename(tmp_path / "elsewhere") / "hub"
    (hub,) = read_stanzas(moved / "hub.txt")
    assert set(hub) == {"hub", "shortLabel", "longLabel", "genomesFile", "email"}
    (genomes,) = read_stanzas(moved / hub["genomesFile"])
    assert genomes == {"genome": "hg19", "trackDb": "trackDb.txt"}
    stanzas = read_stanzas(moved / genomes["trackDb"])
    names = [stanza["track"] for stanza in stanzas]
    assert len(set(names)) == len(names) == 8
    assert all(re.fullmatch(r"[A-Za-z]\w*", name) for name in names)
    folders = [stanza for stanza in stanzas if "superTrack" in stanza]
    shown = [stanza for stanza in stanzas if "superTrack" not in stanza]
    for stanza, track in zip(shown, tracks, strict=True):
        assert stanza["parent"] in [folder["track"] for folder in folders]
        assert len(stanza["shortLabel"]) <= SHORT_LABEL
        assert all(0 <= int(x) < 256 for x in RGB.fullmatch(stanza["color"]).groups())
        kind, *limits = stanza["type"].split()
        reader = pybigtools.open(str(moved / stanza["bigDataUrl"]))  # relative, and there
        if track.limits:
            assert kind == "bigWig" and tuple(map(float, limits)) == track.limits
            assert tuple(map(float, stanza["viewLimits"].split(":"))) == track.limits
        else:
            assert kind == "bigNarrowPeak" and not limits
            assert next(iter(reader.records("chr1")))[1] > 0


def test_session(tmp_path, tracks):
    path = tmp_path / "results/hub/igv.xml"
    narrowpeak = tmp_path / "results/x.narrowPeak"
    tracks = [x._replace(path=x.path if x.limits else narrowpeak) for x in tracks]
    write_igv_session(path, "hg19", "chr1:1-100", tracks)
    moved = (tmp_path / "results").rename(tmp_path / "elsewhere") / "hub"
    session = ElementTree.parse(moved / "igv.xml").getroot()
    assert session.tag == "Session"
    assert session.attrib == {"genome": "hg19", "locus": "chr1:1-100", "version": "8"}
    resources = [x.get("path") for x in session.iterfind("Resources/Resource")]
    assert all((moved / x).exists() for x in resources)
    assert [panel.get("name") for panel in session.iterfind("Panel")] == ["22.b", "22_b"]
    shown = session.findall("Panel/Track")
    assert [element.get("id") for element in shown] == resources
    for element, track in zip(shown, tracks, strict=True):
        assert RGB.fullmatch(element.get("color")) and track.cell_line in element.get("name")
        scale = element.find("DataRange")
        if track.limits:
            limits = float(scale.get("minimum")), float(scale.get("maximum"))
            assert limits == track.limits and scale.get("baseline") == "0"
        else:
            assert scale is None


def test_bigbed_holds_the_calls(tmp_path, calls):
    path = tmp_path / "x.bigBed"
    write_bigbed(path, calls, SIZES)
    reader = pybigtools.open(str(path))
    for chrom, group in calls.groupby("chrom"):
        rows = [(s, e, *rest) for s, e, *rest in reader.records(chrom)]
        assert [row[:2] for row in rows] == list(zip(group["start"], group["end"], strict=True))
        assert [row[2] for row in rows] == group["name"].tolist()
        assert [int(row[-1]) for row in rows] == group["peak"].tolist()
    fields, of_bed = struct.unpack_from("<HH", path.read_bytes(), 32)
    assert (fields, of_bed) == (10, 6)
    assert reader.sql().count(";") == 10


def test_signal_limit(genome):
    values = np.concatenate([np.nan_to_num(x) for x in genome.signals[0].values()]).astype(float)
    expected = values.mean() + 10 * values.std()
    assert signal_limit(genome.signal_files[0]) == pytest.approx(expected, rel=0.06)


@pytest.mark.parametrize("version", [1, 4])
def test_signal_limit_of_a_header_without_sums(genome, tmp_path, monkeypatch, version):
    monkeypatch.setattr("leopard.browsing.browser.BASES_A_READ", 999)
    path = tmp_path / "signal.bw"
    path.write_bytes(genome.signal_files[0].read_bytes())
    strip_sums(path, version)
    values = np.concatenate([np.nan_to_num(x) for x in genome.signals[0].values()]).astype(float)
    expected = values.mean() + 10 * values.std()
    assert signal_limit(path) == pytest.approx(expected, rel=0.06)


def test_colours():
    assert to_rgb("#0072B2") == "0,114,178"


def test_locus(calls):
    chrom, first, last = re.fullmatch(
        r"(\w+):(\d+)-(\d+)", choose_locus(calls, "chr1", 10**6)
    ).groups()
    assert chrom == "chr1" and int(last) - int(first) + 1 == LOCUS
    here = calls[calls["chrom"] == "chr1"]
    best = here["start"][here["signal_value"] == here["signal_value"].max()]
    assert best.between(int(first), int(last)).any()
    assert choose_locus(calls[:0], "chr2", 3000) == "chr2:1-3000"
