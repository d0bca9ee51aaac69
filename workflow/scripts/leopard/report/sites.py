"""Called and missed sites with their outcomes, and which of them are shown as examples."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from leopard.decoding.peaks import NEAR, compare_calls
from leopard.evaluation.scores import ScoreTrack
from leopard.genome.tracks import Tracks, iterate_regions

OUTCOMES = RIGHT, WRONG, MISSED = "Called and bound", "Called, not bound", "Bound, not called"
CALLED = "Called"
"""The outcome of a call where there are no labels."""

COLUMNS = ["outcome", "chrom", "start", "end", "position", "probability"]


def list_sites(
    calls: pd.DataFrame,
    score: ScoreTrack,
    chromosomes: Sequence[str],
    labelled: Tracks | None = None,
) -> pd.DataFrame:
    """Every called and every missed site of a cell line, with its outcome.

    Args:
        calls: narrowPeak columns, of any chromosomes.
        score: The probabilities that the calls are of.
        chromosomes: Those to list the sites of.
        labelled: Reader of the cell line's labels, if it has any; calls are right or wrong as
            `compare_calls` has it, so that there are as many as in evaluation/peaks.tsv.

    Returns:
        outcome, chrom, start, end, position (a call's summit, the middle of a missed site),
        probability (the largest in the site).
    """
    tables = []
    for chrom in chromosomes:
        if labelled is None:
            found = calls[calls["chrom"] == chrom].assign(outcome=CALLED)
            missed = pd.DataFrame(columns=["chrom", "start", "end"])
        else:
            found, sites = compare_calls(calls, labelled, chrom)
            found["outcome"] = np.where(found["distance"] <= NEAR, RIGHT, WRONG)
            missed = sites[sites["distance"] > NEAR]
        tables.append(
            found.assign(
                position=found["start"] + found["peak"], probability=found["signal_value"]
            )[COLUMNS]
        )
        heights = [float(score.read(*region).max()) for region in iterate_regions(missed)]
        if heights:
            middles = (missed["start"] + missed["end"]) // 2
            missed = missed.assign(outcome=MISSED, position=middles, probability=heights)
            tables.append(missed[COLUMNS])
    return pd.concat(tables, ignore_index=True)


def order_sites(sites: pd.DataFrame, outcome: str) -> tuple[pd.DataFrame, str]:
    """The sites of an outcome, surest or furthest from what is so first, and which those are.

    That is the highest probability, or if the sites were missed, the lowest.
    """
    extreme = "lowest" if outcome == MISSED else "highest"
    own = sites[sites["outcome"] == outcome]
    rising = [extreme == "lowest", True, True]
    return own.sort_values(["probability", "chrom", "start"], ascending=rising), extreme


def pick_sites(sites: pd.DataFrame, n: int, seed: int) -> pd.DataFrame:
    """At most `n` sites of each outcome: half by rule, the rest drawn.

    By rule the first of `order_sites` are taken. The others are drawn from the rest, all alike, and
    show what is usual.

    Args:
        sites: As from `list_sites`.
        n: How many.
        seed: Of the draw.

    Returns:
        The rows, by outcome, `chosen` (highest, lowest or drawn) and probability.
    """
    rng = np.random.default_rng(seed)
    tables = []
    for outcome in (*OUTCOMES, CALLED):
        own, extreme = order_sites(sites, outcome)
        first, rest = own[: n - n // 2], own[n - n // 2 :]
        drawn = np.sort(rng.permutation(len(rest))[: n // 2])
        tables.append(first.assign(chosen=extreme))
        tables.append(rest.iloc[drawn].assign(chosen="drawn"))
    return pd.concat(tables, ignore_index=True)
