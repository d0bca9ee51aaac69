"""Simulated accessibility, binding, reads and peaks of one cell line, and their files."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pysam

from leopard.genome.tracks import add_runs, new_bigwig
from leopard.inputs.simulated_genome import (
    Floats,
    Mask,
)

# Accessibility, in DNase cuts per base at sequencing depth 1.
SPECIFIC_OPEN = 0.3  # chance that a region that is not shared is open in one cell line
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

# Reads of ATAC-seq. Tn5 duplicates the bases around a cut, so that both reads reach beyond it.
BEFORE_CUT, AFTER_CUT = 4, 5  # what a shift of +4 and -5 takes away again
FRAGMENT_MEAN, FRAGMENT_LEAST, FRAGMENT_MOST = 150, 40, 1000  # bases between the cuts of a pair
READ_LENGTH = 36
MAPPING_QUALITY = 60
FORWARD_FIRST, REVERSE_FIRST = (
    (99, 147),
    (163, 83),
)  # flags of the left and the right read of a pair

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


def count_coverage(cuts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Reads over each base [length], one around each cut, of cuts at each base [length]."""
    half = READ_WIDTH // 2
    total = np.cumsum(np.pad(cuts, (half + 1, half)))
    return total[READ_WIDTH:] - total[:-READ_WIDTH]


def draw_fragments(
    rng: np.random.Generator, cuts: npt.NDArray[np.int64], length: int
) -> npt.NDArray[np.int64]:
    """Fragments whose ends are cuts of Tn5, each cut at most once.

    From left to right, a cut is paired with the first that is left beyond a distance drawn. What is
    farther off than a fragment is long, or too near an end of the chromosome, stays alone.

    Args:
        rng: Random stream.
        cuts: Bases that are cut, ascending, as often as they are.
        length: Of the chromosome.

    Returns:
        Starts and ends as they would be aligned, [n, 2], sorted.
    """
    cuts = cuts[(cuts >= BEFORE_CUT) & (cuts <= length - AFTER_CUT)]
    distances = FRAGMENT_LEAST + rng.exponential(FRAGMENT_MEAN - FRAGMENT_LEAST, len(cuts))
    wanted = np.searchsorted(cuts, cuts + distances).tolist()
    following = list(range(len(cuts) + 1))  # of each cut, where to look for one that is left

    def find_left(i: int) -> int:
        while following[i] != i:
            following[i] = following[following[i]]
            i = following[i]
        return i

    pairs = []
    for i, first in enumerate(wanted):
        j = find_left(first) if following[i] == i else len(cuts)
        if j < len(cuts) and cuts[j] - cuts[i] <= FRAGMENT_MOST:
            pairs.append((i, j))
            following[j] = j + 1
    paired = cuts[np.array(pairs, np.int64).reshape(-1, 2)]
    return paired + np.array([-BEFORE_CUT, AFTER_CUT])


def write_bam(
    path: Path,
    sizes: Mapping[str, int],
    fragments: Mapping[str, npt.NDArray[np.int64]],
    rng: np.random.Generator,
) -> None:
    """Write the pairs of reads of fragments, sorted, without sequences and index.

    Args:
        path: The BAM.
        sizes: Length in bases of each chromosome.
        fragments: By chromosome, starts and ends [n, 2].
        rng: Of which read of a pair is the first.
    """
    header = {
        "HD": {"VN": "1.6", "SO": "coordinate"},
        "SQ": [{"SN": name, "LN": size} for name, size in sizes.items()],
    }
    with pysam.AlignmentFile(str(path), "wb", header=header) as bam:
        for contig, name in enumerate(sizes):
            spans = fragments[name]
            first = rng.random(len(spans)) < 0.5
            at = np.stack([spans[:, 0], np.maximum(spans[:, 1] - READ_LENGTH, spans[:, 0])], 1)
            for i, side in np.argwhere(np.ones_like(at, bool))[
                np.argsort(at.ravel(), kind="stable")
            ]:
                (start, end), (here, mate) = spans[i].tolist(), at[i, [side, 1 - side]].tolist()
                read = pysam.AlignedSegment(bam.header)
                read.query_name = f"{name}.{i}"
                read.flag = (FORWARD_FIRST if first[i] else REVERSE_FIRST)[side]
                read.reference_id = read.next_reference_id = contig
                read.reference_start, read.next_reference_start = here, mate
                read.mapping_quality = MAPPING_QUALITY
                read.cigarstring = f"{min(READ_LENGTH, end - start)}M"
                read.template_length = (start - end) if side else (end - start)
                bam.write(read)


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
