"""Scores of the variants of a chromosome, and of random ones like them, in files of arrays."""

import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.lib.format import open_memmap

from leopard import PROGRESS, PROGRESS_INTERVAL
from leopard.decoding.calibration import Calibration
from leopard.decoding.decoder import Decoder
from leopard.genome.tracks import Tracks
from leopard.interpretation.alleles import KINDS
from leopard.interpretation.background import Model, Sample, draw_variants
from leopard.interpretation.haplotypes import Variant
from leopard.interpretation.profiles import (
    MEASURES,
    SCORE,
    add_mean,
    align_profiles,
    calibrate_profiles,
    compare_alleles,
)
from leopard.interpretation.variant_examples import Examples
from leopard.interpretation.variant_windows import Alleles, Predicted

log = logging.getLogger(__name__)


class Scorer:
    """Scores of variants by an ensemble in a cell line.

    Args:
        decoder: The ensemble.
        tracks: Reader of the cell line.
        flank: Bases to each side of a variant that are its neighbourhood.
        longest: Bases of the longest allele.
        calibration: The map of the ensemble's probabilities.
    """

    def __init__(
        self,
        decoder: Decoder,
        tracks: Tracks,
        flank: int,
        longest: int,
        calibration: Calibration,
    ) -> None:
        self.decoder, self.tracks = decoder, tracks
        self.calibration, self.floor = calibration, calibration.floor
        self.flank, self.longest = flank, longest

    def score(
        self, chrom: str, variants: Iterable[Variant]
    ) -> Iterator[tuple[list[Variant], np.ndarray, np.ndarray]]:
        """Score variants of a chromosome.

        Args:
            chrom: The chromosome.
            variants: In about its order.

        Yields:
            Some of the variants; their `MEASURES`, float64 [n, measures]; the profiles of the
            reference, of the haplotype and of accessibility, as aligned, float64 [3, n, columns].
        """
        alleles = Alleles(self.decoder, self.tracks, chrom, self.flank, self.longest)
        for some, one, other in alleles.predict(variants):
            replaced = [x.end - x.start for x in some]
            inserted = [len(x.inserted) for x in some]
            reference = self._align([x.probabilities for x in one], some, replaced, one)
            alternative = self._align([x.probabilities for x in other], some, inserted, other)
            signal = self._align([x.signal[None] for x in one], some, replaced, one)
            both = [add_mean(x) for x in (reference, alternative)]
            means = [calibrate_profiles(x[-1], self.calibration) for x in both]
            compared = compare_alleles(both, means, self.floor, some, self.flank)
            accessibility = np.array([x.signal.mean() for x in one])[:, None]
            yield some, np.hstack([compared, accessibility]), np.stack([*means, signal[0]])

    def _align(
        self,
        profiles: Sequence[np.ndarray],
        variants: Sequence[Variant],
        lengths: Sequence[int],
        predicted: Sequence[Predicted],
    ) -> np.ndarray:
        firsts = [x.first for x in predicted]
        return align_profiles(profiles, variants, lengths, firsts, self.flank)


def score_chromosome(
    scorer: Scorer,
    chrom: str,
    variants: Iterable[Variant],
    count: int,
    quotas: Mapping[str, int],
    seed: int,
    scores: Path,
    drawn: Path,
) -> None:
    """Score the variants of a chromosome, and random ones like them.

    Memory does not grow with their number.

    Args:
        scorer: It.
        chrom: The chromosome.
        variants: In about its order.
        count: How many there are.
        quotas: How many random ones to draw, by kind.
        seed: Of all that is drawn.
        scores: An `.npy`: their `MEASURES`, float64 [count, measures].
        drawn: An `.npz`: by kind, the scores of random ones, float64 [n]; and the best examples, as
            `leopard.interpretation.variant_examples` has them.
    """
    rng = np.random.default_rng([seed, *chrom.encode()])
    samples = {kind: Sample(n, rng) for kind, n in quotas.items()}
    examples = Examples(chrom, scorer.flank)
    unfinished = scores.with_name(f"{scores.name}.unfinished")
    table = open_memmap(unfinished, mode="w+", shape=(count, len(MEASURES)))
    filled, told, began = 0, 0.0, time.monotonic()
    for some, measures, profiles in scorer.score(chrom, variants):
        table[filled : filled + len(some)] = measures
        for variant, accessibility in zip(some, measures[:, -1], strict=True):
            model = Model(variant.end - variant.start, len(variant.inserted), accessibility)
            samples[KINDS[variant.shift != 0]].add(model)
        examples.add(filled, some, measures[:, MEASURES.index("sum_difference")], profiles)
        filled += len(some)
        now = time.monotonic()
        if now - told > PROGRESS_INTERVAL or filled == count:
            told, rate = now, filled / (now - began)
            log.log(PROGRESS, "%s: %d of %d variants, %.0f a second", chrom, filled, count, rate)
    del table  # written by now
    found = {}
    for kind, sample in samples.items():
        width = 2 * scorer.flank + 1
        random = draw_variants(scorer.tracks, chrom, sample.kept, sample.size, width, rng)
        parts = [measures[:, SCORE] for _, measures, _ in scorer.score(chrom, random)]
        found[kind] = np.concatenate([*parts, np.empty(0)])
    examples.write(drawn, found)
    unfinished.replace(scores)


def share_background(n: int, counts: pd.DataFrame, chrom: str) -> dict[str, int]:
    """How many random variants of each kind a chromosome has its share of.

    Args:
        n: Of each kind, over all chromosomes.
        counts: As from `check_variants`.
        chrom: The chromosome.

    Returns:
        By kind that the chromosome has variants of, a number of at least 1.
    """
    quotas = {}
    for kind in KINDS:
        own = counts[counts["outcome"] == kind].set_index("chrom")["alleles"]
        if chrom in own:
            quotas[kind] = -(-n * int(own[chrom]) // int(own.sum()))
    return quotas
