"""A small simulated genome with CTCF-like sites, so that the whole workflow can be seen in minutes.

Nothing here is measured. The genome has isochores, CpG depletion, soft-masked stretches and gaps;
sites drawn from a real motif matrix lie in open and in closed chromatin; DNase coverage is counted
from random cuts; a site is bound according to its motif and its accessibility. What a network can
learn is known exactly, and kept in ``truth.tsv``.

Every random draw comes from a stream named after what it is for, so another cell line or another
chromosome changes nothing that is already there.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pysam

from leopard.errors import InputError
from leopard.genome.formats import read_motif
from leopard.genome.tracks import add_runs, new_bigwig
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

MIN_CHROMOSOME = 20_000

# Loci: places with a site, an open chromatin region, or both. About one site per kilobase is a
# hundred times the density of CTCF, so that a few megabases hold enough of them to learn from.
MIN_SPACING = 480  # between loci; exceeds PEAK_WIDTH's maximum plus two summit shifts
EXTRA_SPACING = 270  # mean of the exponential rest
MARGIN = 700  # kept free on both sides of a locus; exceeds REGION_REACH plus the largest offset
SITE_FRACTION = 0.75  # of loci
REGION_FRACTION = 0.75  # of loci with a site; those without one are always regions
STRONG_FRACTION = 0.5  # of sites
SHARPNESS = {"strong": 1.3, "weak": 0.8}  # exponent of the matrix; medians about 20 and 14 bits
PSEUDOCOUNT = 1e-4  # FIMO's, here so that scores agree with memelite's

# Accessibility, in DNase cuts per base at sequencing depth 1.
SHARED_FRACTION = 1 / 3  # of regions, open in every cell line
SPECIFIC_OPEN = 0.3  # chance that any other region is open in one cell line
REGION_WIDTH = (150, 600)  # four standard deviations of the bell-shaped profile
REGION_REACH = 450  # where the profile is cut off: three standard deviations of the widest
REGION_OFFSET = 0.3  # largest distance of locus and region centre, in region widths
BACKGROUND = 0.02
HEIGHT, HEIGHT_SIGMA = 0.4, 0.6  # median and log standard deviation at the region's summit
OPEN_FOLD = 3.0  # a locus is open where its accessibility is this many times the background
DEPTH = (0.6, 1.6)  # range of sequencing depths, uniform in the logarithm
READ_WIDTH = 25  # bases covered by each cut, centred on it
PROTECTION = 0.2  # cuts left under the bound factor
SHOULDER, SHOULDER_WIDTH = 0.5, 12.0  # excess of cuts beside it, and its decay length in bases
FOOTPRINT_REACH = 45

# Binding: a logistic function of motif score and log accessibility.
SCORE_MIDPOINT = 13.0  # bits, at median height
SCORE_SLOPE = 0.5  # per bit
ACCESSIBILITY_SLOPE = 1.0  # per unit of log(accessibility / HEIGHT)

# Peaks, as a caller would make them of ChIP-seq reads.
MISSED = 0.05  # bound sites without a peak
SPURIOUS = 0.05  # open loci without a site that get one: about 3 % of all peaks
SPURIOUS_OCCUPANCY = 0.2  # what their signal is drawn with
PEAK_WIDTH = (200, 400)  # bases
SUMMIT_SD, SUMMIT_MAX_SHIFT = 17.0, 40.0  # bases from the centre of the motif
SIGNAL_SIGMA = 0.3  # log standard deviation of signalValue about occupancy x accessibility


def simulate_genome(
    directory: Path,
    motif: Path,
    seed: int,
    cell_lines: Sequence[str],
    chromosomes: Mapping[str, int],
) -> None:
    """Write a simulated genome, and DNase coverage and CTCF peaks of every cell line.

    The same arguments give the same bytes. The files are ``genome.fa.gz`` (bgzip),
    ``{cell_line}.bigWig`` (coverage, zeros left out), ``{cell_line}.narrowPeak`` and
    ``truth.tsv`` (every planted site, its score in bits, and where it is open and bound).

    Args:
        directory: Where to write; made if absent.
        motif: MEME or JASPAR file, whose first matrix is planted.
        seed: Non-negative.
        cell_lines: Names, in the order of the columns of ``truth.tsv``.
        chromosomes: Length in bases of each chromosome, in the order of the FASTA.

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
    for cell_line in cell_lines:
        states = simulate_cell_line(directory, seed, cell_line, loci, gaps, len(pwm))
        for column in ("open", "bound"):
            truth[f"{cell_line}.{column}"] = states[column].astype(int)[loci_table.site]
    truth.to_csv(directory / "truth.tsv", sep="\t", index=False, float_format="%.3f")


def simulate_cell_line(
    directory: Path,
    seed: int,
    cell_line: str,
    loci: Mapping[str, pd.DataFrame],
    gaps: Mapping[str, Mask],
    width: int,
) -> pd.DataFrame:
    """Write the coverage and the peaks of one cell line.

    Returns:
        The states of the loci of all chromosomes, as `draw_binding` gives them, indexed by
        chromosome and locus.
    """
    depth = np.exp(stream(seed, "depth", cell_line).uniform(*np.log(DEPTH)))
    states, coverage, peaks = {}, {}, {}
    for name, gap in gaps.items():
        rng = stream(seed, "cell line", cell_line, name)
        rate = draw_accessibility(rng, loci[name], gap)
        states[name] = draw_binding(rng, loci[name], rate)
        peaks[name] = draw_peaks(rng, loci[name], states[name])
        leave_footprints(rate, loci[name].centre[states[name].bound], width)
        coverage[name] = count_coverage(rng, depth * rate)
    write_bigwig(directory / f"{cell_line}.bigWig", coverage)
    all_peaks = pd.concat(peaks.values(), keys=peaks, names=["chrom"]).reset_index("chrom")
    write_narrowpeak(directory / f"{cell_line}.narrowPeak", all_peaks, cell_line)
    return pd.concat(states.values(), keys=states, names=["chrom"])


def plant_loci(rng: np.random.Generator, codes: Codes, gap: Mask, pwm: Floats) -> pd.DataFrame:
    """Choose loci and write their motif instances into ``codes``.

    Returns:
        One row per locus, in order: ``centre``, ``site`` (whether a motif is planted), ``strand``,
        ``score`` (bits, NaN without a site), ``region`` (whether open anywhere), ``shared`` (open
        in all cell lines), ``region_centre``, ``region_width``.
    """
    limit = len(codes) // MIN_SPACING
    centre = np.cumsum(MIN_SPACING + rng.exponential(EXTRA_SPACING, limit)).astype(int)
    centre = centre[(centre >= MARGIN) & (centre < len(codes) - MARGIN)]
    unknown = np.concatenate([[0], np.cumsum(gap)])
    centre = centre[unknown[centre + MARGIN] == unknown[centre - MARGIN]]

    n = len(centre)
    site = rng.random(n) < SITE_FRACTION
    minus = rng.random(n) < 0.5
    sharpness = np.where(rng.random(n) < STRONG_FRACTION, *SHARPNESS.values())
    instances = sample_motif(rng, pwm, sharpness)
    log_odds = np.log2(pwm + PSEUDOCOUNT) - np.log2(0.25)
    score = log_odds[np.arange(len(pwm)), instances].sum(axis=1)
    on_plus = np.where(minus[:, None], 3 - instances[:, ::-1], instances)
    columns = centre[:, None] - len(pwm) // 2 + np.arange(len(pwm))
    codes[columns[site]] = on_plus[site]

    width = rng.integers(*REGION_WIDTH, size=n, endpoint=True)
    offset = rng.uniform(-REGION_OFFSET, REGION_OFFSET, n) * width
    return pd.DataFrame(
        {
            "centre": centre,
            "site": site,
            "strand": np.where(minus, "-", "+"),
            "score": np.where(site, score, np.nan),
            "region": ~site | (rng.random(n) < REGION_FRACTION),
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


def describe_sites(loci: pd.DataFrame, width: int) -> pd.DataFrame:
    """The planted sites among ``loci``: chrom, start, end, strand, score; indexed like ``loci``."""
    sites = loci[loci.site]
    start = sites.centre - width // 2
    columns = {"start": start, "end": start + width, "strand": sites.strand, "score": sites.score}
    return pd.DataFrame({"chrom": sites.index.get_level_values("chrom"), **columns})


def draw_accessibility(rng: np.random.Generator, loci: pd.DataFrame, gap: Mask) -> Floats:
    """Expected cuts per base [length] of one cell line at depth 1, before any factor binds."""
    n = len(loci)
    is_open = loci.region & (loci.shared | (rng.random(n) < SPECIFIC_OPEN))
    height = np.where(is_open, HEIGHT * np.exp(HEIGHT_SIGMA * rng.standard_normal(n)), 0)
    offsets = np.arange(-REGION_REACH, REGION_REACH + 1)
    sd = loci.region_width.to_numpy()[:, None] / 4
    profile = height[:, None] * np.exp(-0.5 * (offsets / sd) ** 2)
    rate = np.where(gap, 0.0, BACKGROUND)
    np.add.at(rate, loci.region_centre.to_numpy()[:, None] + offsets, profile)
    return rate


def draw_binding(rng: np.random.Generator, loci: pd.DataFrame, rate: Floats) -> pd.DataFrame:
    """The state of every locus in one cell line.

    Returns:
        Columns ``accessibility`` (cuts per base), ``open``, ``occupancy`` (the chance of being
        bound if open, NaN without a site) and ``bound``; rows as in ``loci``.
    """
    accessibility = rate[loci.centre]
    is_open = accessibility >= OPEN_FOLD * BACKGROUND
    logit = SCORE_SLOPE * (loci.score.to_numpy() - SCORE_MIDPOINT)
    logit += ACCESSIBILITY_SLOPE * np.log(accessibility / HEIGHT)
    occupancy = 1 / (1 + np.exp(-logit))
    bound = is_open & (rng.random(len(loci)) < occupancy)  # no draw is less than NaN
    states = {"accessibility": accessibility, "open": is_open, "occupancy": occupancy}
    return pd.DataFrame({**states, "bound": bound})


def leave_footprints(rate: Floats, centres: pd.Series, width: int) -> None:
    """Scale ``rate`` [length] down under bound motifs of ``width`` bases, and up beside them."""
    offsets = np.arange(-FOOTPRINT_REACH, FOOTPRINT_REACH + 1)
    outside = np.abs(offsets) - width // 2
    shoulder = 1 + SHOULDER * np.exp(-outside / SHOULDER_WIDTH)
    rate[centres.to_numpy()[:, None] + offsets] *= np.where(outside > 0, shoulder, PROTECTION)


def count_coverage(rng: np.random.Generator, rate: Floats) -> npt.NDArray[np.int64]:
    """Reads over each base [length] when cuts fall at ``rate`` per base."""
    half = READ_WIDTH // 2
    cuts = np.pad(rng.poisson(rate), (half + 1, half))
    total = np.cumsum(cuts)
    return total[READ_WIDTH:] - total[:-READ_WIDTH]


def draw_peaks(rng: np.random.Generator, loci: pd.DataFrame, states: pd.DataFrame) -> pd.DataFrame:
    """Peaks of one chromosome: start, end, summit (absolute) and signal; never overlapping.

    Most bound sites get one, and so do a few open loci without a site.
    """
    n = len(loci)
    chance = np.where(states.bound, 1 - MISSED, np.where(states.open & ~loci.site, SPURIOUS, 0))
    called = rng.random(n) < chance
    shift = np.clip(SUMMIT_SD * rng.standard_normal(n), -SUMMIT_MAX_SHIFT, SUMMIT_MAX_SHIFT)
    summit = loci.centre + shift.astype(int)
    start, end = (
        summit + side * rng.integers(PEAK_WIDTH[0] // 2, PEAK_WIDTH[1] // 2, n, endpoint=True)
        for side in (-1, 1)
    )
    enrichment = states.accessibility / BACKGROUND
    signal = enrichment * states.occupancy.fillna(SPURIOUS_OCCUPANCY)
    signal *= np.exp(SIGNAL_SIGMA * rng.standard_normal(n))
    peaks = pd.DataFrame({"start": start, "end": end, "summit": summit, "signal": signal})
    return peaks[called]


def write_narrowpeak(path: Path, peaks: pd.DataFrame, cell_line: str) -> None:
    """Write ENCODE narrowPeak.

    The p-values only grow with the signal; the q-values follow from them as Benjamini and
    Hochberg's do. Both are -log10.
    """
    p_value = 2.0 + peaks.signal
    rank = peaks.signal.rank(ascending=False)
    columns = {
        "chrom": peaks.chrom,
        "chromStart": peaks.start,
        "chromEnd": peaks.end,
        "name": [f"{cell_line}_peak_{i}" for i in range(1, len(peaks) + 1)],
        "score": np.clip(10 * peaks.signal, 0, 1000).astype(int),
        "strand": ".",
        "signalValue": peaks.signal,
        "pValue": p_value,
        "qValue": np.maximum(p_value - np.log10(len(peaks) / rank), 0),
        "peak": peaks.summit - peaks.start,
    }
    pd.DataFrame(columns).to_csv(path, sep="\t", header=False, index=False, float_format="%.5f")


def write_bigwig(path: Path, coverage: Mapping[str, npt.NDArray[np.int64]]) -> None:
    """Write the non-zero runs of each chromosome's coverage [length]."""
    with new_bigwig(path, {name: len(values) for name, values in coverage.items()}) as bigwig:
        for name, values in coverage.items():
            add_runs(bigwig, name, values)
