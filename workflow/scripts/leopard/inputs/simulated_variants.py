"""Variants of a simulated genome whose effect on its planted sites is known."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from leopard.genome.formats import read_motif, read_table
from leopard.genome.tracks import BASES, OTHER, Tracks
from leopard.inputs.simulate import PSEUDOCOUNT
from leopard.inputs.simulated_genome import stream

AWAY = 150
"""Bases, at least, between a site and a variant outside of sites."""

OUTSIDE = 0.5
"""Variants outside of sites for each one in a site."""

HEADER = """##fileformat=VCFv4.3
{contigs}
##INFO=<ID=CHANGE,Number=1,Type=Float,Description="Change of the site's matrix score, in bits">
##INFO=<ID=SITE,Number=1,Type=Integer,Description="First base of the planted site that it is in">
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO
"""


def simulate_variants(
    fasta: Path, truth: Path, motif: Path, seed: int, chromosomes: Sequence[str], vcf: Path
) -> None:
    """Write SNVs in planted sites, one each, and outside of them, as a VCF.

    They are drawn from streams of their own: the genome and all else stays as it was.

    Args:
        fasta: The simulated genome, indexed.
        truth: Its sites, as `leopard.inputs.simulate.simulate_genome` writes them.
        motif: What was planted.
        seed: Of the simulation.
        chromosomes: Where to draw variants.
        vcf: The VCF; CHANGE is 0 and SITE is missing outside of sites.
    """
    tracks, sites = Tracks(fasta), read_table(truth)
    log_odds = np.log2(read_motif(motif)[1].T + PSEUDOCOUNT) - np.log2(0.25)
    contigs = "\n".join(f"##contig=<ID={x},length={n}>" for x, n in tracks.chrom_sizes.items())
    lines = [HEADER.format(contigs=contigs)]
    for chrom in [x for x in tracks.chrom_sizes if x in chromosomes]:
        rng = stream(seed, "variants", chrom)
        codes = tracks.codes(chrom, 0, tracks.chrom_sizes[chrom])
        own = sites[sites["chrom"] == chrom]
        planted = change_sites(rng, codes, own, log_odds)
        outside = change_elsewhere(rng, codes, own, int(OUTSIDE * len(planted)))
        for row in pd.concat([planted, outside]).sort_values(["position", "site"]).itertuples():
            site = "" if pd.isna(row.site) else f";SITE={int(row.site) + 1}"
            alleles = f"{BASES[row.before]}\t{BASES[row.after]}"
            info = f"CHANGE={row.change:.3f}{site}"
            lines.append(f"{chrom}\t{row.position + 1}\t.\t{alleles}\t.\t.\t{info}\n")
    vcf.write_text("".join(lines))


def change_sites(
    rng: np.random.Generator, codes: np.ndarray, sites: pd.DataFrame, log_odds: np.ndarray
) -> pd.DataFrame:
    """One SNV in each site: another base at a random place of it.

    Args:
        rng: Source of all choices.
        codes: Of the chromosome, uint8 [length].
        sites: start, strand.
        log_odds: Of the matrix, in bits, float64 [width, 4].

    Returns:
        position, before, after (codes), change (bits), site (its start).
    """
    width, n = len(log_odds), len(sites)
    starts = sites["start"].to_numpy()
    offsets = rng.integers(width, size=n)
    before = codes[starts + offsets].astype(np.int64)
    after = (before + rng.integers(1, len(BASES), size=n)) % len(BASES)
    minus = sites["strand"].to_numpy() == "-"
    row = np.where(minus, width - 1 - offsets, offsets)
    old, new = (np.where(minus, len(BASES) - 1 - x, x) for x in (before, after))
    change = log_odds[row, new] - log_odds[row, old]
    return pd.DataFrame(
        {
            **{"position": starts + offsets, "before": before, "after": after},
            **{"change": change, "site": starts.astype(float)},
        }
    )


def change_elsewhere(
    rng: np.random.Generator, codes: np.ndarray, sites: pd.DataFrame, n: int
) -> pd.DataFrame:
    """SNVs at least `AWAY` bases from every site, n of them; columns as of `change_sites`."""
    free = codes < OTHER
    for start, end in zip(sites["start"], sites["end"], strict=True):
        free[max(start - AWAY, 0) : end + AWAY] = False
    position = np.sort(rng.choice(np.flatnonzero(free), n, replace=False))
    before = codes[position].astype(np.int64)
    after = (before + rng.integers(1, len(BASES), size=n)) % len(BASES)
    return pd.DataFrame(
        {
            **{"position": position, "before": before, "after": after},
            **{"change": 0.0, "site": np.nan},
        }
    )
