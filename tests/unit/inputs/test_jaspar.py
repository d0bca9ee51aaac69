import sys
from pathlib import Path

import numpy as np
import pyjaspar
import pytest
from leopard.errors import InputError
from leopard.genome.formats import read_motif, read_motifs
from leopard.inputs.jaspar import write_database, write_motif

AT_HAND = Path(__file__).parents[3] / "resources/motifs"
SHIPPED = sorted(AT_HAND.glob("*.meme"))


@pytest.fixture
def without_pyjaspar(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyjaspar", None)  # what an import of it then refuses


@pytest.mark.parametrize("path", SHIPPED, ids=[x.stem for x in SHIPPED])
def test_shipped_matrices_are_those_of_jaspar(path):
    factor, matrix_id = path.stem.split(".", 1)
    motif = pyjaspar.jaspardb().fetch_motif_by_id(matrix_id)
    assert motif.name.upper() == factor
    name, matrix = read_motif(path)
    assert name == f"{matrix_id} {motif.name}"
    counts = np.array([motif.counts[base] for base in "ACGT"])
    np.testing.assert_allclose(matrix, counts / counts.sum(axis=0), atol=2e-6)
    head = path.read_text().split("ALPHABET")[0]
    assert matrix_id in head and "JASPAR 2026" in head and "CC BY 4.0" in head


@pytest.mark.usefixtures("without_pyjaspar")
def test_a_matrix_at_hand_needs_no_pyjaspar(tmp_path):
    write_motif("MA0058.4", AT_HAND, tmp_path / "motif.meme")
    _, matrix = read_motif(tmp_path / "motif.meme")
    assert "".join("ACGT"[i] for i in matrix.argmax(axis=0)) == "CACGTG"


@pytest.mark.parametrize(
    ("matrix_id", "release", "consensus"),
    [("MA0412.2", "2026", "TAGCCGCC"), ("MA0553.1", "2024", "CCTCGTAC")],
)
def test_any_other_matrix_comes_from_pyjaspar(tmp_path, matrix_id, release, consensus):
    write_motif(matrix_id, AT_HAND, tmp_path / "motif.meme")
    name, matrix = read_motif(tmp_path / "motif.meme")
    assert name.split()[0] == matrix_id
    assert consensus in "".join("ACGT"[i] for i in matrix.argmax(axis=0))
    assert f"JASPAR {release}, CORE" in (tmp_path / "motif.meme").read_text()


@pytest.mark.usefixtures("without_pyjaspar")
def test_without_pyjaspar_it_says_what_to_install(tmp_path):
    with pytest.raises(InputError, match=r"motif MA0412\.2: .*not installed; pip install pyjaspar"):
        write_motif("MA0412.2", AT_HAND, tmp_path / "motif.meme")
    assert not (tmp_path / "motif.meme").exists()


def test_an_unknown_id(tmp_path, recwarn):
    with pytest.raises(InputError, match=r"motif MA0139\.9: no such matrix in JASPAR .*; look it"):
        write_motif("MA0139.9", AT_HAND, tmp_path / "motif.meme")
    assert not [x for x in recwarn if "Biopython" in x.category.__name__]


def test_a_group_of_jaspar_as_a_database(tmp_path):
    write_database(None, "diatoms", tmp_path / "database.meme")
    motifs = read_motifs(tmp_path / "database.meme")
    own = pyjaspar.jaspardb().fetch_motifs(collection="CORE", tax_group=["diatoms"])
    assert [name for name, _ in motifs] == sorted(f"{x.matrix_id} {x.name}" for x in own)
    assert "JASPAR 2026, CORE, diatoms" in (tmp_path / "database.meme").read_text()


def test_a_database_of_ones_own(tmp_path):
    given = tmp_path / "given.jaspar"
    given.write_text(">one\n1 0\n1 2\n1 2\n1 0\n>one\n0 0\n1 0\n0 0\n0 1\n")
    write_database(given, None, tmp_path / "database.meme")
    motifs = read_motifs(tmp_path / "database.meme")
    for (name, matrix), (_, other) in zip(motifs, read_motifs(given), strict=True):
        assert name == "one"
        np.testing.assert_allclose(matrix, other, atol=2e-6)


@pytest.mark.usefixtures("without_pyjaspar")
def test_without_pyjaspar_there_is_no_database(tmp_path):
    with pytest.raises(InputError, match=r"motif_database\): pyjaspar is not installed; pip inst"):
        write_database(None, None, tmp_path / "database.meme")
    assert not list(tmp_path.iterdir())
