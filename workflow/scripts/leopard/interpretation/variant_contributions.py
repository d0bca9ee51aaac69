"""Why the variants that change most change it: contributions of the bases of both alleles."""

from collections.abc import Sequence

import numpy as np

from leopard.decoding.decoder import Decoder
from leopard.decoding.regions import tile_region
from leopard.genome.tracks import OTHER, Tracks
from leopard.interpretation.contributions import Explainer, Windows
from leopard.interpretation.haplotypes import REFERENCE, Variant, read_haplotype
from leopard.interpretation.variant_examples import (
    DRAWN,
    Example,
)
from leopard.interpretation.variant_windows import piece_length

NEAR = 10
"""Bases to each side of an allele whose logits are summed with its own."""

BATCH = 4
"""Windows that are explained at once."""


def explain_alleles(
    examples: Sequence[Example],
    decoder: Decoder,
    tracks: Tracks,
    composition: np.ndarray,
) -> dict[str, np.ndarray]:
    """Contributions of present bases to the logit of the alleles and the bases near them.

    The logit is summed over an allele's own bases and `NEAR` to each side, each allele in its own
    haplotype, with the reference's accessibility; all else is as
    `leopard.interpretation.contributions` has it.

    Args:
        examples: Variants.
        decoder: The ensemble.
        tracks: Reader of the cell line.
        composition: Shares of A, C, G and T in the genome.

    Returns:
        By `Example.key`, of REF and of ALT, float32 [2, 2 * DRAWN + 1, 4], columns A C G T, from
        `DRAWN` bases before the allele's first base on; 0 beyond the chromosome.
    """
    explainer = Explainer(decoder.networks, composition, decoder.both_strands, BATCH)
    found = {}
    for example in examples:
        variant = example.variant
        longest = max(variant.end - variant.start, len(variant.inserted))
        length = piece_length(decoder, max(NEAR, DRAWN), longest)
        letters = [
            _explain_allele(explainer, decoder, tracks, example.chrom, haplotype, span, length)
            for haplotype, span in (
                (REFERENCE, (variant.start, variant.end)),
                (variant, (variant.start, variant.start + len(variant.inserted))),
            )
        ]
        found[example.key] = np.stack(letters)
    return found


def _explain_allele(
    explainer: Explainer,
    decoder: Decoder,
    tracks: Tracks,
    chrom: str,
    haplotype: Variant,
    allele: tuple[int, int],
    length: int,
) -> np.ndarray:
    """Those of one allele, which lies at bases [start, end) of a haplotype."""
    size = tracks.chrom_sizes[chrom] + haplotype.shift
    start, end = max(allele[0] - NEAR, 0), min(allele[1] + NEAR, size)
    tile = tile_region(size, start, end, length, decoder.halo, decoder.grid)[0]
    codes, signals = read_haplotype(tracks, chrom, haplotype, tile.start, tile.start + tile.length)
    bases = np.arange(tile.start, tile.start + tile.length)
    site = ((bases >= start) & (bases < end)).astype(np.float32)
    observed = explainer.explain(Windows(codes[None], signals[None], site[None])).observed(
        codes[None]
    )[0]
    letters = np.zeros((2 * DRAWN + 1, OTHER), np.float32)
    shown = np.flatnonzero((np.abs(bases - allele[0]) <= DRAWN) & (codes < OTHER))
    letters[bases[shown] - allele[0] + DRAWN, codes[shown]] = observed[shown]
    return letters
