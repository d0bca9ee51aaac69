"""Variants scored, from a file to files: the steps that a study and a bundle share."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from leopard.genome.tracks import Tracks
from leopard.interpretation.alleles import iterate_alleles, judge_record
from leopard.interpretation.haplotypes import Variant
from leopard.interpretation.variant_files import VariantFile
from leopard.interpretation.variant_results import open_scored, write_results
from leopard.interpretation.variant_scores import Scorer, score_chromosome, share_background


@dataclass(frozen=True)
class Settings:
    """How variants are scored.

    Attributes:
        neighbourhood: Bases to each side of a variant over which alleles are compared.
        longest_allele: Bases of the longest allele that is scored.
        background: Random variants of each kind to compare scores with.
        seed: Of these.
    """

    neighbourhood: int = 100
    longest_allele: int = 50
    background: int = 2000
    seed: int = 1


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


def gather_scores(
    path: Path,
    fasta: Path,
    parts: Mapping[str, tuple[Path, Path]],
    settings: Settings,
    origin: str,
    table: Path,
    vcf: Path | None,
) -> None:
    """Write the scores of all chromosomes as a table, and as a VCF if that is what was given.

    Args:
        path: The file of variants.
        fasta: The indexed genome.
        parts: By chromosome that is scored, what `score_file` wrote.
        settings: How they were scored.
        origin: Which model and cell line.
        table: The table.
        vcf: The VCF.
    """
    scored = {chrom: open_scored(*files) for chrom, files in parts.items()}
    alleles = iterate_alleles(
        VariantFile(path), Tracks(fasta), list(parts), settings.longest_allele
    )
    about = [
        f"model={origin}",
        "accessibility=that of the reference for both alleles; bases that an allele inserts have "
        "that of the base before them",
        f"neighbourhood={settings.neighbourhood} bases to each side of a variant",
        f"background={settings.background} random variants of each kind, seed {settings.seed}",
    ]
    write_results(VariantFile(path), alleles, scored, about, table, vcf)
