"""Called sites: where the predicted probability passes the threshold, and how good they are."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyBigWig

from leopard.genome.formats import NARROWPEAK
from leopard.genome.tracks import MASKED, Region, Tracks, find_runs, read_bigwig, read_chromosome

MERGE_GAP = 10
"""Calls nearer to each other than this, in bases, are one site: half a motif's width."""

NEAR = 50
"""A call is right, and a site found, if summit and site lie within so many bases: the uncertainty
of a ChIP-seq peak's summit."""

FAR = 1000
"""Bases; how much further off a call lies tells nothing more."""


def find_sites(probabilities: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """First bases of called sites, and the bases behind their last, int64 [n] each."""
    starts, ends = find_runs(probabilities >= threshold).T
    new_site = np.append(True, starts[1:] - ends[:-1] >= MERGE_GAP)[: len(starts)]
    return starts[new_site], ends[np.append(new_site[1:], True)[: len(ends)]]


def call_peaks(chrom: str, probabilities: np.ndarray, threshold: float) -> pd.DataFrame:
    """Call sites on a chromosome.

    Args:
        chrom: Its name.
        probabilities: Of every base, float32 [size].
        threshold: Least probability of a called base.

    Returns:
        narrowPeak columns: the site spans its called bases; `signal_value` is the largest
        probability in it, `score` that times 1000, `peak` the offset of the middle of the bases
        that reach it; p and q values are not computed (-1).

    Example:
        >>> probabilities = np.zeros(100, np.float32)
        >>> probabilities[40:60] = 0.9
        >>> call_peaks("chr1", probabilities, 0.5)[["chrom", "start", "end"]].values.tolist()
        [['chr1', 40, 60]]
    """
    starts, ends = find_sites(probabilities, threshold)
    summits, heights = [], []
    for start, end in zip(starts, ends, strict=True):
        inside = probabilities[start:end]
        top = np.flatnonzero(inside == inside.max())
        summits.append(int(top[len(top) // 2]))
        heights.append(float(inside.max()))
    height = np.array(heights, dtype=np.float64)
    return pd.DataFrame(
        {
            "chrom": chrom,
            "start": starts,
            "end": ends,
            "name": [f"{chrom}_{number}" for number in range(1, len(starts) + 1)],
            "score": np.rint(1000 * height).astype(int),
            "strand": ".",
            "signal_value": height.round(5),
            "p_value": -1,
            "q_value": -1,
            "peak": np.array(summits, dtype=int),
        },
        columns=NARROWPEAK,
    )


def set_excluded_apart(calls: pd.DataFrame, tracks: Tracks) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Calls that touch no excluded base, and those that do."""
    regions = calls[["chrom", "start", "end"]].itertuples(index=False)
    touch = np.array([tracks.touches_excluded(*region) for region in regions], bool)
    return calls[~touch], calls[touch]


def call_track(
    prediction: Path, threshold: float, regions: Iterable[Region] | None = None
) -> pd.DataFrame:
    """Called sites of a track of probabilities, as from `call_peaks`.

    Args:
        prediction: bigWig of probabilities.
        threshold: Least probability of a called base.
        regions: Where to look, without overlaps; a site that goes on past the end of its region
            ends there. By default all of the track.
    """
    found = [call_peaks("", np.zeros(0, np.float32), threshold)]
    with pyBigWig.open(str(prediction)) as bigwig:
        whole = ((chrom, 0, size) for chrom, size in bigwig.chroms().items())
        for chrom, start, end in whole if regions is None else regions:
            values = read_bigwig(bigwig, chrom, start, end)
            if values.max(initial=0) >= threshold:
                calls = call_peaks(chrom, values, threshold)
                found.append(calls.assign(start=calls["start"] + start, end=calls["end"] + start))
    calls = pd.concat(found)
    numbers = calls.groupby("chrom", sort=False).cumcount() + 1
    return calls.assign(name=calls["chrom"] + "_" + numbers.astype(str))


def count_calls(kept: pd.DataFrame, excluded: pd.DataFrame) -> pd.DataFrame:
    """How many sites a cell line's track has: called (all that are written), touching_excluded."""
    return pd.DataFrame({"called": [len(kept)], "touching_excluded": [len(excluded)]})


def write_calls(
    prediction: Path,
    threshold: float,
    tracks: Tracks,
    calls: Path,
    counts: Path,
    mark: bool = False,
    regions: Iterable[Region] | None = None,
) -> None:
    """Write the called sites of a track, and how many there are.

    Args:
        prediction: bigWig of probabilities.
        threshold: Least probability of a called base.
        tracks: Reader that knows which bases are excluded.
        calls: The narrowPeak.
        counts: The table of `count_calls`.
        mark: Whether sites that touch excluded bases are kept, marked by their names.
        regions: Where to look, as of `call_track`.
    """
    kept, excluded = set_excluded_apart(call_track(prediction, threshold, regions), tracks)
    if mark:
        kept = pd.concat([kept, excluded.assign(name=excluded["name"] + "_excluded")])
    write_narrowpeak(calls, kept)
    count_calls(kept, excluded).to_csv(counts, sep="\t", index=False)


def write_narrowpeak(path: Path, peaks: pd.DataFrame) -> None:
    """Write called sites, ordered by chromosome name and start as bedtools expects.

    Example:
        >>> sites = call_peaks("chr1", np.array([0, 1, 1, 0], np.float32), 0.5)
        >>> write_narrowpeak(Path("sites.narrowPeak"), sites)
        >>> Path("sites.narrowPeak").read_text().split()[:3]
        ['chr1', '1', '3']
    """
    ordered = peaks.sort_values(["chrom", "start"])
    ordered.to_csv(path, sep="\t", header=False, index=False)


def label_runs(tracks: Tracks, chromosomes: Sequence[str], value: int) -> pd.DataFrame:
    """Runs of bases with a label: chrom, start, end, by chromosome and start."""
    tables = []
    for chrom in chromosomes:
        labels = read_chromosome(tracks.labels, chrom, tracks.chrom_sizes[chrom])
        runs = find_runs(labels == value)
        tables.append(pd.DataFrame({"chrom": chrom, "start": runs[:, 0], "end": runs[:, 1]}))
    return pd.concat(tables, ignore_index=True)


def measure_distances(starts: np.ndarray, ends: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Bases from each interval to the nearest of some others: 0 if they overlap, 1 if adjacent.

    Args:
        starts: First bases of half-open intervals, int [n].
        ends: Their ends.
        others: Starts and ends of intervals that do not overlap, sorted, int [2, k].

    Returns:
        float64 [n]; infinite where there are no others.
    """
    begun = np.searchsorted(others[0], ends)  # so many others begin before the interval's end
    before = np.append(-np.inf, others[1])[begun]
    after = np.append(others[0], np.inf)[begun]
    return np.minimum(np.maximum(starts - before + 1, 0), after - ends + 1)


def compare_calls(
    calls: pd.DataFrame, tracks: Tracks, chrom: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compare called sites with the labels of a chromosome.

    A bound site is a run of bound bases. A call is right if its summit lies within `NEAR` bases of
    one, and a site is found if a summit lies so near it. A call that is not right and overlaps
    masked bases does not count.

    Args:
        calls: narrowPeak columns, of any chromosomes.
        tracks: Reader of the cell line's labels.
        chrom: The chromosome.

    Returns:
        Its calls that count, by start, with `distance` from the summit to the nearest bound site,
        in bases; and the bound sites (chrom, start, end), with `distance` to the nearest summit.
    """
    here = calls[calls["chrom"] == chrom].sort_values("start")
    start, end = here[["start", "end"]].to_numpy().T
    summits = (here["start"] + here["peak"]).to_numpy()
    sites = label_runs(tracks, [chrom], 1)
    bound, masked = (
        runs[["start", "end"]].to_numpy().T for runs in (sites, label_runs(tracks, [chrom], MASKED))
    )
    here = here.assign(distance=measure_distances(summits, summits + 1, bound))
    unknown = (measure_distances(start, end, masked) == 0) & (here["distance"] > NEAR)
    nearest = measure_distances(bound[0], bound[1], np.stack([summits, summits + 1]))
    return here[~unknown], sites.assign(distance=nearest)


def judge_calls(
    calls: pd.DataFrame, tracks: Tracks, chromosomes: Sequence[str]
) -> tuple[dict[str, float], np.ndarray]:
    """Measure called sites on some chromosomes, by the rule of `compare_calls`.

    Args:
        calls: narrowPeak columns, of any chromosomes.
        tracks: Reader of the cell line's labels.
        chromosomes: The held-out ones.

    Returns:
        calls and sites (how many count), precision, recall, f1 (the harmonic mean of the two) and
        median_distance (of right calls, in bases), NaN where there is nothing to divide by; and
        the distance of each summit that counts to the nearest bound site, float64 [calls].
    """
    distances, found = [np.empty(0)], [np.empty(0, bool)]
    for chrom in chromosomes:
        counted, sites = compare_calls(calls, tracks, chrom)
        distances.append(counted["distance"].to_numpy())
        found.append(sites["distance"].to_numpy() <= NEAR)
    distance, hit = np.concatenate(distances), np.concatenate(found)
    right = distance <= NEAR
    precision = float(right.mean()) if len(right) else np.nan
    recall = float(hit.mean()) if len(hit) else np.nan
    total = precision + recall
    measures = {
        "calls": len(right),
        "sites": len(hit),
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / total if total else total,
        "median_distance": float(np.median(distance[right])) if right.any() else np.nan,
    }
    return measures, distance


def count_distances(distances: np.ndarray) -> pd.DataFrame:
    """Calls by distance of their summit to the nearest bound site: distance (bases), calls.

    Distances over `FAR` are counted at FAR + 1.
    """
    rounded = np.minimum(distances, FAR + 1).astype(int)
    values, counts = np.unique(rounded, return_counts=True)
    return pd.DataFrame({"distance": values, "calls": counts})
