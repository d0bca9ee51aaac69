"""Decoding with a bundle, against its study's own track; regions, against the bare network.

A finished study, with its bundles exported. In the first row both sides decode the same
chromosomes and call sites, their networks loaded before; the bundle has the signal to measure,
which the study has done before. In the second, the reference is `predict_on_batch` on the windows
that regions of 1 kb become with what they depend on, in memory and in batches as large. Last, the
command on one region, from its start to its end, beside the import of Keras and TensorFlow that it
cannot do without.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import numpy as np
from contest import HEADER, ROOT, contest, rate

REGIONS, LENGTH = 1000, 1000
START = "import keras, tensorflow"


def spend(*arguments: str) -> tuple[float, float]:
    """Seconds that a process of this Python takes: by the clock, and of the processor."""
    library = {"PYTHONPATH": str(ROOT / "workflow/scripts"), "TF_CPP_MIN_LOG_LEVEL": "3"}
    before, began = getrusage(RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, *arguments]
    subprocess.run(command, env=os.environ | library, check=True, capture_output=True)
    wall, after = time.perf_counter() - began, getrusage(RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Run the contests and print tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path, help="its results, such as results/demo")
    parser.add_argument("--signal", type=Path, help="bigWig of a cell line, if not simulated")
    parser.add_argument("--chromosomes", nargs="+", help="to decode (default: as the study did)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds (default 3)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default 2)")
    arguments = parser.parse_args()

    import leopard
    from leopard import devices

    devices.set_up(arguments.threads)

    import pyBigWig
    from leopard import models
    from leopard.decoding import calibration, region_track
    from leopard.decoding.apply import apply_bundle
    from leopard.decoding.decoder import Decoder, predict_windows
    from leopard.decoding.peaks import write_calls
    from leopard.decoding.track import decode_genome
    from leopard.inputs.signals import open_line

    study = arguments.study
    bundle = sorted((study / "export").glob("*.zip"))[-1]
    own, trained = study / "models" / bundle.stem, study / "predictions" / bundle.stem
    line = sorted(trained.glob("*.bigWig"))[0]
    signal = arguments.signal or study / "simulated" / line.name
    fasta, excluded = study / "genome/genome.fa", study / "genome/excluded.bed"
    with pyBigWig.open(str(line)) as track:
        chromosomes = arguments.chromosomes or list(track.chroms())
    about = leopard.open_bundle(bundle).manifest
    seen = next(iter(about["tracks"]))
    measures = study / f"signals/{line.stem}.{seen}.measures.tsv"
    decoding = about["decoding"]

    with tempfile.TemporaryDirectory() as temporary:
        out, made = Path(temporary) / "bundle", Path(temporary) / "study"
        made.mkdir()

        opened = leopard.open_bundle(bundle)
        networks = [models.load(x) for x in sorted(own.glob("*/model.keras"))]
        tiles = decoding["tile_length"], decoding["batch_size"], decoding["reverse_complement"]
        decoder, calibrate = Decoder(networks, *tiles), calibration.read(own / "calibration.json")
        tracks = open_line(fasta, {seen: ([str(signal)], [str(measures)])}, excluded=excluded)
        sizes = {chrom: tracks.chrom_sizes[chrom] for chrom in chromosomes}
        bases = sum(sizes.values())

        def ours() -> None:
            apply_bundle(opened, fasta, {seen: [signal]}, out, chromosomes)

        def theirs() -> None:
            # As the rules predict_binding and call_peaks do.
            track, parts = made / "track.bigWig", made / "parts"
            background = decoding["background"]
            decode_genome(decoder, tracks, sizes, background, track, parts, calibrate)
            calls = made / "calls.narrowPeak", made / "calls.tsv"
            write_calls(track, about["threshold"], tracks, *calls)

        for side in (opened.decoder, decoder):  # which compiles the networks
            shape = side.batch_size, side.tile_length
            side.predict(np.zeros(shape, np.uint8), np.zeros((*shape, 1), np.float32))
        print(HEADER)
        contest(
            "decoding with the bundle, kb/s",
            partial(rate, bases / 1e3, ours),
            partial(rate, bases / 1e3, theirs),
            arguments.rounds,
        )
        same = (out / "binding.bigWig").read_bytes() == (made / "track.bigWig").read_bytes()
        print(f"the two tracks are {'the same' if same else 'not the same'}")

        rng = np.random.default_rng(1)
        decoder, recorded = opened.decoder, []
        regions = [
            (chrom, start, start + LENGTH)
            for chrom in rng.choice(chromosomes, REGIONS)
            for start in rng.integers(0, tracks.chrom_sizes[chrom] - LENGTH, 1).tolist()
        ]
        joined = region_track.join_regions(regions, tracks.chrom_sizes)

        def decode_regions() -> None:
            apply_bundle(opened, fasta, {seen: [signal]}, out, regions=regions)

        def keep(codes: np.ndarray, signals: np.ndarray) -> np.ndarray:
            recorded.append((codes, signals))
            return predict(codes, signals)

        predict, decoder.predict = decoder.predict, keep
        decode_regions()  # which also compiles the network
        decoder.predict = predict
        windows = [codes.shape for codes, _ in recorded]
        print(
            f"{len(regions)} regions of {LENGTH} bases, {len(joined)} stretches apart, in "
            f"{sum(n for n, _ in windows)} windows of {windows[0][1]} bases"
        )

        def bare() -> None:
            for codes, signals in recorded:
                predict_windows(decoder.networks, codes, signals, decoder.both_strands)

        contest(
            "regions of 1 kb a second",
            partial(rate, len(regions), decode_regions),
            partial(rate, len(regions), bare),
            arguments.rounds,
        )

        bed = Path(temporary) / "one.bed"
        bed.write_text("\t".join(map(str, regions[0])) + "\n")
        command = ["-m", "leopard.cli", "decode", str(bundle), "--genome", str(fasta)]
        command += ["--signal", str(signal), "-o", str(out), "--regions", str(bed)]
        print("start to end\tseconds\tCPU seconds")
        for name, words in (("leopard decode, one region", command), (START, ["-c", START])):
            best = np.min([spend(*words) for _ in range(arguments.rounds)], axis=0)
            print(f"{name}\t{best[0]:.1f}\t{best[1]:.1f}", flush=True)


if __name__ == "__main__":
    main()
