"""Slices of a cell line's tracks, packed into text that a page of tracks carries."""

import base64
import gzip
import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from leopard.evaluation.scores import ScoreTrack
from leopard.genome.tracks import BASES, MASKED, Region, Tracks, find_runs
from leopard.inputs.motifs import scan

FLANK = 1000
"""Bases of the tracks to each side of a site."""

HIT = 1e-4
"""Largest p-value of a motif's hit that is shown, FIMO's own default."""


class Line(NamedTuple):
    """A cell line to show.

    Attributes:
        title: What heads it.
        tracks: Reader of its signals, and of its labels if there are any.
        labelled: Whether there are.
        scores: By model, its probabilities.
        calls: By model, its called sites; narrowPeak columns.
    """

    title: str
    tracks: Tracks
    labelled: bool
    scores: Mapping[str, ScoreTrack]
    calls: Mapping[str, pd.DataFrame]


def zip_text(content: bytes) -> str:
    """Gzip, base64: text that a browser unpacks without any library."""
    return base64.b64encode(gzip.compress(content, mtime=0)).decode("ascii")


def pack(value: Any) -> str:
    """JSON as `zip_text`."""
    return zip_text(json.dumps(value, separators=(",", ":")).encode())


def encode_runs(values: np.ndarray) -> list[list[float]]:
    """Runs of equal values: their lengths, and their values in as few digits as tell them apart.

    Example:
        >>> encode_runs(np.float32([0.1, 0.1, 3]))
        [[2, 1], [0.1, 3.0]]
    """
    starts = np.append(0, np.flatnonzero(np.diff(values)) + 1)
    lengths = np.diff(starts, append=len(values))
    # As text, a float32 has no more digits than it needs.
    return [lengths.tolist(), values[starts].astype(str).astype(float).tolist()]


def decode_runs(runs: list[list[float]]) -> np.ndarray:
    """What `encode_runs` was given, float32 [n]."""
    return np.repeat(np.array(runs[1], np.float32), np.array(runs[0], int))


def merge_regions(sites: pd.DataFrame, sizes: Mapping[str, int]) -> list[Region]:
    """The surroundings of sites, `FLANK` bases to each side of `position`, as one where they meet.

    Example:
        >>> sites = pd.DataFrame({"chrom": "chr1", "position": [5000, 1500, 800]})
        >>> merge_regions(sites, {"chr1": 5500})
        [('chr1', 0, 2500), ('chr1', 4000, 5500)]
    """
    merged: list[Region] = []
    for chrom, own in sites.groupby("chrom", sort=False):
        for position in sorted(own["position"]):
            start, end = max(position - FLANK, 0), min(position + FLANK, sizes[chrom])
            if merged and merged[-1][0] == chrom and start <= merged[-1][2]:
                start = merged.pop()[1]
            merged.append((str(chrom), int(start), int(end)))
    return merged


def read_slice(line: Line, region: Region, motif: np.ndarray | None) -> dict[str, Any]:
    """All tracks of a region.

    Args:
        line: The cell line.
        region: Chromosome, start and end.
        motif: Letter probabilities [4, width], if there is a motif.

    Returns:
        signals and scores, runs of each in the order of `line`; calls of each model, as start, end,
        probability; labels, as start, end, whether they count; hits, as start, end, strand, score.
    """
    found: dict[str, Any] = {
        "signals": [encode_runs(line.tracks.signal(*region, x)) for x in line.tracks.arrays],
        "scores": [encode_runs(track.read(*region)) for track in line.scores.values()],
        "calls": [_calls_in(calls, region) for calls in line.calls.values()],
    }
    if line.labelled:
        labels = line.tracks.labels(*region)
        found["labels"] = [
            [start + region[1], end + region[1], value != MASKED]
            for value in (1, MASKED)
            for start, end in find_runs(labels == value).tolist()
        ]
    if motif is not None:
        width = motif.shape[1]
        hits = scan(line.tracks.codes(*region), motif, HIT)
        hits["start"] += region[1]
        found["hits"] = [
            [start, start + width, strand, round(score, 2)]
            for start, strand, score in hits[["start", "strand", "score"]].to_numpy().tolist()
        ]
    return found


def _calls_in(calls: pd.DataFrame, region: Region) -> list[list[float]]:
    chrom, start, end = region
    inside = (calls["chrom"] == chrom) & (calls["start"] < end) & (calls["end"] > start)
    return calls.loc[inside, ["start", "end", "signal_value"]].to_numpy(object).tolist()


def write_sequences(tracks: Tracks, regions: Iterable[Region]) -> str:
    """FASTA of regions as igv.js reads it: records say where they are, of how long a chromosome."""
    letters = np.frombuffer(f"{BASES}N".encode(), np.uint8)
    return "".join(
        f">{chrom}:{start + 1}-{end} @len={tracks.chrom_sizes[chrom]}\n"
        f"{letters[tracks.codes(chrom, start, end)].tobytes().decode()}\n"
        for chrom, start, end in regions
    )
