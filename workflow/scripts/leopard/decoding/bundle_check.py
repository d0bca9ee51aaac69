"""A bundle checked against a study's genome, cell lines and reads, before anything is decoded."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from leopard.decoding.bundle import Bundle, open_bundle
from leopard.decoding.cell_line import check_genome
from leopard.errors import InputError
from leopard.genome.tracks import read_chrom_sizes
from leopard.inputs.checks import tabulate


def check_bundle(
    path: Path,
    checksum: str | None,
    fasta: Path,
    lines: Mapping[str, Sequence[str]],
    counted: Sequence[str] = (),
    counted_as: Path | None = None,
    other_genome: bool = False,
) -> pd.DataFrame:
    """Check that a bundle can be used for all cell lines of a study.

    Args:
        path: The bundle.
        checksum: Its SHA-256, if known.
        fasta: The indexed genome.
        lines: Tracks that each cell line has.
        counted: Tracks that some reads are counted for.
        counted_as: The bundle that says how.
        other_genome: Whether another genome than the bundle's is meant.

    Returns:
        As `leopard.inputs.checks.check_genome`.

    Raises:
        InputError: The first problem found.
    """
    bundle = open_bundle(path, checksum)
    sizes = read_chrom_sizes(fasta)
    if not other_genome:
        check_genome(bundle, fasta, sizes)
    wanted = bundle.manifest["tracks"]
    for line, tracks in lines.items():
        if missing := [x for x in wanted if x not in tracks]:
            problem = f"it sees {missing[0]}, and cell line {line} has {', '.join(tracks)}"
            raise InputError(path, problem, "add a row for it to the sheet of signals")
    if counted_as is not None:
        first = open_bundle(counted_as)
        for track in counted:
            settings = find_counting(first, track, None)
            if track in wanted and settings != find_counting(bundle, track, None):
                problem = f"it counts reads of {track} otherwise than {counted_as}, named first"
                raise InputError(path, problem, "make a study of each")
    genome, members = bundle.manifest["genome"], bundle.manifest["members"]
    networks = f"{len(members)} network{'s' * (len(members) > 1)}"
    note = f"{bundle.name}, {networks}, {genome['assembly'] or 'assembly not named'}"
    shared = sum(chrom in sizes for chrom in genome["chromosomes"])
    return tabulate([("bundle", "", ", ".join(wanted), path, shared, note)])


def find_counting(bundle: Bundle, track: str, shift: Sequence[int] | None) -> dict[str, Any]:
    """How a bundle wants reads counted: the section `reads` of its study, but for their shift.

    Whether reads were shifted before is for whoever has them to say: it tells nothing of others.

    Args:
        bundle: It.
        track: One that it sees.
        shift: Of these reads, if it is not left to the assay.

    Raises:
        InputError: It does not see the track.
    """
    tracks = bundle.manifest["tracks"]
    if track not in tracks:
        problem = f"it does not see {track}, whose reads are to be counted as the first bundle says"
        raise InputError(bundle.path, problem, "name first one that does")
    return tracks[track]["reads"] | {"shift": shift}
