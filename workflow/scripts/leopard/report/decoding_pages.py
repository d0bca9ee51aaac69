"""The pages of a study that only decodes: what was decoded, the cards of bundles, the regions."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import pandas as pd
import pyBigWig

from leopard.decoding.bundle import Bundle
from leopard.genome.formats import NARROWPEAK, read_table
from leopard.report.html import (
    INTEGER,
    PERCENT,
    Columns,
    render_note,
    render_page,
    render_table,
)

SHOWN = 500
"""Regions on the page; all of them are in the table."""

NEW = "this study"
"""What stands in place of a cell line's use for one that a bundle was not trained on."""


def summarise_decoding(
    decoded: Sequence[tuple[str, str]],
    bundles: Mapping[str, Bundle],
    tracks: Sequence[Path],
    calls: Sequence[Path],
) -> pd.DataFrame:
    """What was decoded and called.

    Args:
        decoded: The model and cell line of each track.
        bundles: By model.
        tracks: bigWigs of probabilities.
        calls: Their called sites.

    Returns:
        model, tf, cell_line, chromosomes (names), bases (with a probability), threshold, sites
        (called), called (share of the bases in sites), expected (the sum of probabilities, in
        bases).
    """
    rows = []
    for (model, line), track, sites in zip(decoded, tracks, calls, strict=True):
        with pyBigWig.open(str(track)) as bigwig:
            header, chromosomes = bigwig.header(), list(bigwig.chroms())
        found, bundle = read_table(sites, NARROWPEAK), bundles[model]
        bases = header["nBasesCovered"]
        rows.append(
            {
                "model": model,
                "tf": bundle.manifest["tf"],
                "cell_line": line,
                "chromosomes": ", ".join(chromosomes),
                "bases": bases,
                "threshold": bundle.threshold,
                "sites": len(found),
                "called": (found["end"] - found["start"]).sum() / bases,
                "expected": header["sumData"],
            }
        )
    return pd.DataFrame(rows)


def compare_signals(
    decoded: Sequence[tuple[str, str]], bundles: Mapping[str, Bundle], measures: Sequence[Path]
) -> pd.DataFrame:
    """What signals are like in this study's cell lines and in those that networks were trained on.

    Args:
        decoded: The model and cell line of each table.
        bundles: By model.
        measures: Tables as from `leopard.inputs.signals.measure_signal`, of all tracks.

    Returns:
        model, track, cell_line, role (training or this study), and the measures.
    """
    parts = []
    for model, bundle in bundles.items():
        for track, own in bundle.manifest["tracks"].items():
            trained = [
                {"track": track, "cell_line": line, "role": "training", **x}
                for line, x in own["measures"].items()
            ]
            here = [
                read_table(x)
                for (name, _), x in zip(decoded, measures, strict=True)
                if name == model
            ]
            new = pd.concat(here).query("track == @track").assign(role=NEW)
            parts.append(pd.concat([pd.DataFrame(trained), new]).assign(model=model))
    table = pd.concat(parts, ignore_index=True)
    first = ["model", "track", "cell_line", "role"]
    return table[[*first, *(x for x in table if x not in first)]]


def decoding_page(summary: pd.DataFrame, signals: pd.DataFrame) -> str:
    """The page of `summarise_decoding` and `compare_signals`."""
    columns: Columns = {
        "model": ("model", None),
        "tf": ("factor", None),
        "cell_line": ("cell line", None),
        "bases": ("bases", INTEGER),
        "threshold": ("threshold", "{:.3g}"),
        "sites": ("called sites", INTEGER),
        "called": ("bases in sites", PERCENT),
        "expected": ("sum of probabilities", INTEGER),
        "chromosomes": ("chromosomes", None),
    }
    compared: Columns = {
        "model": ("model", None),
        "track": ("track", None),
        "cell_line": ("cell line", None),
        "role": ("of", None),
        "mean": ("mean", "{:.4g}"),
        "covered": ("covered", "{:.1%}"),
        **{x: (x[1:] + "%", "{:.4g}") for x in signals if x.startswith("q")},
    }
    classes = ["marked" if role == NEW else "" for role in signals["role"]]
    return render_page(
        "What was decoded",
        render_table(summary, columns),
        render_note(
            "Signals as they are, before they are made comparable, on the chromosomes that each "
            "bundle measures: their mean, the share of bases above zero, and quantiles. A cell "
            "line far from those that the networks were trained on is one to be careful with."
        ),
        render_table(signals, compared, classes),
    )


def card_page(bundle: Bundle) -> str:
    """The card of a bundle, as its author has it."""
    return render_page(bundle.name, f"<pre>{escape(bundle.card)}</pre>")


def regions_page(regions: pd.DataFrame) -> str:
    """The page of a table of regions: those with the largest probabilities."""
    columns: Columns = {
        "chrom": ("chromosome", None),
        "start": ("start", INTEGER),
        "end": ("end", INTEGER),
        "largest": ("largest probability", "{:.3g}"),
        "position": ("its position", INTEGER),
        "mean": ("mean", "{:.3g}"),
        "called": ("called bases", INTEGER),
        "sites": ("called sites", INTEGER),
    }
    best = regions.sort_values("largest", ascending=False, kind="stable").head(SHOWN)
    note = render_note(f"{len(best):,} of {len(regions):,} regions, by their largest probability.")
    return render_page("Regions", note, render_table(best, columns))
