"""Which sequences of a genome are its chromosomes."""

import re
from collections.abc import Mapping

LESSER = re.compile(
    r"_|^(chr)?(M|MT|Mito|EBV|Un)$|^(GL|KI|NC_|NT_|NW_|JH|AAQR)|\.\d+$", re.IGNORECASE
)
"""Names of sequences that are alternatives, unplaced or mitochondrial, in UCSC's and Ensembl's."""


def choose_chromosomes(sizes: Mapping[str, int]) -> list[str]:
    """Those that are no alternative, unplaced or mitochondrial sequences; of none other, all.

    Example:
        >>> choose_chromosomes({"chr1": 9, "chrX": 9, "chrM": 9, "chr1_KI270706v1_random": 9})
        ['chr1', 'chrX']
    """
    return [name for name in sizes if not LESSER.search(name)] or list(sizes)
