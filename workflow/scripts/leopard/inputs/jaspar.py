"""Matrices of JASPAR, one or all: from files that are at hand, or from the copy in pyjaspar."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from leopard.errors import InputError
from leopard.genome.formats import file_errors, new_file, read_motifs
from leopard.genome.motif_files import BASES, format_meme

LICENCE = "Licence: CC BY 4.0, https://jaspar.elixir.no"


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
    problem = "none of the matrices that come with the workflow, and pyjaspar is not installed"
    remedy = "pip install pyjaspar, or give the matrix as a MEME or JASPAR file"
    pyjaspar = _import_pyjaspar(InputError(f"motif {matrix_id}", problem, remedy))
    for release in pyjaspar.jaspar_releases:  # newest first; an old one has what was withdrawn
        database = pyjaspar.jaspardb(release=release)
        try:
            with warnings.catch_warnings(action="ignore"):  # it warns of an id that it has not
                motif = database.fetch_motif_by_id(matrix_id)
        finally:
            database.conn.close()
        if motif is not None:
            about = f"{motif.matrix_id} ({motif.name}) of {_describe(release, motif.collection)}"
            return format_meme([_name_and_counts(motif)], [about, LICENCE])
    problem = f"no such matrix in JASPAR (releases {', '.join(pyjaspar.jaspar_releases)})"
    remedy = "look it up at https://jaspar.elixir.no, version and all, or give a file"
    raise InputError(f"motif {matrix_id}", problem, remedy)


def write_database(given: Path | None, taxon: str | None, destination: Path) -> None:
    """Write a database of motifs as one MEME file.

    Args:
        given: A file of motifs. Without it, they are the newest versions of the matrices of JASPAR
            CORE, of the newest release that pyjaspar has.
        taxon: Of JASPAR, only this group, such as vertebrates.
        destination: The file to write.

    Raises:
        InputError: The file has no motifs, or pyjaspar is not installed.
    """
    if given:
        motifs, about = read_motifs(given), [f"All of {given.name}"]
    else:
        motifs, about = fetch_collection(taxon)
    with new_file(destination) as unfinished, file_errors(destination):
        unfinished.write_text(format_meme(motifs, about), encoding="utf-8")


def fetch_collection(taxon: str | None) -> tuple[list[tuple[str, np.ndarray]], list[str]]:
    """JASPAR CORE, or one taxonomic group of it: names and counts of matrices, and what it is.

    Raises:
        InputError: pyjaspar is not installed.
    """
    remedy = "pip install pyjaspar, or name a MEME or JASPAR file"
    where = "config (explain.motif_database)"
    pyjaspar = _import_pyjaspar(InputError(where, "pyjaspar is not installed", remedy))
    release = next(iter(pyjaspar.jaspar_releases))
    database = pyjaspar.jaspardb(release=release)
    try:
        found = database.fetch_motifs(collection="CORE", tax_group=[taxon] if taxon else None)
    finally:
        database.conn.close()
    found = sorted(found, key=lambda motif: motif.matrix_id)
    return [*map(_name_and_counts, found)], [
        _describe(release, "CORE") + (f", {taxon}" if taxon else ""),
        LICENCE,
    ]


def _import_pyjaspar(refusal: InputError) -> Any:
    try:
        import pyjaspar
    except ImportError as error:
        raise refusal from error
    return pyjaspar


def _describe(release: str, collection: str) -> str:
    """A release as people write it: JASPAR2026 is JASPAR 2026."""
    return f"{release[:6]} {release[6:]}, {collection}"


def _name_and_counts(motif: Any) -> tuple[str, np.ndarray]:
    """Of a motif of Biopython's: id and name, and float64 [4, width], rows A C G T."""
    counts = np.array([motif.counts[base] for base in BASES], dtype=float)
    return f"{motif.matrix_id} {motif.name}", counts
