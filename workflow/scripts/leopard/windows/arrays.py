"""The arrays of windows on disk, row by row as the table of windows has them."""

import logging
import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from leopard.genome.tracks import iterate_regions

log = logging.getLogger(__name__)


def write_windows(
    path: Path,
    windows: pd.DataFrame,
    open_reader: Callable[[], Callable[[str, int, int], np.ndarray]],
    workers: int = 1,
) -> None:
    """Write one array of windows, .npy [n, length], row i from row i of the table.

    The file is memory-mapped and filled in place: memory does not grow with the number of
    windows.

    Args:
        path: The array.
        windows: chrom, start, end, all equally long.
        open_reader: Opens what reads (chrom, start, end); each worker opens its own, so it must
            be picklable.
        workers: Processes that share the rows.
    """
    sample = open_reader()(*next(iterate_regions(windows)))
    shape = (len(windows), len(sample))
    unfinished = path.with_suffix(".unfinished")  # complete before it gets its name
    array = np.lib.format.open_memmap(unfinished, "w+", sample.dtype, shape)
    with unfinished.open("rb+") as file:
        # Without room for it, an error here and not a bus error at some page of the map.
        os.posix_fallocate(file.fileno(), 0, array.offset + array.nbytes)
    shares = np.array_split(np.arange(len(windows)), workers)
    fill = partial(_fill_rows, unfinished, windows, open_reader)
    if workers == 1:
        fill(shares[0])
    else:
        with ProcessPoolExecutor(workers, multiprocessing.get_context("fork")) as pool:
            list(pool.map(fill, shares))
    unfinished.replace(path)


def _fill_rows(
    path: Path,
    windows: pd.DataFrame,
    open_reader: Callable[[], Callable[[str, int, int], np.ndarray]],
    rows: np.ndarray,
) -> None:
    array, read = np.load(path, mmap_mode="r+"), open_reader()
    regions = iterate_regions(windows.iloc[rows])
    for done, (row, region) in enumerate(zip(rows, regions, strict=True), 1):
        array[row] = read(*region)
        if done % 2000 == 0 or done == len(rows):
            log.info("%s: %d of %d windows", path.name, done, len(rows))
