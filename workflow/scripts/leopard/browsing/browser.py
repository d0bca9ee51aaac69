"""The tracks of a study for genome browsers: a UCSC track hub and an IGV session.

Formats: UCSC's Track Database Definition and bigNarrowPeak pages, IGV's user guide on sessions.
The files are few lines of plain text and XML, so that no library writes them; trackhub, which does,
uploads and renames what it lists.
"""

import os
import re
import struct
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pybigtools
import pyBigWig

from leopard.genome.tracks import read_bigwig

ACCESSIBILITY_COLOUR, LABEL_COLOUR, MASK_COLOUR = "#7F7F7F", "#000000", "#D0D0D0"

DEVIATIONS = 10
"""Accessibility is drawn up to its mean and so many standard deviations: peaks fill the track, and
the range follows the depth of sequencing."""

BASES_A_READ = 1 << 24

LOCUS = 20_000
"""Bases that a session shows first."""

SHORT_LABEL = 17
"""Letters of a short label that UCSC shows."""

EMAIL = "nobody@example.org"
"""UCSC wants an address in a hub; put yours there before you share it."""

AUTOSQL = """table narrowPeak
"Called sites"
(
    string chrom;       "Chromosome"
    uint chromStart;    "First base"
    uint chromEnd;      "End"
    string name;        "Name"
    uint score;         "1000 times the largest probability"
    char[1] strand;     "None"
    float signalValue;  "Largest probability"
    float pValue;       "Not computed"
    float qValue;       "Not computed"
    int peak;           "Offset of the summit"
)
"""

BED_FIELDS = 6
"""Columns of narrowPeak that are those of BED."""


class BrowserTrack(NamedTuple):
    """A track as browsers show it.

    Attributes:
        cell_line: Its cell line.
        name: What it is, unique in the cell line.
        path: A bigWig, or a narrowPeak file.
        colour: As "#RRGGBB".
        limits: Range of the values; None of called sites.
    """

    cell_line: str
    name: str
    path: Path
    colour: str
    limits: tuple[float, float] | None

    @property
    def rgb(self) -> str:
        """The colour as both formats want it."""
        return to_rgb(self.colour)


def to_rgb(colour: str) -> str:
    """The colour "#RRGGBB" as "r,g,b"."""
    return ",".join(str(number) for number in bytes.fromhex(colour[1:]))


def signal_limit(path: Path) -> float:
    """Upper end of the range to draw a bigWig's signal in: from its header, if that has sums."""
    with pyBigWig.open(str(path)) as bigwig:
        header, sizes = bigwig.header(), bigwig.chroms()
        total, squares = header["sumData"], header["sumSquared"]
        if not squares:
            of_each = [_sums(bigwig, *chrom) for chrom in sizes.items()]
            total, squares = (sum(x) for x in zip(*of_each, strict=True))
    bases = sum(sizes.values())
    mean = total / bases
    deviation = np.sqrt(max(squares / bases - mean**2, 0))
    return float(f"{mean + DEVIATIONS * deviation:.2g}")


def _sums(bigwig: "pyBigWig.bigWigFile", chrom: str, size: int) -> tuple[float, float]:
    """Sum of a chromosome's values, and of their squares."""
    total = squares = 0.0
    for start in range(0, size, BASES_A_READ):
        end = min(start + BASES_A_READ, size)
        values = read_bigwig(bigwig, chrom, start, end).astype(np.float64)
        total += float(values.sum())
        squares += float(values @ values)
    return total, squares


def write_bigbed(path: Path, peaks: pd.DataFrame, chrom_sizes: Mapping[str, int]) -> None:
    """Write called sites, of which there must be one, as a bigNarrowPeak.

    Args:
        path: Ends in .bigBed.
        peaks: narrowPeak columns, sorted by chromosome and start.
        chrom_sizes: Of every chromosome of the genome.
    """
    rest = peaks.iloc[:, 3:].astype(str).agg("\t".join, axis=1)
    rows = zip(peaks["chrom"], peaks["start"], peaks["end"], rest, strict=True)
    pybigtools.open(str(path), "w").write(dict(chrom_sizes), rows, autosql=AUTOSQL)
    # pybigtools takes every column for BED's own. Byte 34 of the header tells how many are.
    with path.open("r+b") as bigbed:
        bigbed.seek(34)
        bigbed.write(struct.pack("<H", BED_FIELDS))


def write_hub(
    directory: Path, study: str, title: str, assembly: str, tracks: Sequence[BrowserTrack]
) -> None:
    """Write hub.txt, genomes.txt and trackDb.txt, in which paths are relative.

    Args:
        directory: Where they go.
        study: Name of the hub.
        title: Of the hub.
        assembly: UCSC's name of the genome.
        tracks: In order, those of a cell line together; called sites as bigBed.
    """
    hub = {
        "hub": _identifier(study),
        "shortLabel": study[:SHORT_LABEL],
        "longLabel": title,
        "genomesFile": "genomes.txt",
        "email": EMAIL,
    }
    (directory / "hub.txt").write_text(_stanza(hub))
    genomes = {"genome": assembly, "trackDb": "trackDb.txt"}
    (directory / "genomes.txt").write_text(_stanza(genomes))
    stanzas = []
    for number, (cell_line, group) in enumerate(groupby(tracks, lambda x: x.cell_line), 1):
        # A track's name begins with a letter, as 22Rv1 does not; numbered: a.b and a_b are two.
        folder = f"line_{_identifier(cell_line)}_{number}"
        stanzas.append(
            {
                "track": folder,
                "superTrack": "on show",
                "shortLabel": cell_line[:SHORT_LABEL],
                "longLabel": f"{title}: {cell_line}",
                "priority": number,
            }
        )
        for index, track in enumerate(group, 1):
            stanzas.append(
                {
                    "track": f"{folder}_{_identifier(track.name)}_{index}",
                    "parent": folder,
                    "shortLabel": f"{track.name} {cell_line}"[:SHORT_LABEL],
                    "longLabel": f"{track.name}, {cell_line}",
                    "bigDataUrl": os.path.relpath(track.path, directory),
                    "color": track.rgb,
                    "priority": index,
                    **_drawing(track),
                }
            )
    (directory / "trackDb.txt").write_text("\n".join(map(_stanza, stanzas)))


def _drawing(track: BrowserTrack) -> dict[str, object]:
    """UCSC's settings of how a track is drawn."""
    if not track.limits:
        return {"type": "bigNarrowPeak", "visibility": "dense"}
    low, high = track.limits
    return {
        "type": f"bigWig {low:g} {high:g}",
        "visibility": "full",
        "altColor": to_rgb(MASK_COLOUR),
        "autoScale": "off",
        "viewLimits": f"{low:g}:{high:g}",
        "alwaysZero": "on",
        "maxHeightPixels": "100:40:8",
        "windowingFunction": "maximum",
    }


def _identifier(text: str) -> str:
    """A name of letters, digits and underscores only."""
    return re.sub(r"\W", "_", text, flags=re.ASCII)


def _stanza(settings: Mapping[str, object]) -> str:
    return "".join(f"{name} {value}\n" for name, value in settings.items())


def write_igv_session(path: Path, genome: str, locus: str, tracks: Sequence[BrowserTrack]) -> None:
    """Write a session of IGV, a panel for each cell line; paths are relative to it.

    Args:
        path: The session (.xml).
        genome: IGV's name of the genome, or the path of a FASTA file from the session.
        locus: What is shown first.
        tracks: In order, those of a cell line together; called sites as narrowPeak.
    """
    session = ElementTree.Element("Session", genome=genome, locus=locus, version="8")
    resources = ElementTree.SubElement(session, "Resources")
    for cell_line, group in groupby(tracks, lambda x: x.cell_line):
        panel = ElementTree.SubElement(session, "Panel", name=cell_line)
        for track in group:
            where = os.path.relpath(track.path, path.parent)
            ElementTree.SubElement(resources, "Resource", path=where)
            shown = {"id": where, "name": f"{track.name}, {cell_line}", "color": track.rgb}
            if not track.limits:
                ElementTree.SubElement(panel, "Track", shown | {"displayMode": "COLLAPSED"})
                continue
            shown |= {"altColor": to_rgb(MASK_COLOUR), "autoScale": "false", "height": "40"}
            shown |= {"renderer": "BAR_CHART", "windowFunction": "max"}
            low, high = track.limits
            scale = {"minimum": f"{low:g}", "baseline": "0", "maximum": f"{high:g}"}
            element = ElementTree.SubElement(panel, "Track", shown)
            ElementTree.SubElement(element, "DataRange", scale | {"type": "LINEAR"})
    ElementTree.indent(session)
    ElementTree.ElementTree(session).write(path, encoding="UTF-8", xml_declaration=True)


def choose_locus(calls: pd.DataFrame, chrom: str, size: int) -> str:
    """`LOCUS` bases around a chromosome's call of the highest probability, or its beginning.

    Args:
        calls: narrowPeak columns.
        chrom: The chromosome.
        size: Its length in bases.

    Returns:
        chrom:first-last, from 1 on.
    """
    here = calls[calls["chrom"] == chrom]
    middle = int(here.loc[here["signal_value"].idxmax(), "start"]) if len(here) else 0
    start = max(min(middle - LOCUS // 2, size - LOCUS), 0)
    return f"{chrom}:{start + 1}-{min(start + LOCUS, size)}"
