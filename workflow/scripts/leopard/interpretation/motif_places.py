"""Where in the genome patterns of contributions lie: seqlets, hits, and what finemo reads."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from leopard.genome.formats import new_file
from leopard.interpretation.motif_patterns import Pattern, crop_width
from leopard.study.explained import HYPOTHETICAL, OBSERVED, ONE_HOT

ALIKE = 0.7
"""The smallest cosine of a pattern's core and a hit's contributions; finemo's default, too."""

WEAKEST = 0.05
"""A hit has contributions of at least this quantile of the pattern's own seqlets."""

CHUNK = 256
"""Sites that are scanned at once."""

HITS = ("chrom", "start", "end", "name", "score", "strand")


def first_bases(sites: pd.DataFrame, width: int) -> np.ndarray:
    """The first base of each site's window, 0-based, int64 [n]; it may lie before the chromosome.

    Example:
        >>> first_bases(pd.DataFrame({"start": [1000], "end": [1021]}), 200).tolist()
        [910]
    """
    return ((sites["start"] + sites["end"]) // 2 - width // 2).to_numpy()


def place_seqlets(patterns: Sequence[Pattern], sites: pd.DataFrame, width: int) -> pd.DataFrame:
    """Seqlets in the genome, in the order of the file of patterns.

    Args:
        patterns: They.
        sites: Their table, with chrom, start and end.
        width: Bases of a window.

    Returns:
        chrom, start, end, name (of the pattern), score (0), strand, and thick_start and thick_end:
        the pattern's core.
    """
    tables = []
    for pattern in patterns:
        own, (first, last) = pattern.seqlets, pattern.core
        base = first_bases(sites, width)[own["site"]]
        columns = {
            **{"chrom": sites["chrom"].to_numpy()[own["site"]], "start": base + own["start"]},
            **{"end": base + own["end"], "name": pattern.name, "score": 0},
            "strand": np.where(own["reverse"], "-", "+"),
            "thick_start": base + pattern.core_starts,
            "thick_end": base + pattern.core_starts + last - first,
        }
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables) if tables else pd.DataFrame(columns=[*HITS, "thick_start"])


def compare_windows(contributions: np.ndarray, core: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How like a pattern's core every place of some windows is.

    Args:
        contributions: Of present bases, float [n, 4, width].
        core: Of the pattern, [4, length].

    Returns:
        The cosine of the core and the contributions from each base on, and how long the
        contributions are along the core (their product, divided by the core's length), both
        float64 [n, width - length + 1].
    """
    places = sliding_window_view(contributions.astype(np.float64), core.shape[1], axis=2)
    along = np.einsum("nbpl,bl->np", places, core) / np.linalg.norm(core)
    lengths = np.sqrt(np.einsum("nbpl,nbpl->np", places, places))
    cosines = np.divide(along, lengths, out=np.zeros_like(along), where=lengths > 0)
    return cosines, along


def scan_contributions(
    scores: Path, patterns: Sequence[Pattern], sites: pd.DataFrame, width: int
) -> pd.DataFrame:
    """Find where contributions are like the core of a pattern, on either strand.

    A hit's cosine is `ALIKE` at least, and its contributions along the core are at least those of
    the `WEAKEST` of the pattern's seqlets. Of hits that overlap, of whichever patterns and sites,
    that of the largest contributions is kept.

    Args:
        scores: HDF5 of `leopard.interpretation.contribution_results`.
        patterns: They.
        sites: Their table.
        width: Bases of a window.

    Returns:
        The columns `HITS`, sorted by place; score is 1000 times the cosine.
    """
    firsts, chroms = first_bases(sites, width), sites["chrom"].to_numpy()
    found = []
    with h5py.File(scores) as h5:
        observed, kept = h5[OBSERVED], slice(*crop_width(h5[OBSERVED].shape[-1]))
        least = [_measure_weakest(observed, x, kept.start) for x in patterns]
        for begin in range(0, len(sites), CHUNK):
            windows = observed[begin : begin + CHUNK, :, kept]
            for pattern, enough in zip(patterns, least, strict=True):
                core = pattern.contributions[:, slice(*pattern.core)]
                for strand, matrix in (("+", core), ("-", core[::-1, ::-1])):
                    cosines, along = compare_windows(windows, matrix)
                    for row, base in np.argwhere((cosines >= ALIKE) & (along >= enough)):
                        start = int(firsts[begin + row] + base)
                        place = chroms[begin + row], start, start + core.shape[1]
                        score = round(1000 * cosines[row, base])
                        found.append((*place, pattern.name, score, strand, along[row, base]))
    hits = pd.DataFrame(found, columns=[*HITS, "along"])
    hits = hits.sort_values(["along", "chrom", "start"], ascending=[False, True, True])
    kept = pd.DataFrame(keep_apart(hits.itertuples(index=False)), columns=hits.columns)
    return kept.sort_values(["chrom", "start"], ignore_index=True)[list(HITS)]


def _measure_weakest(observed: h5py.Dataset, pattern: Pattern, begin: int) -> float:
    """Contributions along a pattern's core that nearly all of its seqlets have."""
    first, last = pattern.core
    core = pattern.contributions[:, first:last]
    along = np.empty(len(pattern.seqlets))
    for row, seqlet in enumerate(pattern.seqlets.itertuples(index=False)):
        own = observed[seqlet.site, :, begin + seqlet.start : begin + seqlet.end]
        own = own[::-1, ::-1] if seqlet.reverse else own
        along[row] = (own[:, first:last] * core).sum() / np.linalg.norm(core)
    return float(np.quantile(along, WEAKEST, method="lower"))


def keep_apart(hits: Iterable) -> Iterator:
    """Those that overlap none before them.

    Args:
        hits: With chrom, start and end, the best first.
    """
    taken: dict[str, dict[int, list[tuple[int, int]]]] = {}
    for hit in hits:
        blocks = taken.setdefault(hit.chrom, {})
        # Places are kept by blocks of 64 bases, so that only near ones are compared.
        near = range(hit.start >> 6, ((hit.end - 1) >> 6) + 1)
        if any(x < hit.end and hit.start < y for i in near for x, y in blocks.get(i, ())):
            continue
        for i in near:
            blocks.setdefault(i, []).append((hit.start, hit.end))
        yield hit


def write_bed(table: pd.DataFrame, path: Path, sizes: pd.Series) -> None:
    """Write places as BED, without what lies beyond the ends of chromosomes.

    Args:
        table: As from `place_seqlets` or `scan_contributions`.
        path: The file.
        sizes: Lengths of chromosomes, by name.
    """
    table = table.copy()
    ends = table["chrom"].map(sizes)
    for column in table.columns.intersection(["start", "end", "thick_start", "thick_end"]):
        table[column] = table[column].clip(0, ends)
    with new_file(path) as unfinished:
        table.to_csv(unfinished, sep="\t", header=False, index=False)


def export_regions(scores: Path, sites: pd.DataFrame, path: Path) -> None:
    """Write windows as `finemo call-hits` (0.41) reads them, with hypothetical contributions.

    Args:
        scores: HDF5 of `leopard.interpretation.contribution_results`.
        sites: Their table.
        path: The `.npz` to write.
    """
    with h5py.File(scores) as h5:
        kept = slice(*crop_width(h5[ONE_HOT].shape[-1]))
        sequences = h5[ONE_HOT][..., kept].astype(np.int8)
        contributions = h5[HYPOTHETICAL][..., kept].astype(np.float16)
    chroms = sites["chrom"].to_numpy().astype("U")
    ids = {chrom: number for number, chrom in enumerate(dict.fromkeys(chroms))}
    with new_file(path) as unfinished, unfinished.open("wb") as file:
        np.savez_compressed(
            file,
            sequences=sequences,
            contributions=contributions,
            chr=chroms,
            chr_id=np.array([ids[x] for x in chroms], np.uint32),
            start=first_bases(sites, sequences.shape[-1]).astype(np.int32),
            peak_id=np.arange(len(sites), dtype=np.uint32),
            peak_name=sites["name"].to_numpy().astype("U"),
        )
