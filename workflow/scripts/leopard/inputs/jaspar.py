"""Matrices of JASPAR by id: from files that are at hand, or from the copy that pyjaspar brings."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from leopard.errors import InputError
from leopard.genome.formats import file_errors


def write_motif(matrix_id: str, at_hand: Path, destination: Path) -> None:
    """Write the matrix of an id as a MEME file.

    A matrix never changes under its id and version, so that it is the same from wherever it comes.

    Args:
        matrix_id: With its version, such as MA0139.1.
        at_hand: A directory of MEME files named ``{factor}.{matrix_id}.meme``, looked at first.
        destination: The file to write: one motif, with its id, name, release and licence.

    Raises:
        InputError: The matrix is not at hand and pyjaspar is not installed, or JASPAR has none of
            that id.
    """
    found = [*at_hand.glob(f"*.{matrix_id}.meme")]
    with file_errors(destination):
        text = found[0].read_text(encoding="utf-8") if found else fetch_motif(matrix_id)
        destination.write_text(text, encoding="utf-8")


def fetch_motif(matrix_id: str) -> str:
    """The matrix of an id as the text of a MEME file, from the newest release that has it.

    Raises:
        InputError: As `write_motif`.
    """
    try:
        import pyjaspar
    except ImportError as error:
        problem = "none of the matrices that come with the workflow, and pyjaspar is not installed"
        remedy = "pip install pyjaspar, or give the matrix as a MEME or JASPAR file"
        raise InputError(f"motif {matrix_id}", problem, remedy) from error
    for release in pyjaspar.jaspar_releases:  # newest first; an old one has what was withdrawn
        database = pyjaspar.jaspardb(release=release)
        try:
            with warnings.catch_warnings(action="ignore"):  # it warns of an id that it has not
                motif = database.fetch_motif_by_id(matrix_id)
        finally:
            database.conn.close()
        if motif is not None:
            return _format_meme(motif, release)
    problem = f"no such matrix in JASPAR (releases {', '.join(pyjaspar.jaspar_releases)})"
    remedy = "look it up at https://jaspar.elixir.no, version and all, or give a file"
    raise InputError(f"motif {matrix_id}", problem, remedy)


def _format_meme(motif: Any, release: str) -> str:
    """The text of a MEME file with one motif of Biopython's."""
    counts = np.array([motif.counts[base] for base in "ACGT"], dtype=float)
    totals = counts.sum(axis=0)
    source = f"{release[:6]} {release[6:]}, {motif.collection}"
    return "\n".join(
        [
            "MEME version 4",
            "",
            f"# {motif.matrix_id} ({motif.name}) of {source}",
            "# Licence: CC BY 4.0, https://jaspar.elixir.no",
            "",
            "ALPHABET= ACGT",
            "",
            "strands: + -",
            "",
            "Background letter frequencies",
            "A 0.25 C 0.25 G 0.25 T 0.25",
            "",
            f"MOTIF {motif.matrix_id} {motif.name}",
            f"letter-probability matrix: alength= 4 w= {len(totals)} nsites= {totals[0]:.0f} E= 0",
            *(" ".join(f"{x:.6f}" for x in column) for column in (counts / totals).T),
            f"URL https://jaspar.elixir.no/matrix/{motif.matrix_id}",
            "",
        ]
    )
