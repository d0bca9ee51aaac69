"""The page of tracks: a genome browser, slices around sites of every outcome, a table to jump by.

One file without any link: igv.js, all data and the page's own code are in it, and its policy lets
the browser load nothing else. It is small enough to be shown inside of Snakemake's report.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from leopard.decoding.peaks import NEAR
from leopard.report.html import render_note
from leopard.report.sites import (
    CALLED,
    MISSED,
    OUTCOMES,
    RIGHT,
    WRONG,
    list_sites,
    pick_sites,
)
from leopard.report.style import BLUE, GREEN, GREY, ORANGE, VERMILION, model_colours
from leopard.report.track_slices import (
    FLANK,
    HIT,
    Line,
    decode_runs,
    merge_regions,
    pack,
    read_slice,
    write_sequences,
    zip_text,
)

log = logging.getLogger(__name__)

SITES = 40
"""Sites of each outcome that a page shows, shared among its cell lines."""

LARGEST = (1 << 21) * 3 // 4 - 1000
"""Bytes of a page. Snakemake's report has it as a base64 address, and Chromium opens none that is
longer than 2 MiB."""

COLOURS = {RIGHT: BLUE, WRONG: VERMILION, MISSED: ORANGE, CALLED: GREY}
"""Of the outcomes; a sign beside each says the same without colour."""

TOP = 0.98
"""A signal is drawn up to the height that this share of its slices does not pass: a single one, of
a repeat with a thousand reads, does not flatten all others."""

POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:"
)


def gather_sites(lines: Mapping[str, Line], chromosomes: Sequence[str]) -> dict[str, pd.DataFrame]:
    """By cell line, the sites of its first model's calls, as from `list_sites`."""
    return {
        name: list_sites(
            next(iter(line.calls.values())),
            next(iter(line.scores.values())),
            chromosomes,
            line.tracks if line.labelled else None,
        )
        for name, line in lines.items()
    }


def render_tracks(
    title: str,
    lines: Mapping[str, Line],
    chromosomes: Sequence[str],
    units: Mapping[str, str],
    thresholds: Mapping[str, float],
    motif: np.ndarray | None,
    seed: int,
    igv: Path,
) -> str:
    """The page, with as many sites as it holds.

    Args:
        title: Its heading.
        lines: By name, the cell lines.
        chromosomes: Those that sites are chosen from.
        units: Of the signals, by name.
        thresholds: From which on a model calls a base bound.
        motif: Letter probabilities [4, width], or none.
        seed: Of the draw of sites.
        igv: igv.min.js.
    """
    library = zip_text(igv.read_bytes())
    listed = gather_sites(lines, chromosomes)
    n = max(SITES // len(lines), 1)
    while True:
        picked = {name: pick_sites(sites, n, seed) for name, sites in listed.items()}
        data = collect_data(lines, picked, units, thresholds, motif)
        page = _render(title, data, _count(listed, picked), library)
        if len(page.encode()) <= LARGEST:
            return page
        if n == 1:
            log.warning("the page of tracks is too large for Chromium to show it in the report")
            return page
        n = n * 3 // 4


def collect_data(
    lines: Mapping[str, Line],
    picked: Mapping[str, pd.DataFrame],
    units: Mapping[str, str],
    thresholds: Mapping[str, float],
    motif: np.ndarray | None,
) -> dict[str, Any]:
    """All that the page shows, for JSON.

    Returns:
        sequences (FASTA, packed); lines: of each its title, tracks (how igv.js shows them) and
        slices (chromosome, start, end, what `read_slice` gives, packed); sites: rows of the table;
        colours of the outcomes; flank.
    """
    regions = {
        name: merge_regions(picked[name], line.tracks.chrom_sizes) for name, line in lines.items()
    }
    shown: dict[str, Any] = {}
    for name, line in lines.items():
        slices = [read_slice(line, region, motif) for region in regions[name]]
        shown[name] = {
            "title": line.title,
            "tracks": _describe_tracks(line, slices, units, thresholds, motif is not None),
            "slices": [
                [*region, pack(own)] for region, own in zip(regions[name], slices, strict=True)
            ],
        }
    sites = [
        {"line": name, **row}
        for name, own in picked.items()
        for row in own[["outcome", "chrom", "position", "probability", "chosen"]].to_dict("records")
    ]
    everywhere = pd.concat(picked.values())
    first = next(iter(lines.values())).tracks
    return {
        "sequences": pack(write_sequences(first, merge_regions(everywhere, first.chrom_sizes))),
        "lines": shown,
        "sites": sites,
        "colours": COLOURS,
        "flank": FLANK,
    }


def _describe_tracks(
    line: Line,
    slices: Sequence[Mapping[str, Any]],
    units: Mapping[str, str],
    thresholds: Mapping[str, float],
    has_motif: bool,
) -> list[dict[str, Any]]:
    """How each track is drawn: where it is in a slice, its name, its colour, its range."""
    colours = model_colours(list(line.scores))
    tracks: list[dict[str, Any]] = []
    for number, name in enumerate(line.tracks.arrays):
        heights = [decode_runs(x["signals"][number]).max() for x in slices]
        top = float(np.quantile(heights, TOP)) if heights else 1.0
        tracks.append(
            {
                **{"kind": "signals", "number": number, "name": f"{name} ({units[name]})"},
                **{"colour": GREY, "top": float(f"{top or 1.0:.2g}")},
            }
        )
    for number, model in enumerate(line.scores):
        own = {"number": number, "colour": colours[model]}
        about = {"name": f"probability, {model}", "top": 1, "threshold": thresholds[model]}
        tracks += [
            {"kind": "scores", **own, **about},
            {"kind": "calls", **own, "name": f"calls of {model}"},
        ]
    if line.labelled:
        tracks.append({"kind": "labels", "name": "bound (label)", "colour": "#000000"})
    if has_motif:
        tracks.append({"kind": "hits", "name": "motif hits", "colour": GREEN})
    return tracks


def _count(listed: Mapping[str, pd.DataFrame], picked: Mapping[str, pd.DataFrame]) -> str:
    """How many sites of each outcome there are, and are shown, in a sentence."""
    found, shown = (
        pd.concat(tables.values())["outcome"].value_counts() for tables in (listed, picked)
    )
    texts = [
        f"{shown.get(outcome, 0)} of {found[outcome]:,} ({outcome.lower()})"
        for outcome in (*OUTCOMES, CALLED)
        if outcome in found
    ]
    return f"Shown are {', '.join(texts)}." if texts else "There is no site to show."


def _render(title: str, data: Mapping[str, Any], counts: str, library: str) -> str:
    folder = Path(__file__).parent
    first = data["lines"][next(iter(data["lines"]))]["tracks"]
    model = next(x["name"] for x in first if x["kind"] == "calls").removeprefix("calls of ")
    notes = (
        f"Sites are those that {model} calls and, where there are labels, bound ones without the "
        f"summit of a call within {NEAR} bases. Half of each kind were taken by the highest "
        "probability (of missed ones, by the lowest), the rest drawn. "
        f"Tracks end {FLANK:,} bases from a site. Dashed: the threshold. "
        "Black on top of a signal: it is higher still. Grey labels: bases that count nowhere. "
        f"Motif hits: those with a p-value below {HIT:g}, by FIMO's method."
    )
    return (
        (folder / "track_page.html")
        .read_text(encoding="utf-8")
        .format(
            title=escape(title),
            policy=POLICY,
            counts=render_note(counts),
            notes=render_note(notes),
            library=library,
            data=json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"),
            style=(folder / "track_page.css").read_text(encoding="utf-8"),
            code=(folder / "track_page.js").read_text(encoding="utf-8"),
        )
    )
