"""The command `leopard explain`; nothing is imported that the other commands do without."""

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from leopard.interpretation.variant_command import Opener


def add_explain(commands: Any, cells: argparse.ArgumentParser, open_cells: Opener) -> None:
    """Add the command, with the defaults of a study.

    Args:
        commands: What it is added to.
        cells: The parser of what is said of a bundle and cells.
        open_cells: What opens them.
    """
    explain = commands.add_parser(
        "explain",
        parents=[cells],
        help="tell why sites of a cell line are called",
        description="Writes sites.tsv, what sequence and accessibility add to each site; "
        "contributions.bigWig and contributions.h5, what each base adds; and the input of "
        "TF-MoDISco. A run that was stopped goes on from the last sites that were finished.",
    )
    which = explain.add_mutually_exclusive_group()
    which.add_argument(
        "--sites",
        type=Path,
        metavar="BED",
        help="explain these in place of the called ones that leopard decode wrote to the directory",
    )
    described = "called sites to explain, those of the largest probability; 0 for all (100)"
    which.add_argument("--best", type=_count, default=100, metavar="N", help=described)
    explain.add_argument(
        "--no-mutagenesis",
        action="store_true",
        help="leave out the comparison with in-silico mutagenesis, which takes longest",
    )
    explain.set_defaults(run=partial(_explain, open_cells), goes_on="sites that were finished")


def _count(text: str) -> int:
    """A number of sites."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"not a number of sites: {text!r}")
    return int(text)


def _explain(open_cells: Opener, asked: argparse.Namespace) -> None:
    bundle, fasta, signals = open_cells(asked)

    from leopard.interpretation.explain import explain_with_bundle

    written = explain_with_bundle(
        bundle,
        fasta,
        signals,
        asked.output,
        asked.sites,
        asked.best or None,
        not asked.no_mutagenesis,
        asked.other_genome,
    )
    for kind, path in written.items():
        print(f"{kind}: {path}")
