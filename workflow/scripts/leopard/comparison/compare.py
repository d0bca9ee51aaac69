"""Models and baselines on the same bases and bins, and what it takes to decode a chromosome."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from leopard.comparison import bins
from leopard.comparison.many_to_one import ManyToOne
from leopard.evaluation.other_lines import mask_common
from leopard.evaluation.scores import Reader, ScoreTrack
from leopard.genome.tracks import STRETCH, Tracks, read_chromosome
from leopard.metrics import ScoreCounts, auroc, average_precision

log = logging.getLogger(__name__)

SCOPES = ("all", "specific")
"""Every bin or base that counts, or those that `leopard.evaluation.other_lines.mask_common` leaves;
the latter only if there is another cell line."""

BINS, BASES = bins.LENGTH, 1
"""Resolutions, in bases."""

ROUNDS = 3
TIMED = 2048


def read_bins(read: Reader, chrom: str, size: int) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """A chromosome's scores in stretches.

    Yields:
        The first base of a stretch, the values of its bases, float32 [n], and the largest value in
        each bin that begins there, [n bins].
    """
    step, beyond = STRETCH // bins.STRIDE * bins.STRIDE, bins.LENGTH - bins.STRIDE
    for start in range(0, size, step):
        values = read(chrom, start, min(start + step + beyond, size))
        yield start, values[:step], bins.bin_maximum(values)


def weigh(labels: np.ndarray, bases: pd.DataFrame) -> ScoreCounts:
    """Counts of all bases that a sample stands for.

    Args:
        labels: Of its bases, uint8 [n].
        bases: As from `leopard.comparison.samples.score_sample`.
    """
    total = ScoreCounts()
    scores, weights = bases["score"].to_numpy(np.float32), bases["weight"].to_numpy()
    for weight in np.unique(weights):
        part, rows = ScoreCounts(), weights == weight
        part.update(labels[rows], scores[rows])
        total += ScoreCounts(True, part.positives * weight, part.negatives * weight)
    return total


def compare_models(
    dense: Mapping[str, ScoreTrack],
    binned: Mapping[str, tuple[Mapping[str, np.ndarray], pd.DataFrame]],
    tracks: Tracks,
    others: Sequence[Tracks],
    chromosomes: Sequence[str],
) -> pd.DataFrame:
    """Judge models in one cell line by bins of 200 bases and by single bases.

    Models that score bases are judged on all of them, and score a bin by its largest; models that
    score windows are judged on all bins, and on a weighted sample of bases.

    Args:
        dense: Models and baselines that score bases.
        binned: Those that score windows: what `leopard.comparison.samples.score_sample` returns.
        tracks: Reader of the cell line's labels.
        others: Of the labels of the other cell lines.
        chromosomes: The held-out ones.

    Returns:
        A row for each model, resolution and scope: model, resolution, scope, n, bound,
        positive_rate, average_precision (the area under the precision-recall curve), auroc, and
        scored, how many bins or bases were.
    """
    scopes = SCOPES if others else SCOPES[:1]
    counts = {
        (model, resolution, scope): ScoreCounts(model in binned or dense[model].probabilities)
        for model in (*dense, *binned)
        for resolution in (BINS, BASES)
        for scope in scopes
    }
    scored: dict[tuple[str, int, str], int] = dict.fromkeys(counts, 0)

    for chrom in chromosomes:
        size = tracks.chrom_sizes[chrom]
        bases = {"all": read_chromosome(tracks.labels, chrom, size)}
        labels = {(BASES, "all"): bases["all"], (BINS, "all"): bins.label_bins(bases["all"])}
        if others:
            # One cell line at a time: whole chromosomes of all would not fit in memory.
            elsewhere = (read_chromosome(other.labels, chrom, size) for other in others)
            bases["specific"] = labels[BASES, "specific"] = mask_common(bases["all"], elsewhere)
            elsewhere = (
                bins.label_bins(read_chromosome(other.labels, chrom, size)) for other in others
            )
            labels[BINS, "specific"] = mask_common(labels[BINS, "all"], elsewhere)
        for model, track in dense.items():
            for start, values, highest in read_bins(track.read, chrom, size):
                for scope in scopes:
                    for resolution, part, first in (
                        (BASES, values, start),
                        (BINS, highest, start // bins.STRIDE),
                    ):
                        here = labels[resolution, scope][first : first + len(part)]
                        counts[model, resolution, scope].update(here, part)
                        scored[model, resolution, scope] += len(part)
            log.info("%s: %s", chrom, model)
        for model, (of_bins, sample) in binned.items():
            here = sample[sample["chrom"] == chrom]
            for scope in scopes:
                counts[model, BINS, scope].update(labels[BINS, scope], of_bins[chrom])
                counts[model, BASES, scope] += weigh(bases[scope][here["position"]], here)
                scored[model, BINS, scope] += len(of_bins[chrom])
                scored[model, BASES, scope] += len(here)
    return pd.DataFrame(
        [
            {
                **dict(zip(("model", "resolution", "scope"), key, strict=True)),
                "n": count.n,
                "bound": count.n_positive,
                "positive_rate": count.n_positive / max(count.n, 1),
                "average_precision": average_precision(count),
                "auroc": auroc(count),
                "scored": scored[key],
            }
            for key, count in counts.items()
        ]
    )


def time_contest(runs: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Seconds of each run: the median of `ROUNDS`, in turns, after one that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS + 1):
        for name, run in runs.items():
            began = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - began)
    return {name: float(np.median(times[1:])) for name, times in seconds.items()}


def time_middle(model: ManyToOne, chrom: str, size: int) -> tuple[Callable[[], object], int]:
    """A run that scores bases in the middle of a chromosome one by one, and how many: `TIMED`."""
    start = max((size - TIMED) // 2, 0)
    centres = np.arange(start, min(start + TIMED, size))
    return partial(model.score, chrom, centres), len(centres)


def tabulate_speed(
    seconds: Mapping[str, float], done: Mapping[str, int], size: int
) -> pd.DataFrame:
    """What decoding a whole chromosome takes, by what was measured.

    Args:
        seconds: Of each model, as from `time_contest`.
        done: Bases that a model which scores one window at a time scored in it; the others, not
            in here, scored the whole chromosome.
        size: Bases of the chromosome.

    Returns:
        model, resolution, positions (of the chromosome), timed (of them), seconds (measured) and
        chromosome_seconds (in proportion), for every base, and for bins: those that score bases
        score all of them for that as well.
    """
    rows = []
    for model, measured in seconds.items():
        for resolution, positions in ((BASES, size), (BINS, bins.count_bins(size))):
            whole = model not in done
            timed = positions if whole else done[model]
            rows.append(
                {
                    "model": model,
                    "resolution": resolution,
                    "positions": positions,
                    "timed": timed,
                    "seconds": measured,
                    "chromosome_seconds": measured * positions / timed,
                }
            )
    return pd.DataFrame(rows)
