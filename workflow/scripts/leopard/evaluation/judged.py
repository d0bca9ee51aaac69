"""A cell line that a bundle decoded, judged by labels of its own."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from leopard.decoding.bundle import Bundle
from leopard.errors import InputError
from leopard.evaluation.evaluate import thin_curve
from leopard.evaluation.motif_scores import MotifSearch, log_odds, measure_background
from leopard.evaluation.reliability import mean_site, tabulate_reliability
from leopard.evaluation.scores import ScoreTrack, count_chromosome
from leopard.genome.chromosomes import choose_chromosomes
from leopard.genome.formats import read_bed
from leopard.genome.tracks import Tracks, read_chrom_sizes
from leopard.inputs.exclusions import exclude_outside, list_excluded, write_bed
from leopard.metrics import ScoreCounts, summarise

UNSEEN = "never seen"
ROLES = {"train": "trained on", "validation": "chosen by"}
"""What the chromosomes of a split were to a network, by split; to all others they are `UNSEEN`."""

LENGTH = 2048
"""Bases; 64 times as many are a batch of the soft Dice."""


def find_roles(
    bundle: Bundle,
    fasta: Path,
    chromosomes: Sequence[str],
    regions: Sequence[Path],
    seen: bool,
) -> dict[str, str]:
    """The chromosomes to judge a bundle on, each with what it was to its networks.

    Args:
        bundle: It.
        fasta: The indexed genome.
        chromosomes: Those that are decoded; none stand for those that the genome's names tell.
        regions: A BED of what is decoded, if that is not all of them.
        seen: Whether those that any network was trained on or chosen by are judged as well.

    Raises:
        InputError: There is none.
    """
    sizes, roles = read_chrom_sizes(fasta), {}
    for bed in regions:
        chromosomes = list(dict.fromkeys(read_bed(bed, sizes)["chrom"]))
    for chrom in chromosomes or choose_chromosomes(sizes):
        splits = [
            split
            for member in bundle.manifest["members"].values()
            for split, own in member["chromosomes"].items()
            if chrom in own
        ]
        roles[chrom] = next((ROLES[x] for x in ROLES if x in splits), UNSEEN)
    judged = {chrom: role for chrom, role in roles.items() if seen or role == UNSEEN}
    if not judged:
        problem = "its networks were trained on or chosen by every chromosome that is decoded"
        raise InputError(bundle.path, problem, "decode others, or set labels.seen: true")
    return judged


def exclude_unjudged(
    bundle: Bundle,
    fasta: Path,
    roles: Mapping[str, str],
    regions: Sequence[Path],
    other_genome: bool,
    directory: Path,
) -> Path | None:
    """The BED of bases that count nowhere, if any: a bundle's own, and what is not decoded.

    Args:
        bundle: It.
        fasta: The indexed genome.
        roles: As from `find_roles`.
        regions: A BED of what is decoded, if that is not all.
        other_genome: Whether the genome is another one than the bundle's.
        directory: Where the BED may be written.
    """
    excluded = None if other_genome else bundle.excluded
    for bed in regions:
        own = list_excluded(fasta, [excluded] if excluded else [], [], unknown=False)
        excluded = directory / "unjudged.bed"
        write_bed(excluded, exclude_outside(fasta, own, bed, list(roles)))
    return excluded


def judge_labelled(
    name: str,
    bundle: Bundle,
    tracks: Tracks,
    prediction: Path,
    roles: Mapping[str, str],
    flank: int | None,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Judge a track, and beside it what needs no network: accessibility and the bundle's motif.

    Args:
        name: Of the model.
        bundle: It.
        tracks: Reader of the cell line, with labels, and its main signal first.
        prediction: bigWig of the probabilities.
        roles: As from `find_roles`.
        flank: Bases to each side of a summit that are bound; None where that is not known, and
            hits of the motif count for their own bases.

    Returns:
        As `leopard.evaluation.evaluate.evaluate`, without windows and specific sites, and with a
        column role in the metrics: the scope "chromosomes" is all that are `UNSEEN`, and "seen"
        all others. Baselines have no threshold. Curves and reliability are of the first of the
        two that there is.
    """
    scores = {
        name: ScoreTrack.from_bigwig(prediction, probabilities=True),
        "accessibility": ScoreTrack.from_accessibility(tracks),
    }
    if bundle.motif is not None:
        odds = log_odds(bundle.motif, measure_background(tracks, list(roles)))
        search = MotifSearch.over_itself(odds) if flank is None else MotifSearch(odds, flank, flank)
        scores["motif"] = ScoreTrack(lambda *region: search.read(tracks, *region), False)
    rows: list[dict[str, Any]] = []
    curves, reliability = [], []
    for model, track in scores.items():
        threshold = bundle.threshold if model == name else float("nan")
        totals: dict[str, ScoreCounts] = {}
        for chrom, role in roles.items():
            counts = count_chromosome(track, tracks, chrom, LENGTH)
            rows.append(_row(model, chrom, role, counts, threshold))
            total = "chromosomes" if role == UNSEEN else "seen"
            totals[total] = totals.get(total, ScoreCounts(track.probabilities)) + counts
        for scope in sorted(totals):
            role = UNSEEN if scope == "chromosomes" else "seen"
            rows.append(_row(model, scope, role, totals[scope], threshold))
        # Of the unseen, if there is a bound base among them: else nothing can be ranked.
        known = [scope for scope in sorted(totals) if totals[scope].n_positive]
        if not known:
            problem = "no bound base lies where its track is judged"
            raise InputError(bundle.path, problem, "give other labels, or other regions")
        first = known[0]
        curves.append(thin_curve(model, totals[first]))
        if model == name:
            own = [x for x, role in roles.items() if (role == UNSEEN) == (first == "chromosomes")]
            parts = tabulate_reliability(
                totals[first], threshold, mean_site(tracks, own), bundle.calibration.invert
            )
            reliability.append(parts.assign(model=model))
    return pd.DataFrame(rows), pd.concat(curves), pd.concat(reliability)


def find_shown(metrics: pd.DataFrame) -> str:
    """The scope that curves and reliability are of, from the metrics of `judge_labelled`."""
    ranked = metrics.loc[metrics["average_precision"].notna(), "scope"]
    return "chromosomes" if "chromosomes" in set(ranked) else "seen"


def _row(
    model: str, scope: str, role: str, counts: ScoreCounts, threshold: float
) -> dict[str, Any]:
    return {"model": model, "scope": scope, "role": role, **summarise(counts, threshold)}
