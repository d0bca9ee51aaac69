"""Contributions as other programs read them: a table of sites, a bigWig, `.npz` and HDF5."""

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import IO

import h5py
import numpy as np
import pandas as pd
from numpy.lib.format import dtype_to_descr, write_array_header_2_0

from leopard.genome.formats import new_file
from leopard.genome.tracks import OTHER, Tracks, add_runs, new_bigwig
from leopard.interpretation.contribution_sites import Layout
from leopard.study.explained import HYPOTHETICAL, OBSERVED, ONE_HOT

MEASURES = (
    *("logit", "reference", "sequence", "accessibility"),
    *("sequence_with_accessibility", "sequence_without_accessibility"),
    *("completeness_error", "steps", "mutagenesis_correlation"),
)
"""What the table has of each site, besides where it is and whether it is right."""


def write_results(
    sites: pd.DataFrame,
    layout: Layout,
    tracks: Tracks,
    parts: Sequence[Path],
    outcomes: Sequence[str] | None,
    written: Mapping[str, Path],
) -> None:
    """Write what was found of all sites, some of them in memory at a time.

    Args:
        sites: They.
        layout: Of their windows.
        tracks: Reader of the genome.
        parts: `.npz` files of some of them each, in order: measures, float64 [n, measures], and
            hypothetical, float32 [n, width, 4].
        outcomes: Whether each site is right, if there are labels.
        written: By kind, as `leopard.study.explained.EXPLAINED` has them, the files to write.
    """
    shape = len(sites), OTHER, layout.width
    measures = [np.empty((0, len(MEASURES)))]
    with (
        _new_array(written["sequences"], shape, np.dtype(np.int8)) as sequences,
        _new_array(written["hypothetical"], shape, np.dtype(np.float32)) as scores,
        new_file(written["h5"]) as unfinished,
        h5py.File(unfinished, "w") as h5,
    ):
        kinds = zip((ONE_HOT, HYPOTHETICAL, OBSERVED), (np.int8, *[np.float32] * 2), strict=True)
        arrays = [h5.create_dataset(name, shape, kind) for name, kind in kinds]
        first = 0
        for part in parts:
            with np.load(part) as found:
                measures.append(found["measures"])
                hypothetical = found["hypothetical"].transpose(0, 2, 1)
            rows = np.arange(first, first + len(hypothetical))
            codes = layout.codes(tracks, rows)
            one_hot = (codes[:, None] == np.arange(OTHER)[:, None]).astype(np.int8)
            sequences.write(one_hot.tobytes())
            scores.write(hypothetical.tobytes())
            for array, values in zip(
                arrays, (one_hot, hypothetical, hypothetical * one_hot), strict=True
            ):
                array[rows[0] : rows[-1] + 1] = values
            first += len(rows)
    _write_track(written["track"], sites, layout, tracks, written["h5"])
    _write_table(written["table"], sites, np.concatenate(measures), outcomes)


@contextmanager
def _new_array(path: Path, shape: tuple[int, ...], kind: np.dtype) -> Iterator[IO[bytes]]:
    """An `.npz` of one array, arr_0, whose bytes are written as they come."""
    header = {"descr": dtype_to_descr(kind), "fortran_order": False, "shape": shape}
    # A name without a date, so that the same array is the same file.
    own = zipfile.ZipInfo("arr_0.npy")
    with (
        new_file(path) as unfinished,
        zipfile.ZipFile(unfinished, "w") as archive,
        archive.open(own, "w", force_zip64=True) as file,
    ):
        write_array_header_2_0(file, header)
        yield file


def share_bases(
    firsts: np.ndarray, width: int, middles: np.ndarray, size: int
) -> Iterator[tuple[int, int, int]]:
    """Which bases of a chromosome each window of some is shown at: each base at the nearest site.

    Args:
        firsts: First bases of the windows, int64 [n].
        width: Of the windows.
        middles: Of their sites, int64 [n].
        size: Of the chromosome.

    Yields:
        The window, the first base, and the base after the last, by base.
    """
    order = np.argsort(middles, kind="stable")
    borders = (middles[order][:-1] + middles[order][1:] + 1) // 2
    edges = [0, *borders, size]
    for row, (low, high) in zip(order, pairwise(edges), strict=False):  # of none, none
        start, end = max(firsts[row], low), min(firsts[row] + width, high)
        if start < end:
            yield int(row), int(start), int(end)


def _write_track(
    path: Path, sites: pd.DataFrame, layout: Layout, tracks: Tracks, scores: Path
) -> None:
    """Write the contributions of present bases as a bigWig, of any base those to one site."""
    middles = ((sites["start"] + sites["end"]) // 2).to_numpy()
    with new_bigwig(path, tracks.chrom_sizes) as bigwig, h5py.File(scores) as h5:
        for chrom, size in tracks.chrom_sizes.items():
            rows = np.flatnonzero(sites["chrom"] == chrom)
            shared = share_bases(layout.first[rows], layout.width, middles[rows], size)
            for row, start, end in shared:
                begin = start - layout.first[rows[row]]
                own = h5[OBSERVED][rows[row], :, begin : begin + end - start].sum(0)
                add_runs(bigwig, chrom, own, start)


def _write_table(
    path: Path, sites: pd.DataFrame, measures: np.ndarray, outcomes: Sequence[str] | None
) -> None:
    """Write a row for each site."""
    found = pd.DataFrame(measures, columns=list(MEASURES)).astype({"steps": int})
    table = pd.concat([sites.reset_index(drop=True), found], axis=1)
    table["outcome"] = list(outcomes) if outcomes is not None else ""
    with new_file(path) as unfinished:
        table.to_csv(unfinished, sep="\t", index=False, float_format="%.6g")
