"""Scored variants as people read them: p and q values, the VCF with its fields, the table."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.stats import false_discovery_control

from leopard.genome.formats import new_file
from leopard.genome.tracks import Tracks
from leopard.interpretation.alleles import KINDS, REASONS, Allele, Settings, iterate_alleles
from leopard.interpretation.profiles import MEASURES, SCORE
from leopard.interpretation.variant_examples import Examples
from leopard.interpretation.variant_files import VariantFile
from leopard.interpretation.variant_text import new_text

PLACES = ("allele1_pos", "allele2_pos")
RANKS = tuple(f"{MEASURES[SCORE]}.{x}" for x in ("quantile", "pval", "qval"))
"""Of a score among those of random variants."""

PREFIX = "LEOPARD_"
FIELDS = {
    "logit_difference": ("LOGIT", "Logit of the largest probability near ALT minus that near REF"),
    "logit_difference.sd": ("LOGIT_SD", "Standard deviation of LOGIT over members of the model"),
    "floored_difference": ("FLOORED", "LOGIT, with what is less likely than average as average"),
    "floored_difference.quantile": ("QUANTILE", "Share of random variants, FLOORED nearer to 0"),
    "floored_difference.pval": ("P", "P value of FLOORED among random variants, two-sided"),
    "floored_difference.qval": ("Q", "False discovery rate of P (Benjamini and Hochberg)"),
    "allele1_max": ("REF_MAX", "Largest probability of binding near REF"),
    "allele1_pos": ("REF_POS", "Where REF_MAX is"),
    "allele2_max": ("ALT_MAX", "Largest probability of binding near ALT"),
    "allele2_pos": ("ALT_POS", "Where ALT_MAX is, as a position of the reference"),
    "sum_difference": ("SUM", "Sum of probabilities near ALT minus that near REF"),
    "logfc": ("LOGFC", "Binary logarithm of the ratio of these sums, ALT to REF"),
    "jsd": ("JSD", "Jensen-Shannon distance of both profiles, base 2"),
    "reference_accessibility": ("ACCESS", "Mean accessibility near REF, as the model sees it"),
}
"""INFO fields of a VCF, by column of the table."""

SKIPPED = f"{PREFIX}SKIPPED"
ABOUT = "##leopard_"
COLUMNS = (
    *("chr", "pos", "allele1", "allele2", "variant_id"),
    *MEASURES[: SCORE + 1],
    *RANKS,
    *MEASURES[SCORE + 1 :],
    "skipped",
)
"""Of the table; those that variant-scorer has, too, are called as there."""


class Scored(NamedTuple):
    """What was scored of a chromosome.

    Attributes:
        scores: `MEASURES`, float64 [n, measures].
        background: By kind, scores of random variants, float64 [any].
    """

    scores: np.ndarray
    background: Mapping[str, np.ndarray]


def write_nothing(chrom: str, scores: Path, drawn: Path) -> None:
    """Write what `score_chromosome` would of a chromosome without variants."""
    Examples(chrom, 0).write(drawn, {})
    with new_file(scores) as unfinished, unfinished.open("wb") as file:
        np.save(file, np.empty((0, len(MEASURES))))


def open_scored(scores: Path, drawn: Path) -> Scored:
    """Read what `leopard.interpretation.variant_scores.score_chromosome` wrote."""
    with np.load(drawn) as arrays:
        background = {kind: arrays[kind] for kind in KINDS if kind in arrays}
    return Scored(np.load(scores, mmap_mode="r"), background)


def gather_background(scored: Collection[Scored]) -> dict[str, np.ndarray]:
    """How far from 0 the scores of random variants of all chromosomes are, by kind; sorted."""
    found = {}
    for kind in KINDS:
        parts = [x.background[kind] for x in scored if kind in x.background]
        found[kind] = np.sort(np.abs(np.concatenate([*parts, np.empty(0)])))
    return found


def rank_scores(scores: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Quantile and p value of scores among those of random variants, two-sided.

    With n random variants, k of which are at least as far from 0, p is (k + 1) / (n + 1) (North,
    Curtis & Sham, American Journal of Human Genetics 2002).

    Args:
        scores: float64 [m].
        background: Distances from 0, sorted, float64 [n].

    Returns:
        float64 [m, 2]; of no background, NaN and 1.

    Example:
        >>> rank_scores(np.array([-3.0, 0.5]), np.array([1.0, 2.0, 3.0])).tolist()
        [[0.6666666666666666, 0.5], [0.0, 1.0]]
    """
    below = np.searchsorted(background, np.abs(scores))
    n = len(background)
    quantiles = below / n if n else np.full(len(scores), np.nan)
    return np.stack([quantiles, (n - below + 1) / (n + 1)], axis=1)


def rank_variants(scored: Mapping[str, Scored]) -> dict[str, np.ndarray]:
    """Quantile, p and q value of all variants, each among random ones of its kind.

    q is that of Benjamini & Hochberg (Journal of the Royal Statistical Society B 1995), over all
    variants.

    Args:
        scored: By chromosome.

    Returns:
        By chromosome, float64 [n, 3].
    """
    background = gather_background(scored.values())
    ranks = {}
    for chrom, (scores, _) in scored.items():
        own = np.empty((len(scores), len(RANKS)))
        lengthened = scores[:, MEASURES.index("length_difference")] != 0
        for kind, rows in zip(KINDS, (~lengthened, lengthened), strict=True):
            own[rows, :2] = rank_scores(scores[rows, SCORE], background[kind])
        ranks[chrom] = own
    adjusted = false_discovery_control(np.concatenate([x[:, 1] for x in ranks.values()]))
    first = 0
    for own in ranks.values():
        own[:, 2] = adjusted[first : first + len(own)]
        first += len(own)
    return ranks


def _iterate_rows(
    alleles: Iterable[Allele], scored: Mapping[str, Scored], ranks: Mapping[str, np.ndarray]
) -> Iterator[tuple[Allele, dict[str, str]]]:
    """Each allele with its numbers as text, by column; none of one that is not scored."""
    rows: Counter[str] = Counter()
    for allele in alleles:
        chrom, numbers = allele.record.chrom, {}
        if allele.variant is not None:
            row = rows[chrom]
            rows[chrom] += 1
            numbers = dict(zip(MEASURES, scored[chrom].scores[row], strict=True))
            numbers |= dict(zip(RANKS, ranks[chrom][row], strict=True))
        yield allele, {name: _format(name, value) for name, value in numbers.items()}


def _format(name: str, value: float) -> str:
    if np.isnan(value):
        return ""
    if name in PLACES:
        return str(int(value) + 1)
    return f"{value:.5g}"


def write_results(
    variants: VariantFile,
    alleles: Iterable[Allele],
    scored: Mapping[str, Scored],
    about: Sequence[str],
    table: Path,
    vcf: Path | None,
) -> None:
    """Write the scores of all alleles, those that have none with the reason.

    Args:
        variants: The file that they are from.
        alleles: All of it, in order.
        scored: By chromosome, of those alleles that are variants.
        about: Lines on what the scores are of, for the header of the VCF.
        table: A tab-separated table of a row for each allele.
        vcf: A VCF of a line for each record, as it was, with the fields `FIELDS`; bgzipped, and
            indexed by tabix, if it is called .gz.
    """
    ranks = rank_variants(scored)
    with ExitStack() as stack:
        rows = stack.enter_context(new_text(table))
        rows.write("\t".join(COLUMNS) + "\n")
        lines = stack.enter_context(new_text(vcf)) if vcf else None
        if lines:
            lines.write("\n".join([*_write_header(variants, about), ""]))
        paired = _iterate_rows(alleles, scored, ranks)
        for _, same in groupby(paired, key=lambda pair: pair[0].record.number):
            group = list(same)
            for allele, numbers in group:
                record, skipped = allele.record, allele.reason or ""
                letters = record.alternatives[allele.number]
                own = [record.chrom, str(record.start + 1), record.reference, letters, record.name]
                own += [numbers.get(name, "") for name in COLUMNS[len(own) : -1]]
                rows.write("\t".join([*own, skipped]) + "\n")
            if lines:
                lines.write(_annotate(group) + "\n")


def gather_scores(
    path: Path,
    fasta: Path,
    parts: Mapping[str, tuple[Path, Path]],
    chromosomes: Sequence[str],
    settings: Settings,
    origin: str,
    table: Path,
    vcf: Path | None,
) -> None:
    """Write the scores of all chromosomes as a table, and as a VCF if that is what was given.

    Args:
        path: The file of variants.
        fasta: The indexed genome.
        parts: By chromosome that has variants, what was written of it.
        chromosomes: All that are scored.
        settings: How they were scored.
        origin: Which model and cell line.
        table: The table.
        vcf: The VCF.
    """
    scored = {chrom: open_scored(*files) for chrom, files in parts.items()}
    variants = VariantFile(path)
    alleles = iterate_alleles(variants, Tracks(fasta), chromosomes, settings.longest_allele)
    about = [
        f"model={origin}",
        "accessibility=that of the reference for both alleles; bases that an allele inserts have "
        "that of the base before them",
        f"neighbourhood={settings.neighbourhood} bases to each side of a variant",
        f"background={settings.background} random variants of each kind, seed {settings.seed}",
    ]
    write_results(variants, alleles, scored, about, table, vcf)


def _write_header(variants: VariantFile, about: Sequence[str]) -> list[str]:
    """The header of the VCF, with the fields of its own; those of an earlier run are replaced."""
    kept = [x for x in variants.header[:-1] if PREFIX not in x and not x.startswith(ABOUT)]
    fields = [
        f"##INFO=<ID={PREFIX}{name},Number=A,Type={'Integer' if column in PLACES else 'Float'},"
        f'Description="{meaning}">'
        for column, (name, meaning) in FIELDS.items()
    ]
    reasons = "; ".join(f"{name}: {meaning}" for name, meaning in REASONS.items())
    fields.append(
        f'##INFO=<ID={SKIPPED},Number=A,Type=String,Description="Why not scored. {reasons}">'
    )
    return [*kept, *(f"{ABOUT}{line}" for line in about), *fields, variants.header[-1]]


def _annotate(group: Sequence[tuple[Allele, Mapping[str, str]]]) -> str:
    """The line of a record, with the fields of its alleles."""
    fields = list(group[0][0].record.fields)
    info = [x for x in fields[7].split(";") if x != "." and not x.startswith(PREFIX)]
    if any(numbers for _, numbers in group):
        for column, (name, _) in FIELDS.items():
            values = ",".join(numbers.get(column) or "." for _, numbers in group)
            info.append(f"{PREFIX}{name}={values}")
    if any(allele.reason for allele, _ in group):
        reasons = ",".join(allele.reason or "." for allele, _ in group)
        info.append(f"{SKIPPED}={reasons}")
    fields[7] = ";".join(info)
    return "\t".join(fields)
