"""A bundle applied to a cell line: the track, the called sites, and what the signals are like."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from leopard.decoding.bundle import Bundle
from leopard.decoding.cell_line import open_cell_line
from leopard.decoding.peaks import write_calls
from leopard.decoding.region_track import write_regions
from leopard.decoding.track import decode_genome
from leopard.errors import InputError
from leopard.genome.chromosomes import choose_chromosomes
from leopard.genome.tracks import Region


def apply_bundle(
    bundle: Bundle,
    fasta: Path,
    signals: Mapping[str, Sequence[Path]],
    output: Path,
    chromosomes: Sequence[str] | None = None,
    regions: Sequence[Region] | None = None,
    other_genome: bool = False,
) -> dict[str, Path]:
    """Decode a cell line with a bundle.

    Args:
        bundle: It.
        fasta: The genome, indexed.
        signals: By track of the bundle, the bigWigs of its replicates.
        output: A directory; its name is taken for the cell line's.
        chromosomes: Those to decode; by default all that are no alternative, unplaced or
            mitochondrial ones.
        regions: To decode, instead of chromosomes, and to make a table of; they may overlap.
        other_genome: Whether another genome than the bundle's is meant.

    Returns:
        What was written, by kind: track, calls, counts and, of regions, regions.

    Raises:
        InputError: What is given does not fit the bundle.
    """
    output.mkdir(parents=True, exist_ok=True)
    tracks = open_cell_line(bundle, fasta, signals, output, other_genome)
    written = {
        "track": output / "binding.bigWig",
        "calls": output / "binding.narrowPeak",
        "counts": output / "calls.tsv",
    }
    background = bundle.manifest["decoding"]["background"]
    looked_at = None
    if regions is not None:
        written["regions"] = output / "regions.tsv"
        looked_at = write_regions(
            bundle.decoder,
            tracks,
            regions,
            background,
            bundle.threshold,
            written["track"],
            written["regions"],
            bundle.calibration,
        )
    else:
        chosen = chromosomes or choose_chromosomes(tracks.chrom_sizes)
        if unknown := [x for x in chosen if x not in tracks.chrom_sizes]:
            raise InputError(fasta, f"no sequence {unknown[0]}", "name others")
        decode_genome(
            bundle.decoder,
            tracks,
            {chrom: tracks.chrom_sizes[chrom] for chrom in chosen},
            background,
            written["track"],
            output / "parts",
            bundle.calibration,
        )
    write_calls(
        *(written["track"], bundle.threshold, tracks, written["calls"], written["counts"]),
        regions=looked_at,
    )
    return written
