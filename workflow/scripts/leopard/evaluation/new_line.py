"""A cell line painted: those trained on for a bundle to keep, a new one to be held against them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from leopard.decoding.bundle import Bundle
from leopard.decoding.cell_line import choose_measured
from leopard.evaluation.likeness import COMPARED, Likeness, judge_track
from leopard.evaluation.portrait import (
    COMMON,
    EVERY,
    Portrait,
    choose_searched,
    find_hits,
    paint,
    share_with_motif,
)
from leopard.genome.formats import read_motif
from leopard.genome.tracks import Signal, Tracks, read_chrom_sizes

Painted = dict[str, Any]

UNPAINTED: Painted = {"calls": 0, "with_motif": None, "tracks": {}}
"""What is known of a cell line that a bundle has no more of than its measures."""

UNKNOWN = "not to be told: the bundle says nothing of the cell lines trained on"


def describe_motif(path: Path) -> dict[str, Any]:
    """A motif as a bundle has it: name and matrix, [4][width] of letter probabilities."""
    name, matrix = read_motif(path)
    return {"name": name, "matrix": matrix.round(6).tolist()}


def paint_line(
    fasta: Path,
    signals: Mapping[str, Sequence[Path]],
    measured: Mapping[str, Sequence[str]],
    motif: Mapping[str, Any] | None,
    calls: pd.DataFrame,
    excluded: Path | None,
) -> Painted:
    """What a cell line's signals are like around a motif, and its calls.

    Args:
        fasta: The indexed genome.
        signals: By track, the bigWigs of its replicates.
        measured: By track, the chromosomes to look at.
        motif: As from `describe_motif`; None where none is known.
        calls: Called sites: chrom, start, end.
        excluded: BED of bases that count nowhere.

    Returns:
        calls (how many), with_motif (the share of them, None where it is not known), and tracks:
        by name the fields of `Portrait`.
    """
    own = {name: Signal(list(files)) for name, files in signals.items()}
    tracks = Tracks(fasta, own, excluded=excluded)
    none = pd.DataFrame({"chrom": [], "middle": [], "score": []})
    hits: dict[tuple[str, ...], pd.DataFrame] = {}
    painted: dict[str, Any] = {}
    for name in own:
        searched = tuple(choose_searched(tracks, measured[name]))
        if searched not in hits:
            matrix = np.array(motif["matrix"]) if motif else None
            found = none if matrix is None else find_hits(tracks, searched, matrix, COMMON)
            hits[searched] = found
        best = hits[searched].nlargest(len(hits[searched]) * COMMON // EVERY, "score")
        painted[name] = asdict(paint(tracks, name, searched, best))
    share = share_with_motif(calls, next(iter(hits.values())))
    with_motif = None if np.isnan(share) else round(share, 4)
    return {"calls": len(calls), "with_motif": with_motif, "tracks": painted}


def judge_line(
    new: Painted,
    measures: Mapping[str, Mapping[str, float]],
    trained: Mapping[str, Painted],
    trained_measures: Mapping[str, Mapping[str, Mapping[str, float]]],
) -> pd.DataFrame:
    """Whether each track of a cell line is like those that networks were trained on.

    Args:
        new: As from `paint_line`.
        measures: By track, as from `leopard.inputs.signals.measure_signal`.
        trained: By cell line, as `new`.
        trained_measures: By track and cell line, as `measures`.

    Returns:
        track, verdict, against (reasons, by semicolons), depth, unit, centre, error, enrichment,
        with_motif; what is not known is missing.
    """
    rows = []
    for track in new["tracks"]:
        own = _read_likeness(new, track, measures[track])
        others = [
            _read_likeness(trained.get(line, UNPAINTED), track, theirs)
            for line, theirs in trained_measures[track].items()
            if theirs.keys() >= {"mean", "covered", *COMPARED}
        ]
        verdict, against = judge_track(own, others) if others else (UNKNOWN, [])
        seen = own.portrait if own.portrait.profile else None
        rows.append(
            {
                "track": track,
                "verdict": verdict,
                "against": "; ".join(against),
                "depth": own.depth,
                "unit": own.portrait.unit,
                "centre": seen and seen.centre,
                "error": seen and seen.error,
                "enrichment": seen and seen.enrichment,
                "with_motif": new["with_motif"],
            }
        )
    return pd.DataFrame(rows)


def judge_bundle(
    bundle: Bundle,
    fasta: Path,
    signals: Mapping[str, Sequence[Path]],
    measures: pd.DataFrame,
    calls: pd.DataFrame,
    other_genome: bool,
    around_motif: bool = True,
) -> tuple[Painted, pd.DataFrame]:
    """A cell line that a bundle decoded, held against those that its networks were trained on.

    Args:
        bundle: It.
        fasta: The indexed genome.
        signals: By track, the bigWigs of its replicates.
        measures: Tables as from `leopard.inputs.signals.write_measures`, of all tracks.
        calls: Called sites.
        other_genome: Whether it is another genome than the bundle's.
        around_motif: Whether it is looked at around the motif, whose hits take longest to find.

    Returns:
        What `paint_line` and `judge_line` give.
    """
    manifest, sizes = bundle.manifest, read_chrom_sizes(fasta)
    tracks = manifest["tracks"]
    measured = {x: choose_measured(own["measured"], sizes) for x, own in tracks.items()}
    excluded = None if other_genome else bundle.excluded
    motif = manifest.get("motif") if around_motif else None
    painted = paint_line(fasta, signals, measured, motif, calls, excluded)
    table = judge_line(
        painted,
        measures.set_index("track").drop(columns="cell_line").T.to_dict(),
        manifest.get("portraits", {}),
        {name: own["measures"] for name, own in tracks.items()},
    )
    return painted, table


def _read_likeness(painted: Painted, track: str, measures: Mapping[str, float]) -> Likeness:
    share = painted["with_motif"]
    return Likeness(
        measures,
        Portrait(**painted["tracks"].get(track, {})),
        painted["calls"],
        float("nan") if share is None else share,
    )
