"""Variants scored, from a file to files: the steps that a study and a bundle share."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from leopard.decoding.bundle import Bundle
from leopard.decoding.cell_line import open_cell_line
from leopard.decoding.parts import discard_parts, prepare_parts, state_of
from leopard.decoding.track import identify
from leopard.errors import InputError
from leopard.evaluation.motif_scores import measure_background
from leopard.genome.chromosomes import choose_chromosomes
from leopard.genome.tracks import Tracks, read_chrom_sizes
from leopard.interpretation.alleles import (
    Settings,
    check_variants,
    judge_record,
    scored_chromosomes,
)
from leopard.interpretation.haplotypes import Variant
from leopard.interpretation.variant_contributions import explain_alleles
from leopard.interpretation.variant_examples import list_best, write_letters
from leopard.interpretation.variant_files import VariantFile
from leopard.interpretation.variant_results import gather_scores
from leopard.interpretation.variant_scores import Scorer, score_chromosome, share_background
from leopard.study.variants import vcf_ending


def list_variants(
    path: Path, genome: Tracks, chrom: str, chromosomes: Sequence[str], longest: int
) -> Iterator[Variant]:
    """The variants of a chromosome that can be scored, in the order of the file."""
    for record in VariantFile(path):
        if record.chrom == chrom:
            for allele in judge_record(record, genome, chromosomes, longest):
                if allele.variant is not None:
                    yield allele.variant


def score_file(
    scorer: Scorer,
    path: Path,
    fasta: Path,
    chrom: str,
    chromosomes: Sequence[str],
    counts: pd.DataFrame,
    settings: Settings,
    outputs: tuple[Path, Path],
) -> None:
    """Score what a file has of a chromosome.

    Args:
        scorer: It.
        path: The file of variants.
        fasta: The indexed genome.
        chrom: The chromosome.
        chromosomes: All that are scored.
        counts: As from `leopard.interpretation.alleles.check_variants`.
        settings: How.
        outputs: The files of `score_chromosome`.
    """
    quotas = share_background(settings.background, counts, chrom)
    own = counts[(counts["chrom"] == chrom) & counts["outcome"].isin(list(quotas))]
    # A reader of its own: that of the signals is read by another thread meanwhile.
    variants = list_variants(path, Tracks(fasta), chrom, chromosomes, settings.longest_allele)
    total = int(own["alleles"].sum())
    score_chromosome(scorer, chrom, variants, total, quotas, settings.seed, *outputs)


def score_with_bundle(
    bundle: Bundle,
    fasta: Path,
    signals: Mapping[str, Sequence[Path]],
    path: Path,
    output: Path,
    settings: Settings,
    keep_mismatches: bool = False,
    other_genome: bool = False,
    keep_drawn: bool = False,
) -> dict[str, Path]:
    """Score variants in a cell line with a bundle.

    A finished chromosome is kept until all are, so that a run that was killed goes on from there if
    the networks, the signals, the variants and the settings are still the same.

    Args:
        bundle: It.
        fasta: The genome, indexed.
        signals: By track of the bundle, the bigWigs of its replicates.
        path: The file of variants.
        output: A directory; its name is taken for the cell line's.
        settings: How.
        keep_mismatches: Whether records whose REF is not the genome's are passed over.
        other_genome: Whether another genome than the bundle's is meant.
        keep_drawn: Whether what figures draw is kept, in a directory `drawn` and an `.npz`.

    Returns:
        What was written, by kind: table, vcf if a VCF was given, drawn and letters.

    Raises:
        InputError: What is given does not fit the bundle, or the genome.
    """
    output.mkdir(parents=True, exist_ok=True)
    written = {"table": output / "variants.tsv"}
    if ending := vcf_ending(path.name):
        written["vcf"] = output / f"variants{ending}"
    if any(x.exists() and x.samefile(path) for x in written.values()):
        raise InputError(path, "the results would be written over it", "name another directory")
    chromosomes = choose_chromosomes(read_chrom_sizes(fasta))
    longest = settings.longest_allele
    counts = check_variants(path, Tracks(fasta), chromosomes, longest, keep_mismatches)
    tracks = open_cell_line(bundle, fasta, signals, output, other_genome)
    flank = settings.neighbourhood
    scorer = Scorer(bundle.decoder, tracks, flank, longest, bundle.calibration)
    own = f"{settings} {state_of(path)} {bundle.calibration}"
    directory = output / "parts"
    prepare_parts(directory, f"{identify(bundle.decoder, tracks)} {own}")
    parts = {}
    for chrom in scored_chromosomes(counts):
        parts[chrom] = directory / f"{chrom}.npy", directory / f"{chrom}.npz"
        if not parts[chrom][0].exists():  # the last to be written
            score_file(scorer, path, fasta, chrom, chromosomes, counts, settings, parts[chrom])
    origin = f"{bundle.name} in {output.name}"
    gather_scores(
        path, fasta, parts, chromosomes, settings, origin, written["table"], written.get("vcf")
    )
    if keep_drawn:
        written["drawn"] = output / "drawn"
        written["drawn"].mkdir(exist_ok=True)
        for _, drawn in parts.values():
            shutil.copy(drawn, written["drawn"])
        best = list_best([drawn for _, drawn in parts.values()])
        composition = measure_background(tracks, chromosomes)
        written["letters"] = output / "contributions.npz"
        write_letters(
            written["letters"], explain_alleles(best, bundle.decoder, tracks, composition)
        )
    discard_parts(directory)
    return written
