"""Signals that are not bigWigs yet: reads, fragments and bedGraphs, told apart by their names."""

from dataclasses import dataclass

KINDS = {
    "alignments": (".bam", ".cram"),
    "fragments": (".tsv", ".bed"),
    "bedGraph": (".bedgraph", ".bdg", ".bg"),
}
"""Endings of files that a bigWig is made from, by what they hold."""


@dataclass(frozen=True)
class Reads:
    """One row of the sheet of signals that is no bigWig.

    Attributes:
        path: The file.
        assay: As in the sheet; None for a bedGraph.
        barcodes: The file of barcodes and groups, or nothing.
    """

    path: str
    assay: str | None
    barcodes: list[str]


def kind_of(path: str) -> str | None:
    """One of `KINDS`, by a file's name; None for any other, which passes for a bigWig.

    Example:
        >>> kind_of("atac_fragments.tsv.gz"), kind_of("K562.bigwig")
        ('fragments', None)
    """
    name = path.lower().removesuffix(".gz").removesuffix(".bgz")
    return next((kind for kind, endings in KINDS.items() if name.endswith(endings)), None)
