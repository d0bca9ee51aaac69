"""Decoded chromosomes written as one bigWig, restartable after each."""

import hashlib
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyBigWig

from leopard import PROGRESS, PROGRESS_INTERVAL
from leopard.decoding.decoder import Decoder, Tile
from leopard.genome.tracks import Tracks, add_runs

log = logging.getLogger(__name__)

BASES_A_WRITE = 1 << 20

DECIMALS, BACKGROUND_DECIMALS = 4, 6
"""Of the probabilities in a bigWig, and of the means that stand for its background."""

BACKGROUND_BASES = 16
"""How many bases of background share one value (docs/performance.md: what it costs and saves)."""

ENTRY_PER_BASE = 3
"""An entry of a bigWig with its own start and end takes as much as three of a fixed step."""


def _fill(out: np.ndarray, decoded: Iterator[tuple[str, Tile, np.ndarray]]) -> Iterator[int]:
    """Fill a chromosome with the tiles that come next, and tell how many bases are done."""
    done = 0
    while done < len(out):
        _, tile, values = next(decoded)
        out[tile.keep_start : tile.keep_end] = values
        done = tile.keep_end
        yield done


def decode_genome(
    decoder: Decoder,
    tracks: Tracks,
    chrom_sizes: Mapping[str, int],
    background: float,
    path: Path,
    parts: Path,
    calibrate: Callable[[np.ndarray], np.ndarray] = np.asarray,
) -> None:
    """Decode chromosomes into a bigWig, writing what is done while the next bases are computed.

    A finished chromosome is kept in `parts` (.npy) until the bigWig is complete, so that a run
    that was killed goes on from there, if networks and inputs are still the same. Parts hold what
    the networks say: they serve with any calibration.

    Args:
        decoder: The ensemble.
        tracks: Reader of the cell line.
        chrom_sizes: The chromosomes to decode, in the order of the bigWig.
        background: Where none of a block is as large, its mean is written; see `condense`. That
            is, neither as calibrated nor as the networks say: where these rank bases but find few
            of them likely, calibration would else take the ranks of all into the background.
        path: The bigWig.
        parts: Directory of the finished chromosomes; removed at the end.
        calibrate: An increasing map of the probabilities, applied before they are written.

    Example:
        >>> from leopard import Tracks, load
        >>> decoder = Decoder([load(Path("model.keras"))], 2048, batch_size=2, both_strands=False)
        >>> tracks = Tracks(Path("genome.fa"), [Path("accessibility.bigWig")])
        >>> track = Path("binding.bigWig")
        >>> decode_genome(decoder, tracks, tracks.chrom_sizes, 0.02, track, Path("parts"))
        >>> with pyBigWig.open(str(track)) as bigwig:
        ...     bigwig.chroms()
        {'chr1': 4096, 'chr2': 1000}
    """
    background = min(background, float(calibrate(np.array(background))))
    parts.mkdir(parents=True, exist_ok=True)
    identity, recorded = _identify(decoder, tracks), parts / "identity.txt"
    if not recorded.exists() or recorded.read_text() != identity:
        for part in parts.iterdir():
            part.unlink()
        recorded.write_text(identity)
    # Complete before it gets its name.
    track = parts / "track.unfinished"
    bigwig = pyBigWig.open(str(track), "w")
    bigwig.addHeader(list(chrom_sizes.items()))

    def add(chrom: str, out: np.ndarray, start: int, end: int) -> None:
        _write_stretch(bigwig, chrom, condense(calibrate(out[start:end]), background), start)

    progress = _Progress(sum(chrom_sizes.values()))
    missing = {c: n for c, n in chrom_sizes.items() if not (parts / f"{c}.npy").exists()}
    decoded = decoder.decode(tracks, missing)
    pending: list[Future] = []
    with ThreadPoolExecutor(1, "writer") as writer:
        for chrom, size in chrom_sizes.items():
            part, unfinished = parts / f"{chrom}.npy", parts / f"{chrom}.unfinished"
            if part.exists():
                log.info("%s: already decoded", chrom)
                out = np.load(part, mmap_mode="r")
                progress.skip(size)
                steps: Iterable[int] = [size]
            else:
                out = np.empty(size, np.float32)
                steps = progress.report(chrom, _fill(out, decoded))
            written, writes = 0, []
            for done in steps:
                while done - written >= BASES_A_WRITE or written < done == size:
                    end = min(written + BASES_A_WRITE, size)
                    writes.append(writer.submit(add, chrom, out, written, end))
                    written = end
            if not part.exists():
                with unfinished.open("wb") as file:
                    np.save(file, out)
                unfinished.replace(part)
            for write in pending:  # an error shows; the last ones may take their time
                write.result()
            pending = writes
        for write in pending:
            write.result()
    bigwig.close()
    track.replace(path)
    for part in parts.iterdir():
        part.unlink()
    parts.rmdir()


class _Progress:
    """Tells how much of the genome is decoded, and how fast."""

    def __init__(self, total: int) -> None:
        self.total, self.done, self.began, self.told = total, 0, time.monotonic(), 0.0

    def skip(self, bases: int) -> None:
        self.total -= bases

    def report(self, chrom: str, steps: Iterable[int]) -> Iterator[int]:
        """Pass on the numbers of bases done on a chromosome."""
        before = self.done
        for step in steps:
            self.done = before + step
            now = time.monotonic()
            if now - self.told > PROGRESS_INTERVAL or self.done == self.total:
                self.told = now
                rate = self.done / (now - self.began) / 1e3
                log.log(
                    PROGRESS,
                    "%s: %.1f of %.1f Mb, %.0f kb/s",
                    chrom,
                    self.done / 1e6,
                    self.total / 1e6,
                    rate,
                )
            yield step


def _identify(decoder: Decoder, tracks: Tracks) -> str:
    """What decoded chromosomes depend on: networks, strands, the files and the scale of signals."""
    digest = hashlib.sha256()
    for network in decoder.networks:
        digest.update(network.to_json().encode())
        for weight in network.get_weights():
            digest.update(weight.tobytes())
    files = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in tracks.files]
    return f"{digest.hexdigest()} {decoder.both_strands} {tracks.scales} {files}"


def condense(probabilities: np.ndarray, background: float) -> np.ndarray:
    """Probabilities as they are written: rounded, and the background in blocks of 16 bases.

    Nearly all of a genome is background, where probabilities differ from base to base by less
    than they mean. A block in which none reaches `background` gets its mean; everywhere else
    every base keeps its own value.

    Args:
        probabilities: float32 [n], from a multiple of 16 bases on.
        background: Where background ends; 0 keeps all values.

    Returns:
        float32 [n].
    """
    values = np.round(probabilities, DECIMALS)
    whole = len(values) // BACKGROUND_BASES * BACKGROUND_BASES
    blocks = probabilities[:whole].reshape(-1, BACKGROUND_BASES)
    low = blocks.max(axis=1) < background
    means = np.round(blocks[low].mean(axis=1), BACKGROUND_DECIMALS)
    values[:whole].reshape(-1, BACKGROUND_BASES)[low] = means[:, None]
    return values


def _write_stretch(
    bigwig: "pyBigWig.bigWigFile", chrom: str, values: np.ndarray, start: int
) -> None:
    """Add values from a base on, in whichever form of a bigWig is the smaller."""
    if ENTRY_PER_BASE * np.count_nonzero(np.diff(values)) < len(values):
        add_runs(bigwig, chrom, values, start, zeros=True)
    else:
        bigwig.addEntries(chrom, start, values=values, span=1, step=1)
