"""Example sites, chosen by rule, with their tracks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure, SubFigure

from leopard.evaluation.scores import ScoreTrack
from leopard.genome.tracks import MASKED, Tracks
from leopard.report.sites import OUTCOMES, list_sites, order_sites
from leopard.report.style import GREEN, GREY, STYLE, model_colours

FLANK = 250
"""Bases drawn to each side of an example site."""


def choose_sites(sites: pd.DataFrame) -> pd.DataFrame:
    """Two example sites of each outcome, by rule and not by eye.

    The first of `order_sites`, and the one of the median probability.

    Args:
        sites: As from `list_sites`.

    Returns:
        outcome, rank, chrom, position, probability; fewer rows where there are fewer sites.
    """
    chosen = []
    for outcome in OUTCOMES:
        ordered, extreme = order_sites(sites, outcome)
        ranks = {extreme: 0, "median": len(ordered) // 2} if len(ordered) > 1 else {extreme: 0}
        picked = ordered.iloc[list(ranks.values())] if len(ordered) else ordered
        chosen.append(picked.assign(rank=list(ranks)[: len(picked)]))
    columns = ["outcome", "rank", "chrom", "position", "probability"]
    return pd.concat(chosen, ignore_index=True)[columns]


@dataclass(frozen=True)
class Site:
    """An example site and the tracks around it, arrays [2 * FLANK].

    Attributes:
        outcome: One of `OUTCOMES`.
        rank: Which of its kind it is.
        chrom: Chromosome.
        start: First base drawn, 0-based.
        accessibility: Scaled as the models see it.
        labels: 1 bound, 0 not, 255 masked.
        scores: By model, and the motif's.
    """

    outcome: str
    rank: str
    chrom: str
    start: int
    accessibility: np.ndarray
    labels: np.ndarray
    scores: Mapping[str, np.ndarray]


def find_sites(
    tracks: Tracks,
    scores: Mapping[str, ScoreTrack],
    calls: pd.DataFrame,
    chromosomes: Sequence[str],
) -> list[Site]:
    """Example sites of the first model on some chromosomes, with their tracks.

    Args:
        tracks: Reader of the cell line, with accessibility and labels.
        scores: By model, the one that made the calls first; and the motif's.
        calls: narrowPeak of the first model.
        chromosomes: Those to choose from.
    """
    first = next(iter(scores.values()))
    sites = []
    for site in choose_sites(list_sites(calls, first, chromosomes, tracks)).itertuples():
        start = max(min(site.position - FLANK, tracks.chrom_sizes[site.chrom] - 2 * FLANK), 0)
        region = (site.chrom, start, min(start + 2 * FLANK, tracks.chrom_sizes[site.chrom]))
        sites.append(
            Site(
                site.outcome,
                f"{site.rank} probability {site.probability:.2f}",
                site.chrom,
                start,
                tracks.signal(*region),
                tracks.labels(*region),
                {name: track.read(*region) for name, track in scores.items()},
            )
        )
    return sites


@rc_context(STYLE | {"axes.grid": False, "axes.titlesize": 11})
def plot_sites(sites: Sequence[Site], threshold: float, title: str, track: str) -> Figure:
    """Accessibility, labels, predictions and motif around example sites, a column an outcome.

    Args:
        sites: At most two of each outcome.
        threshold: From which on the first model calls a base bound.
        title: Which cell line.
        track: Name of the accessibility, with its unit.
    """
    figure = Figure(figsize=(13, 10.5))
    # The first column also holds the names of the tracks.
    blocks: Any = figure.subfigures(2, len(OUTCOMES), hspace=0.04, width_ratios=(1.2, 1, 1))
    highest = {
        "accessibility": max((s.accessibility.max() for s in sites), default=1),
        "motif": max((s.scores["motif"].max() for s in sites if "motif" in s.scores), default=1),
    }
    for column, outcome in enumerate(OUTCOMES):
        shown = [site for site in sites if site.outcome == outcome]
        for row in range(2):
            if row < len(shown):
                _plot_site(blocks[row, column], shown[row], threshold, highest, column == 0, track)
            else:
                blocks[row, column].text(0.5, 0.5, f"{outcome}: no such site", ha="center")
    handles = {
        text: handle
        for axes in figure.axes
        for handle, text in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    if handles:
        figure.legend(
            handles.values(), handles.keys(), loc="outside lower center", ncol=len(handles)
        )
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def _plot_site(
    block: SubFigure,
    site: Site,
    threshold: float,
    highest: Mapping[str, float],
    labelled: bool,
    track: str,
) -> None:
    """The tracks of one site, one above the other."""
    networks = {name: scores for name, scores in site.scores.items() if name != "motif"}
    colours = model_colours(list(site.scores))
    has_motif = "motif" in site.scores
    heights = [2, 0.4, 2] + [1] * has_motif
    panels = block.subplots(len(heights), 1, sharex=True, height_ratios=heights)
    x = np.arange(len(site.labels)) + 0.5
    signal, labels, probability = panels[:3]
    signal.fill_between(x, site.accessibility, step="mid", color=GREY, linewidth=0)
    signal.set_ylim(0, 1.05 * highest["accessibility"])
    for value, colour, name in ((1, "black", "bound"), (MASKED, "#D0D0D0", "not counted")):
        inside = site.labels == value
        if inside.any():
            labels.fill_between(x, inside, step="mid", color=colour, linewidth=0, label=name)
    labels.set(yticks=[], ylim=(0, 1))
    # Each line is thinner than those below it, so that none hides another.
    for (name, scores), width in zip(
        networks.items(), np.linspace(3.2, 1.2, len(networks)), strict=True
    ):
        probability.plot(x, scores, color=colours[name], label=name, linewidth=width)
    line = {"color": "black", "linestyle": ":", "linewidth": 1}
    probability.axhline(threshold, label=f"threshold of {next(iter(networks))}", **line)
    probability.set_ylim(-0.02, 1.05)
    if has_motif:
        panels[3].fill_between(x, site.scores["motif"], step="mid", color=GREEN, linewidth=0)
        panels[3].set_ylim(0, 1.05 * highest["motif"])
    if labelled:
        names = (fill(track, 14), "label", "probability", "motif\n(bits)")
        for axes, name in zip(panels, names, strict=False):
            axes.set_ylabel(name, rotation=0, ha="right", va="center")
        block.align_ylabels(panels)
    end = site.start + len(x)
    signal.set_title(
        f"{site.outcome}\n{site.chrom}:{site.start + 1:,}-{end:,}\n{site.rank}", fontsize=11
    )
    middle = len(x) // 2
    ticks = range(0, len(x) + 1, max(middle // 2, 1))
    panels[-1].set(xlim=(0, len(x)), xticks=ticks)
    panels[-1].set_xticklabels([f"{tick - middle:+d}" if tick != middle else "0" for tick in ticks])
    panels[-1].set_xlabel("position (bp)")
