"""A bundle applied to a cell line: the track, the called sites, and what the signals are like."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from leopard.decoding.bundle import Bundle
from leopard.decoding.cell_line import choose_chromosomes, open_cell_line
from leopard.decoding.peaks import write_calls
from leopard.decoding.regions import Region, decode_regions, tabulate_regions
from leopard.decoding.track import decode_genome
from leopard.errors import InputError


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
        regions: To decode, instead of chromosomes.
        other_genome: Whether another genome than the bundle's is meant.

    Returns:
        What was written, by kind: track and calls, or regions.

    Raises:
        InputError: What is given does not fit the bundle.
    """
    output.mkdir(parents=True, exist_ok=True)
    tracks = open_cell_line(bundle, fasta, signals, output, other_genome)
    decoder = bundle.decoder
    if regions is not None:
        table = output / "regions.tsv"
        decoded = map(bundle.calibration, decode_regions(decoder, tracks, regions))
        found = tabulate_regions(regions, decoded, bundle.threshold)
        found.to_csv(table, sep="\t", index=False, float_format="%.4g")
        return {"regions": table}
    chosen = chromosomes or choose_chromosomes(tracks.chrom_sizes)
    if unknown := [x for x in chosen if x not in tracks.chrom_sizes]:
        raise InputError(fasta, f"no sequence {unknown[0]}", "name others")
    sizes = {chrom: tracks.chrom_sizes[chrom] for chrom in chosen}
    track, calls = output / "binding.bigWig", output / "binding.narrowPeak"
    decode_genome(
        decoder,
        tracks,
        sizes,
        bundle.manifest["decoding"]["background"],
        track,
        output / "parts",
        bundle.calibration,
    )
    write_calls(track, bundle.threshold, tracks, calls, output / "calls.tsv")
    return {"track": track, "calls": calls}
