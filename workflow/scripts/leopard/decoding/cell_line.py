"""A cell line of one's own for a bundle: genome and signals checked, and put on their scales."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from leopard.decoding.bundle import Bundle
from leopard.decoding.bundle_file import average_file, reference_file
from leopard.decoding.parts import list_states, prepare_parts
from leopard.errors import InputError
from leopard.genome.chromosomes import choose_chromosomes
from leopard.genome.tracks import Tracks, read_chrom_sizes
from leopard.inputs.bigwig_contents import find_present
from leopard.inputs.signals import (
    match_quantiles,
    measure_signal,
    open_line,
    sample_signal,
    write_measures,
    write_normalised,
)
from leopard.study.tracks import AVERAGE

log = logging.getLogger(__name__)


def check_genome(bundle: Bundle, fasta: Path, sizes: Mapping[str, int]) -> None:
    """Raise InputError unless a genome is the one that a bundle was made for, by its lengths."""
    own = bundle.manifest["genome"]["chromosomes"]
    shared = [name for name in sizes if name in own]
    assembly = bundle.manifest["genome"]["assembly"] or "another one"
    remedy = f"give {assembly}, or say that another genome is meant (--other-genome)"
    if not shared:
        problem = f"none of its sequences is called as in the bundle's, such as {next(iter(own))}"
        raise InputError(fasta, problem, remedy)
    for name in shared:
        if sizes[name] != own[name]:
            problem = f"{name} has {sizes[name]:,} bases, and {own[name]:,} in the bundle's genome"
            raise InputError(fasta, problem, remedy)


def choose_measured(chromosomes: Sequence[str], sizes: Mapping[str, int]) -> list[str]:
    """What a scale is measured on: as in the bundle's study; in another genome, the main ones."""
    return list(chromosomes) if set(chromosomes) <= set(sizes) else choose_chromosomes(sizes)


def open_cell_line(
    bundle: Bundle,
    fasta: Path,
    signals: Mapping[str, Sequence[Path]],
    directory: Path,
    other_genome: bool = False,
) -> Tracks:
    """Open a cell line as the networks of a bundle are to see it.

    Args:
        bundle: It.
        fasta: The genome, indexed.
        signals: By track of the bundle, the bigWigs of its replicates.
        directory: For what is made of the signals: measures.tsv, and normalised bigWigs.
        other_genome: Whether another genome than the bundle's is meant; bases excluded there are
            not excluded here.

    Raises:
        InputError: Another genome, a track that is missing or unknown, or one without signal.
    """
    wanted = bundle.manifest["tracks"]
    if set(signals) != set(wanted):
        problem = f"the bundle sees {', '.join(wanted)}, and what is given is {', '.join(signals)}"
        raise InputError(bundle.path, problem, "give each of them, and no other")
    excluded = None if other_genome else bundle.excluded
    sizes = read_chrom_sizes(fasta)
    if not other_genome:
        check_genome(bundle, fasta, sizes)
    opened = {}
    for path in (path for name in wanted for path in signals[name]):
        find_present(path, sizes, choose_chromosomes(sizes))
    for name, own in wanted.items():
        chromosomes = choose_measured(own["measured"], sizes)
        single = Tracks(fasta, signals[name], excluded=excluded)
        log.info("%s: measured on %s", name, ", ".join(chromosomes))
        files, measures = [str(x) for x in signals[name]], directory / f"{name}.measures.tsv"
        write_measures(measures, directory.name, name, measure_signal(single, chromosomes))
        if own["scaling"] == "quantile":
            files = [str(_normalise(bundle, name, single, chromosomes, directory))]
        opened[name] = (files, [str(measures)] if own["scaling"] == "mean" else [])
    for array in bundle.arrays:
        if array.startswith(AVERAGE):
            path = bundle.file(average_file(array.removeprefix(AVERAGE)))
            opened[array] = ([str(path)], [])
    return open_line(fasta, {name: opened[name] for name in bundle.arrays}, excluded=excluded)


def _normalise(
    bundle: Bundle, track: str, signal: Tracks, chromosomes: Sequence[str], directory: Path
) -> Path:
    """A signal with the quantiles of a bundle's reference line: the one of a run before, or anew.

    One that is new would make what was decoded of the one before it out of date.
    """
    kept = directory / f"{track}.normalised"
    reference = reference_file(track)
    prepare_parts(kept, f"{bundle.manifest['files'][reference]} {list_states(signal)}")
    normalised = kept / f"{track}.bigWig"
    if not normalised.exists():
        values = np.load(bundle.file(reference), allow_pickle=False)
        sample = sample_signal(signal, chromosomes, bundle.manifest["tracks"][track]["seed"])
        mapped = match_quantiles(sample, values)
        write_normalised(normalised, signal, list(signal.chrom_sizes), mapped)
    return normalised
