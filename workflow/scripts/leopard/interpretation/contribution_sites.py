"""Which sites are explained, and the windows that their logits depend on."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from leopard.decoding.decoder import Decoder, Tile
from leopard.decoding.peaks import NEAR
from leopard.decoding.regions import tile_region
from leopard.errors import InputError
from leopard.genome.formats import NARROWPEAK, read_bed, read_table
from leopard.genome.tracks import MASKED, OTHER, Tracks
from leopard.interpretation.contributions import Windows

MOST_BASES = 256
"""Of a longer site, so many bases around its summit are explained."""

COLUMNS = ("chrom", "start", "end", "name", "score")


def choose_calls(calls: Path, best: int | None = None) -> pd.DataFrame:
    """The called sites of a narrowPeak file that are explained, the best first.

    Args:
        calls: The file; it may be empty.
        best: How many, by largest probability; all by default.

    Returns:
        chrom, start, end, name, score (the largest probability): of a longer site than
        `MOST_BASES`, those around its summit.
    """
    sites = read_table(calls, NARROWPEAK)
    sites["score"] = sites["signal_value"].astype(float)
    order = ["score", "chrom", "start"]
    sites = sites.sort_values(order, ascending=[False, True, True]).head(best)
    return _shorten(sites, sites["start"] + sites["peak"])


def read_sites(bed: Path, sizes: Mapping[str, int]) -> pd.DataFrame:
    """The sites of a BED, in its order, as `choose_calls` has them; score is NaN.

    Raises:
        InputError: Not a BED, or one without a site on the genome.
    """
    sites = read_bed(bed, sizes)
    if sites.empty:
        raise InputError(bed, "no sites on the genome", "give a BED of this genome")
    sites["name"] = [f"site_{number}" for number in range(1, len(sites) + 1)]
    sites["score"] = np.nan
    return _shorten(sites, (sites["start"] + sites["end"]) // 2)


def _shorten(sites: pd.DataFrame, summits: pd.Series) -> pd.DataFrame:
    """Sites of at most `MOST_BASES` bases, those around their summits."""
    sites = sites.copy()
    room = sites["end"] - MOST_BASES  # the last start that is inside
    start = (summits - MOST_BASES // 2).clip(lower=sites["start"], upper=room)
    sites["start"] = start.where(sites["start"] < room, sites["start"])
    sites["end"] = sites["end"].clip(upper=sites["start"] + MOST_BASES)
    return sites[list(COLUMNS)].reset_index(drop=True)


@dataclass(frozen=True)
class Layout:
    """Where the windows of some sites are.

    What is kept of each is `width` bases around the site's middle: all that its logit can depend
    on, and for shorter sites than the longest, some bases more.

    Attributes:
        sites: As from `choose_calls`.
        tiles: What is computed for each, on the networks' grid.
        width: Bases that are kept.
    """

    sites: pd.DataFrame
    tiles: list[Tile]
    width: int

    @property
    def first(self) -> np.ndarray:
        """First base that is kept of each site, int64 [n]; it may lie before the chromosome."""
        return ((self.sites["start"] + self.sites["end"]) // 2 - self.width // 2).to_numpy()

    def read(self, tracks: Tracks, rows: np.ndarray) -> Windows:
        """Windows of some sites, whose tiles are of one length."""
        codes, signals, marks = [], [], []
        for row in rows:
            tile, (chrom, start, end) = self.tiles[row], self.sites.iloc[row, :3]
            region = chrom, tile.start, tile.start + tile.length
            codes.append(tracks.codes(*region))
            signals.append(tracks.signals(*region))
            bases = np.arange(tile.start, tile.start + tile.length)
            marks.append((bases >= start) & (bases < end))
        return Windows(np.stack(codes), np.stack(signals), np.stack(marks).astype(np.float32))

    def crop(self, values: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """What is kept of values of windows, [n, length, ...]; beyond their ends it is 0."""
        kept = np.zeros((len(rows), self.width, *values.shape[2:]), values.dtype)
        for own, found, row in zip(kept, values, rows, strict=True):
            shift = self.first[row] - self.tiles[row].start
            start, end = max(shift, 0), min(shift + self.width, len(found))
            own[start - shift : end - shift] = found[start:end]
        return kept

    def codes(self, tracks: Tracks, rows: np.ndarray) -> np.ndarray:
        """The sequence of what is kept, uint8 [n, width]; 4 beyond the chromosome."""
        codes = np.full((len(rows), self.width), OTHER, np.uint8)
        for own, row in zip(codes, rows, strict=True):
            first, chrom = self.first[row], self.sites["chrom"].iloc[row]
            begin, size = max(first, 0), tracks.chrom_sizes[chrom]
            end = min(first + self.width, size)
            own[begin - first : end - first] = tracks.codes(chrom, begin, end)
        return codes


def lay_out(sites: pd.DataFrame, decoder: Decoder, sizes: Mapping[str, int]) -> Layout:
    """Find the windows of sites.

    Args:
        sites: As from `choose_calls`.
        decoder: The ensemble.
        sizes: Lengths of chromosomes.

    Raises:
        InputError: A site is not on the genome.
    """
    for chrom, start, end, *_ in sites.itertuples(index=False):
        if not 0 <= start < end <= sizes.get(chrom, 0):
            problem = "no bases, or none of this genome"
            raise InputError(f"site {chrom}:{start}-{end}", problem, "correct or leave it out")
    halo, grid = decoder.halo, decoder.grid
    longest = int((sites["end"] - sites["start"]).max()) if len(sites) else 0
    width = longest + 2 * halo
    length = -(-(width + grid) // grid) * grid
    tiles = [
        tile_region(sizes[chrom], start, end, length, halo, grid)[0]
        for chrom, start, end, *_ in sites.itertuples(index=False)
    ]
    return Layout(sites, tiles, width)


def judge_sites(sites: pd.DataFrame, tracks: Tracks) -> list[str]:
    """Whether each site is right, wrong or unknown, as `leopard.decoding.peaks.judge_calls` has it.

    A site is right with a bound base within `NEAR` bases of its middle; otherwise unknown where it
    overlaps masked bases, else wrong.

    Args:
        sites: As from `choose_calls`.
        tracks: Reader of the labels.
    """
    outcomes = []
    for chrom, start, end, *_ in sites.itertuples(index=False):
        middle = (start + end) // 2
        around = max(middle - NEAR, 0), min(middle + NEAR + 1, tracks.chrom_sizes[chrom])
        if (tracks.labels(chrom, *around) == 1).any():
            outcomes.append("right")
        else:
            masked = (tracks.labels(chrom, start, end) == MASKED).any()
            outcomes.append("unknown" if masked else "wrong")
    return outcomes
