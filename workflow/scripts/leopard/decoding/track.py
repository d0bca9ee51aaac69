"""Decoded chromosomes written as one bigWig, restartable after each."""

import hashlib
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import numpy as np

from leopard import PROGRESS, PROGRESS_INTERVAL
from leopard.decoding.condense import condense
from leopard.decoding.decoder import Decoder, Tile
from leopard.decoding.parts import discard_parts, list_states, prepare_parts
from leopard.genome.bigwig_writer import Packed, open_writer, pack
from leopard.genome.formats import new_file
from leopard.genome.tracks import Tracks, cut_chromosomes

log = logging.getLogger(__name__)

STRETCH = 1 << 18
"""Bases that are condensed and packed at once: their arrays stay in a processor's cache."""

PACKERS, PACKED_AHEAD = 2, 16
"""Threads that do so, and how many stretches may wait for one that is not done."""


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

    A finished chromosome is kept in `parts` until the bigWig is complete, so that a run
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
        >>> import pyBigWig
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
    prepare_parts(parts, identify(decoder, tracks))
    missing = {c: n for c, n in chrom_sizes.items() if not (parts / f"{c}.f32").exists()}
    decoded = _report_progress(decoder.decode(tracks, missing), sum(missing.values()))

    def condense_and_pack(number: int, start: int, values: np.ndarray) -> Packed:
        return pack(number, condense(calibrate(values), background, start))

    track = parts / "track.bigWig"
    with (
        ThreadPoolExecutor(PACKERS, "packer") as packers,
        open_writer(track, chrom_sizes) as bigwig,
    ):
        pending: deque[Future[Packed]] = deque()
        for number, (chrom, size) in enumerate(chrom_sizes.items()):
            part = parts / f"{chrom}.f32"
            if chrom in missing:
                stretches = _keep(part, _cut_anew(decoded, size))
            else:
                log.info("%s: already decoded", chrom)
                stretches = _read_part(part, size)
            for start, values in stretches:
                pending.append(packers.submit(condense_and_pack, number, start, values))
                if len(pending) > PACKED_AHEAD:
                    bigwig.write(pending.popleft().result())
        for packed in pending:
            bigwig.write(packed.result())
    track.replace(path)
    discard_parts(parts)


def _report_progress(
    decoded: Iterator[tuple[str, Tile, np.ndarray]], total: int
) -> Iterator[np.ndarray]:
    """Pass on what is decoded, and tell how much of the genome that is, and how long it takes."""
    done, began, told = 0, time.monotonic(), 0.0
    for chrom, _, values in decoded:
        done += len(values)
        now = time.monotonic()
        if now - told > PROGRESS_INTERVAL or done == total:
            told, rate = now, done / (now - began) / 1e3
            left = timedelta(seconds=round((total - done) / 1e3 / rate))
            message = "%s: %.1f of %.1f Mb, %.0f kb/s, about %s left"
            log.log(PROGRESS, message, chrom, done / 1e6, total / 1e6, rate, left)
        yield values


def _cut_anew(pieces: Iterator[np.ndarray], size: int) -> Iterator[tuple[int, np.ndarray]]:
    """Take the pieces of a chromosome and yield it in stretches: first base, float32 [n]."""
    rest = np.empty(0, np.float32)
    for _, start, end in cut_chromosomes({"": size}, STRETCH):
        stretch, filled = np.empty(end - start, np.float32), 0
        while filled < len(stretch):
            rest = rest if len(rest) else next(pieces)
            taken = rest[: len(stretch) - filled]
            stretch[filled : filled + len(taken)] = taken
            filled, rest = filled + len(taken), rest[len(taken) :]
        yield start, stretch


def _keep(
    part: Path, stretches: Iterator[tuple[int, np.ndarray]]
) -> Iterator[tuple[int, np.ndarray]]:
    """Pass on a chromosome's stretches, and write them to a file, float32."""
    with new_file(part) as unfinished, unfinished.open("wb") as file:
        for start, values in stretches:
            file.write(values.data)
            yield start, values


def _read_part(part: Path, size: int) -> Iterator[tuple[int, np.ndarray]]:
    """The stretches that `_keep` wrote."""
    for _, start, end in cut_chromosomes({"": size}, STRETCH):
        yield start, np.fromfile(part, np.float32, end - start, offset=4 * start)


def identify(decoder: Decoder, tracks: Tracks) -> str:
    """What decoded chromosomes depend on: networks, strands, the files and the scale of signals."""
    digest = hashlib.sha256()
    for network in decoder.networks:
        digest.update(network.to_json().encode())
        for weight in network.get_weights():
            digest.update(weight.tobytes())
    return f"{digest.hexdigest()} {decoder.both_strands} {tracks.scales} {list_states(tracks)}"
