"""A small simulated genome with CTCF-like sites, so that the whole workflow can be seen in minutes.

Nothing here is measured. The genome has isochores, CpG depletion, soft-masked stretches and gaps;
sites drawn from a real motif matrix, half of which have lost a base since, lie in open and in
closed chromatin, and some have decayed until they are none; DNase coverage is counted from random
cuts; a site is bound according to its motif and its accessibility. What a network can learn is
known exactly, and kept in ``truth.tsv``.

Every random draw comes from a stream named after what it is for, so another cell line or another
chromosome changes nothing that is already there.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pysam

from leopard.errors import InputError
from leopard.genome.formats import read_motif
from leopard.inputs.simulated_genome import (
    Codes,
    Floats,
    Mask,
    draw_bases,
    draw_gaps,
    draw_repeats,
    format_fasta,
    stream,
)
from leopard.inputs.simulated_reads import (
    DEPTH,
    REGION_OFFSET,
    count_coverage,
    draw_accessibility,
    draw_binding,
    draw_fragments,
    draw_peaks,
    leave_footprints,
    write_bam,
    write_bigwig,
    write_narrowpeak,
)

MIN_CHROMOSOME = 20_000

# Loci: places with a site, an open chromatin region, or both. About one site per kilobase is a
# hundred times the density of CTCF, so that a few megabases hold enough of them to learn from.
MIN_SPACING = 480  # between loci; exceeds PEAK_WIDTH's maximum plus two summit shifts
EXTRA_SPACING = 270  # mean of the exponential rest
MARGIN = 700  # kept free on both sides of a locus; exceeds REGION_REACH plus the largest offset
PLANTED_FRACTION = 0.75  # of loci, in which there is a site or what is left of one
REGION_FRACTION = 0.75  # of those loci; the others are always regions
STRONG_FRACTION = 0.5  # of sites
SHARPNESS = {"strong": 1.3, "weak": 0.8}  # exponent of the matrix; medians 20 and 14 bits, if whole
DECAYED = 0.5  # of sites, in which mutation has replaced one base
LEAST_SCORE = 8.5  # bits of a site; what has decayed below is none. CTCF's p-value is 1e-4 there
PSEUDOCOUNT = 1e-4  # FIMO's, here so that scores agree with memelite's

SHARED_FRACTION = 1 / 3  # of regions, open in every cell line
REGION_WIDTH = (150, 600)  # four standard deviations of the bell-shaped profile


def simulate_genome(
    directory: Path,
    motif: Path,
    seed: int,
    cell_lines: Sequence[str],
    chromosomes: Mapping[str, int],
    as_reads: Sequence[str] = (),
) -> None:
    """Write a simulated genome, and DNase coverage and CTCF peaks of every cell line.

    The same arguments give the same bytes. The files are ``genome.fa.gz`` (bgzip),
    ``{cell_line}.bigWig`` (coverage, zeros left out), ``{cell_line}.narrowPeak`` and
    ``truth.tsv`` (every planted site, its score in bits, and where it is open and bound); of a cell
    line that comes as reads, ``{cell_line}.bam`` in place of the first two.

    Args:
        directory: Where to write; made if absent.
        motif: MEME or JASPAR file, whose first matrix is planted.
        seed: Non-negative.
        cell_lines: Names, in the order of the columns of ``truth.tsv``.
        chromosomes: Length in bases of each chromosome, in the order of the FASTA.
        as_reads: Names of cell lines that come as reads, after the others.

    Raises:
        InputError: The motif file cannot be read, or a chromosome is too short.
    """
    pwm = read_motif(motif)[1].T
    for name, length in chromosomes.items():
        if length < MIN_CHROMOSOME:
            raise InputError(
                f"chromosome {name}",
                f"{length} bases are too few to simulate",
                f"ask for {MIN_CHROMOSOME} or more",
            )
    directory.mkdir(parents=True, exist_ok=True)
    gaps, loci = {}, {}
    with pysam.BGZFile(str(directory / "genome.fa.gz"), "w", None) as fasta:
        for name, length in chromosomes.items():
            rng = stream(seed, "genome", name)
            gaps[name] = draw_gaps(rng, length)
            codes = draw_bases(rng, length)
            loci[name] = plant_loci(rng, codes, gaps[name], pwm)
            fasta.write(format_fasta(name, codes, draw_repeats(rng, length), gaps[name]))

    loci_table = pd.concat(loci.values(), keys=loci, names=["chrom"])
    truth = describe_sites(loci_table, len(pwm))
    for cell_line in (*cell_lines, *as_reads):
        own = simulate_cell_line(seed, cell_line, loci, gaps, len(pwm))
        if cell_line in as_reads:
            rng = stream(seed, "reads", cell_line)
            fragments = {
                name: draw_fragments(rng, np.repeat(np.arange(len(n)), n), len(n))
                for name, n in own.cuts.items()
            }
            write_bam(directory / f"{cell_line}.bam", chromosomes, fragments, rng)
        else:
            coverage = {name: count_coverage(n) for name, n in own.cuts.items()}
            write_bigwig(directory / f"{cell_line}.bigWig", coverage)
            write_narrowpeak(directory / f"{cell_line}.narrowPeak", own.peaks, cell_line)
        for column in ("open", "bound"):
            truth[f"{cell_line}.{column}"] = own.states[column].astype(int)[loci_table.site]
    truth.to_csv(directory / "truth.tsv", sep="\t", index=False, float_format="%.3f")


class CellLine(NamedTuple):
    """What is drawn of one cell line.

    Attributes:
        states: Of the loci of all chromosomes, as `draw_binding` gives them, indexed by chromosome
            and locus.
        peaks: As `draw_peaks` gives them, and their chromosomes.
        cuts: By chromosome, cuts at each base [length].
    """

    states: pd.DataFrame
    peaks: pd.DataFrame
    cuts: dict[str, npt.NDArray[np.int64]]


def simulate_cell_line(
    seed: int,
    cell_line: str,
    loci: Mapping[str, pd.DataFrame],
    gaps: Mapping[str, Mask],
    width: int,
) -> CellLine:
    """Draw where chromatin is open and cut in one cell line, and what is bound."""
    depth = np.exp(stream(seed, "depth", cell_line).uniform(*np.log(DEPTH)))
    states, cuts, peaks = {}, {}, {}
    for name, gap in gaps.items():
        rng = stream(seed, "cell line", cell_line, name)
        rate = draw_accessibility(rng, loci[name], gap)
        states[name] = draw_binding(rng, loci[name], rate)
        peaks[name] = draw_peaks(rng, loci[name], states[name])
        leave_footprints(rate, loci[name].centre[states[name].bound], width)
        cuts[name] = rng.poisson(depth * rate)
    return CellLine(
        pd.concat(states.values(), keys=states, names=["chrom"]),
        pd.concat(peaks.values(), keys=peaks, names=["chrom"]).reset_index("chrom"),
        cuts,
    )


def plant_loci(rng: np.random.Generator, codes: Codes, gap: Mask, pwm: Floats) -> pd.DataFrame:
    """Choose loci and write their motif instances into ``codes``.

    Returns:
        One row per locus, in order: ``centre``, ``site`` (whether a motif is planted that has not
        decayed below `LEAST_SCORE`), ``strand``, ``score`` (bits, NaN without a site), ``region``
        (whether open anywhere), ``shared`` (open in all cell lines), ``region_centre``,
        ``region_width``.
    """
    limit = len(codes) // MIN_SPACING
    centre = np.cumsum(MIN_SPACING + rng.exponential(EXTRA_SPACING, limit)).astype(int)
    centre = centre[(centre >= MARGIN) & (centre < len(codes) - MARGIN)]
    unknown = np.concatenate([[0], np.cumsum(gap)])
    centre = centre[unknown[centre + MARGIN] == unknown[centre - MARGIN]]

    n = len(centre)
    planted = rng.random(n) < PLANTED_FRACTION
    minus = rng.random(n) < 0.5
    sharpness = np.where(rng.random(n) < STRONG_FRACTION, *SHARPNESS.values())
    instances = mutate(rng, sample_motif(rng, pwm, sharpness))
    log_odds = np.log2(pwm + PSEUDOCOUNT) - np.log2(0.25)
    score = log_odds[np.arange(len(pwm)), instances].sum(axis=1)
    on_plus = np.where(minus[:, None], 3 - instances[:, ::-1], instances)
    columns = centre[:, None] - len(pwm) // 2 + np.arange(len(pwm))
    codes[columns[planted]] = on_plus[planted]
    site = planted & (score >= LEAST_SCORE)

    width = rng.integers(*REGION_WIDTH, size=n, endpoint=True)
    offset = rng.uniform(-REGION_OFFSET, REGION_OFFSET, n) * width
    return pd.DataFrame(
        {
            "centre": centre,
            "site": site,
            "strand": np.where(minus, "-", "+"),
            "score": np.where(site, score, np.nan),
            "region": ~planted | (rng.random(n) < REGION_FRACTION),
            "shared": rng.random(n) < SHARED_FRACTION,
            "region_centre": centre + offset.astype(int),
            "region_width": width,
        }
    )


def sample_motif(rng: np.random.Generator, pwm: Floats, sharpness: Floats) -> Codes:
    """Motif instances [n, width] from the matrix raised to each instance's ``sharpness`` [n]."""
    weights = pwm ** sharpness[:, None, None]
    cumulative = weights.cumsum(axis=2)
    draws = rng.random(weights.shape[:2]) * cumulative[:, :, -1]
    return (draws[:, :, None] >= cumulative).sum(axis=2).astype(np.uint8)


def mutate(rng: np.random.Generator, instances: Codes) -> Codes:
    """Instances [n, width] of which `DECAYED` have another base in one random place.

    A genome is full of sites that have lost a base. They are what tells a network how much each
    base of the motif matters: those drawn from the matrix lack none that it insists on.
    """
    mutated = instances.copy()
    decayed = np.flatnonzero(rng.random(len(instances)) < DECAYED)
    column = rng.integers(instances.shape[1], size=len(decayed))
    mutated[decayed, column] += rng.integers(1, 4, size=len(decayed), dtype=np.uint8)
    return mutated % 4


def describe_sites(loci: pd.DataFrame, width: int) -> pd.DataFrame:
    """The planted sites among ``loci``: chrom, start, end, strand, score; indexed like ``loci``."""
    sites = loci[loci.site]
    start = sites.centre - width // 2
    columns = {"start": start, "end": start + width, "strand": sites.strand, "score": sites.score}
    return pd.DataFrame({"chrom": sites.index.get_level_values("chrom"), **columns})
