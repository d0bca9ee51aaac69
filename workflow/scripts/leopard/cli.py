"""The command `leopard`: what a trained model says of cells of one's own, without a study."""

import argparse
import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import leopard
from leopard.errors import InputError
from leopard.interpretation.explain_command import add_explain
from leopard.interpretation.variant_command import add_variants

DESCRIPTION = """\
Decode where a transcription factor binds, base by base, with a model that somebody trained: a
bundle, one .zip file. What is needed is the genome, and the accessibility of the cells."""

EXAMPLE = """\
leopard card ctcf.zip
leopard decode ctcf.zip --genome hg38.fa --signal atac.bigWig -o my_cells
leopard explain ctcf.zip --genome hg38.fa --signal atac.bigWig -o my_cells
leopard variants ctcf.zip --genome hg38.fa --signal atac.bigWig --variants my.vcf.gz -o my_cells
leopard calls my_cells/binding.bigWig --bundle ctcf.zip -o strict.narrowPeak --threshold 0.9

Exit codes: 0, done; 1, something that was given cannot be used, and the last line says what and
why; 2, the command itself cannot be understood."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: Without the command's name; by default those of the process.

    Returns:
        The exit code.
    """
    asked = _parser().parse_args(arguments)
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.getLogger("leopard").setLevel(leopard.PROGRESS)
    try:
        asked.run(asked)
    except (InputError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"stopped; the same command goes on from the last {asked.goes_on}")
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        "leopard", description=DESCRIPTION, epilog=EXAMPLE, formatter_class=form
    )
    parser.add_argument("--version", action="version", version=str(leopard.__version__))
    parser.set_defaults(goes_on="finished chromosome")
    commands = parser.add_subparsers(required=True, metavar="command")

    card = commands.add_parser("card", help="tell what a bundle is, and how good")
    card.add_argument("bundle", type=Path, help="the bundle, a .zip file")
    card.set_defaults(run=_card)

    cells = _cells_parser()
    decode = commands.add_parser(
        "decode",
        parents=[cells],
        help="make the track of probabilities and the called sites of a cell line",
        description="Writes binding.bigWig, the probability that each base is bound; "
        "binding.narrowPeak, the called sites; and {track}.measures.tsv, what the signal is like. "
        "With --regions, all of that of these regions alone, and regions.tsv, what was found in "
        "each. A run that was stopped goes on from the last finished chromosome.",
    )
    which = decode.add_mutually_exclusive_group()
    which.add_argument("--chromosomes", nargs="+", metavar="NAME", help="those to decode")
    which.add_argument(
        "--regions", type=Path, metavar="BED", help="decode these alone, and tabulate them"
    )
    decode.add_argument(
        "--precision",
        choices=["float32", "auto"],
        help="auto computes in bfloat16 where that is faster",
    )
    decode.set_defaults(run=_decode)

    add_explain(commands, cells, _open_cells)
    add_variants(commands, cells, _open_cells)

    calls = commands.add_parser("calls", help="call sites of a track anew")
    calls.add_argument("track", type=Path, help="bigWig of probabilities")
    calls.add_argument("-o", "--output", type=Path, required=True, help="a narrowPeak file")
    calls.add_argument("--bundle", type=Path, help="whose threshold is taken, if none is given")
    calls.add_argument("--threshold", type=float, help="least probability of a called base")
    calls.set_defaults(run=_calls)
    return parser


def _cells_parser() -> argparse.ArgumentParser:
    """What is said of a bundle, and of the cells that it is applied to."""
    cells = argparse.ArgumentParser(add_help=False)
    cells.add_argument("bundle", type=Path, help="the bundle, a .zip file")
    cells.add_argument("--genome", type=Path, required=True, help="FASTA: plain, gzip or bgzip")
    cells.add_argument(
        "--signal",
        action="append",
        required=True,
        metavar="[TRACK=]FILE",
        help="a bigWig, BAM, CRAM, fragments or bedGraph; again for each replicate, which are "
        "summed. A bundle that sees several tracks needs the track's name before each: "
        "accessibility=atac.bigWig",
    )
    cells.add_argument(
        "--assay",
        choices=["atac", "dnase", "other"],
        help="what reads or fragments are of: how they are shifted, and what of them is counted",
    )
    cells.add_argument(
        "--shift",
        nargs=2,
        type=int,
        metavar=("PLUS", "MINUS"),
        help="bases by which reads of the two strands are shifted, instead of those of the assay: "
        "0 0 where another program has shifted them",
    )
    cells.add_argument("-o", "--output", type=Path, required=True, help="a directory")
    cells.add_argument(
        "--other-genome",
        action="store_true",
        help="the genome is meant to be another one than the bundle's",
    )
    cells.add_argument("--checksum", help="SHA-256 that the bundle must have")
    cells.add_argument("--threads", type=int, default=os.cpu_count(), help="of the processor")
    cells.set_defaults(precision="float32")
    cells.add_argument("--backend", choices=["tensorflow", "jax"], help="what Keras runs on")
    return cells


def _card(asked: argparse.Namespace) -> None:
    print(leopard.open_bundle(asked.bundle).card, end="")


def _open_cells(asked: argparse.Namespace) -> tuple[Any, Path, dict[str, list[Path]]]:
    """The bundle, the indexed genome and the bigWigs of each track; the backend is set up."""
    with _silent():
        from leopard import devices

        devices.set_up(asked.threads, asked.backend)

        import leopard.decoding.apply

    from leopard.decoding.bundle_check import find_counting
    from leopard.genome.tracks import read_chrom_sizes

    bundle = leopard.open_bundle(asked.bundle, asked.checksum, asked.precision)
    signals = _by_track(asked.signal, list(bundle.manifest["tracks"]))
    asked.output.mkdir(parents=True, exist_ok=True)
    fasta = _index_genome(asked.genome, asked.output)
    sizes = read_chrom_sizes(fasta)
    for track, files in signals.items():
        reads = find_counting(bundle, track, asked.shift)
        signals[track] = [
            _count(path, asked.output / f"{track}.{number}.bigWig", sizes, asked, reads)
            for number, path in enumerate(files, 1)
        ]
    return bundle, fasta, signals


def _decode(asked: argparse.Namespace) -> None:
    bundle, fasta, signals = _open_cells(asked)

    from leopard.decoding.apply import apply_bundle
    from leopard.genome.formats import read_bed
    from leopard.genome.tracks import iterate_regions, read_chrom_sizes

    regions = None
    if asked.regions:
        regions = list(iterate_regions(read_bed(asked.regions, read_chrom_sizes(fasta))))
    written = apply_bundle(
        bundle, fasta, signals, asked.output, asked.chromosomes, regions, asked.other_genome
    )
    written["likeness"] = asked.output / "likeness.tsv"
    _judge(bundle, fasta, signals, asked, written)
    for kind, path in written.items():
        print(f"{kind}: {path}")


def _judge(
    bundle: Any,
    fasta: Path,
    signals: Mapping[str, Sequence[Path]],
    asked: argparse.Namespace,
    written: Mapping[str, Path],
) -> None:
    """Write and say whether the signals are like those that the networks were trained on."""
    import pandas as pd

    from leopard.evaluation.new_line import judge_bundle
    from leopard.genome.formats import NARROWPEAK, read_table

    measures = [read_table(asked.output / f"{x}.measures.tsv") for x in bundle.manifest["tracks"]]
    calls = read_table(written["calls"], NARROWPEAK)
    whole = asked.regions is None
    _, table = judge_bundle(
        bundle, fasta, signals, pd.concat(measures), calls, asked.other_genome, whole
    )
    table.to_csv(written["likeness"], sep="\t", index=False, float_format="%.5g")
    for row in table.itertuples():
        print(f"{row.track}: {row.verdict}{f' ({row.against})' if row.against else ''}")
    if not whole:
        print("(by depth, coverage and quantiles; without --regions also by what is around motifs)")


@contextmanager
def _silent() -> Iterator[None]:
    """Without what native libraries say of themselves as they are loaded."""
    sys.stderr.flush()
    kept = os.dup(2)
    with Path(os.devnull).open("w") as nothing:
        os.dup2(nothing.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _by_track(given: Sequence[str], tracks: Sequence[str]) -> dict[str, list[Path]]:
    """The files of each track; one without a name is of the first."""
    signals: dict[str, list[Path]] = {}
    for item in given:
        track, equals, path = item.partition("=")
        if not equals or track not in tracks:
            track, path = tracks[0], item
        if not Path(path).is_file():
            raise InputError(path, "no such file", "correct the path after --signal")
        signals.setdefault(track, []).append(Path(path))
    return signals


def _count(
    source: Path,
    counted: Path,
    sizes: Mapping[str, int],
    asked: argparse.Namespace,
    settings: Mapping[str, Any],
) -> Path:
    """The bigWig of a signal: itself, or one made of reads, if there is none made in that way."""
    from leopard.decoding.parts import make_once, state_of
    from leopard.genome.chromosomes import choose_chromosomes
    from leopard.inputs.reads import count_reads
    from leopard.study.reads import kind_of

    kind = kind_of(source.name)
    if kind is None:
        return source
    if kind != "bedGraph" and asked.assay is None:
        raise InputError(source, "reads, but of which assay", "give --assay")
    wanted = {chrom: sizes[chrom] for chrom in choose_chromosomes(sizes)}
    make_once(
        counted,
        f"{state_of(source.resolve())} {asked.assay} {settings}\n",
        lambda: count_reads(counted, source, wanted, asked.assay, settings, threads=asked.threads),
    )
    return counted


def _index_genome(given: Path, output: Path) -> Path:
    """The genome, indexed: as it is if it has an index, else a copy beside the results."""
    from leopard.decoding.parts import make_once, state_of
    from leopard.inputs.genome_file import prepare_genome

    if given.is_file() and Path(f"{given}.fai").is_file() and given.suffix != ".gz":
        return given
    copy = output / "genome.fa"
    identity = f"{state_of(given.resolve())}\n" if given.exists() else ""
    make_once(copy, identity, lambda: prepare_genome(given, copy))
    return copy


def _calls(asked: argparse.Namespace) -> None:
    from leopard.decoding.peaks import call_track, write_narrowpeak

    threshold = asked.threshold
    if threshold is None:
        if asked.bundle is None:
            raise InputError("leopard calls", "no threshold", "give --threshold, or --bundle")
        threshold = leopard.open_bundle(asked.bundle).threshold
    calls = call_track(asked.track, threshold)
    write_narrowpeak(asked.output, calls)
    print(f"{len(calls)} sites from a probability of {threshold:.3g} on: {asked.output}")


if __name__ == "__main__":
    sys.exit(main())
