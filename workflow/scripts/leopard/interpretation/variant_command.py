"""The command `leopard variants`; nothing is imported that the other commands do without."""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

Opener = Callable[[argparse.Namespace], tuple[Any, Path, dict[str, list[Path]]]]
"""Opens what the command line says of a bundle and cells: the bundle, the genome, the signals."""


def add_variants(commands: Any, cells: argparse.ArgumentParser, open_cells: Opener) -> None:
    """Add the command, with the defaults of a study.

    Args:
        commands: What it is added to.
        cells: The parser of what is said of a bundle and cells.
        open_cells: What opens them.
    """
    variants = commands.add_parser(
        "variants",
        parents=[cells],
        help="tell what variants change in a cell line",
        description="Writes variants.tsv and, if a VCF is given, variants.vcf or variants.vcf.gz, "
        "with the scores of each allele. A run that was stopped goes on from the last finished "
        "chromosome.",
    )
    variants.add_argument(
        "--variants",
        type=Path,
        required=True,
        metavar="FILE",
        help="a VCF, or a table with the columns chr, pos, allele1, allele2; sorted",
    )
    for option, default, meaning in (
        ("neighbourhood", 100, "bases to each side over which alleles are compared"),
        ("longest-allele", 50, "longest allele that is scored, in bases"),
        ("background", 2000, "random variants of each kind to compare scores with"),
        ("seed", 1, "of these"),
    ):
        described = f"{meaning} ({default})"
        variants.add_argument(f"--{option}", type=int, default=default, metavar="N", help=described)
    variants.add_argument(
        "--keep-mismatches",
        action="store_true",
        help="pass over records whose REF is not what the genome has, instead of stopping",
    )
    variants.set_defaults(run=partial(_score, open_cells))


def _score(open_cells: Opener, asked: argparse.Namespace) -> None:
    bundle, fasta, signals = open_cells(asked)

    from leopard.interpretation.alleles import Settings
    from leopard.interpretation.variants import score_with_bundle

    settings = Settings(asked.neighbourhood, asked.longest_allele, asked.background, asked.seed)
    written = score_with_bundle(
        bundle,
        fasta,
        signals,
        asked.variants,
        asked.output,
        settings,
        asked.keep_mismatches,
        asked.other_genome,
    )
    for kind, path in written.items():
        print(f"{kind}: {path}")
