"""Small text formats: what is read, and how each fault is told."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from leopard.errors import InputError
from leopard.formats import NARROWPEAK, natural_key, read_bed, read_motif, read_narrowpeak

SIZES = {"chr1": 1000, "chr2": 500}
DATA = Path(__file__).resolve().parents[3] / "shared/data"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="no shared data")
PEAK = ["chr1", "10", "30", "a peak", "1000", ".", "7.5", "-1", "2.5", "4"]
MEME = """MEME version 4

MOTIF MA0001.1 first
letter-probability matrix: alength= 4 w= 2 nsites= 20 E= 0
 0.25 0.25 0.25 0.25
 0.0 0.5 0.5 0.0

MOTIF second
letter-probability matrix: alength= 4 w= 1
1 0 0 0
"""


def write(tmp_path: Path, text: str, name: str = "file.txt") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def test_chromosomes_sort_by_number():
    names = ["chr10", "chr2", "chrX", "chr1"]
    assert sorted(names, key=natural_key) == ["chr1", "chr2", "chr10", "chrX"]


def peak(**changes: str) -> str:
    return "\t".join(changes.get(c, v) for c, v in zip(NARROWPEAK, PEAK, strict=True)) + "\n"


def test_narrowpeak(tmp_path):
    text = "track name=x\nbrowser hide\n# comment\n\n" + peak() + peak(chrom="chr2", summit="-1")
    table = read_narrowpeak(write(tmp_path, text), SIZES)
    assert tuple(table.columns) == NARROWPEAK
    assert table.loc[0].to_list() == ["chr1", 10, 30, "a peak", 1000, ".", 7.5, -1, 2.5, 14]
    assert table.loc[1, ["chrom", "summit"]].to_list() == ["chr2", 20]
    assert (table[["start", "end", "summit"]].dtypes == "int64").all()


def test_narrowpeak_gzip_and_spaces(tmp_path):
    path = tmp_path / "peaks.gz"
    path.write_bytes(gzip.compress(peak(name="a").replace("\t", "  ").encode()))
    assert len(read_narrowpeak(path, SIZES)) == 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", ": no peaks on the genome's chromosomes"),
        (peak(chrom="chrUn"), ": no peaks on the genome's chromosomes"),
        (peak(chrom="1"), ": chromosomes are named 1, the genome's chr1, chr2; rename"),
        (peak() + "chr1\t5\t9\n", ":2: 3 columns, not 10"),
        (peak() + "#\n\n" + peak(start="x"), ":4: start is not an integer"),
        (peak(end="3.5"), ":1: end is not an integer"),
        (peak(summit="."), ":1: summit is not an integer"),
        (peak(score="high"), ":1: score is not a number"),
        (peak(signal_value=""), ":1: signal_value is not a number"),
        (peak(strand="x"), r":1: strand is none of \+ - \."),
        (peak() + peak(start="-1"), ":2: not 0 <= start < end"),
        (peak(start="30"), ":1: not 0 <= start < end"),
        (peak(summit="21"), ":1: summit outside the peak"),
        (peak(summit="-2"), ":1: summit outside the peak"),
        (peak() + peak(end="1001"), ":2: peak past the chromosome's end; use peaks of the FASTA's"),
    ],
)
def test_narrowpeak_faults(tmp_path, text, problem):
    with pytest.raises(InputError, match=rf"file.txt{problem}") as error:
        read_narrowpeak(write(tmp_path, text), SIZES)
    assert len(str(error.value).splitlines()) == 1


def test_narrowpeak_drops_unknown_contigs(tmp_path, caplog):
    text = peak(chrom="chrUn", end="9999") + peak()
    assert len(read_narrowpeak(write(tmp_path, text), SIZES)) == 1
    assert "file.txt: dropped 1 rows on chrUn, not in the genome" in caplog.text


def test_narrowpeak_summit_just_past_the_peak(tmp_path):
    assert read_narrowpeak(write(tmp_path, peak(summit="20")), SIZES)["summit"].to_list() == [29]


PEAKS_GZ = gzip.compress(peak().encode() * 99, mtime=0)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (PEAKS_GZ[:-12], "truncated or corrupt gzip"),
        (b"\x1f\x8b" + bytes(99), "truncated or corrupt gzip"),
        (PEAKS_GZ[:20] + b"\xff" * 99, "truncated or corrupt gzip"),
        (b"\xff\xfe\x80" * 9, "not a text file"),
    ],
)
def test_unreadable(tmp_path, content, problem):
    path = tmp_path / "file.gz"
    path.write_bytes(content)
    for read in (read_narrowpeak, read_bed):
        with pytest.raises(InputError, match=rf"file.gz: {problem}"):
            read(path, SIZES)


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match=r"none.bed: No such file or directory; check the path"):
        read_bed(tmp_path / "none.bed", SIZES)


def test_bed(tmp_path):
    text = "chr1\t-5\t20\tname\nchrUn\t0\t9\nchr2 400 600\nchr2\t600\t700\nchr2\t7\t7\n"
    bed = read_bed(write(tmp_path, text), SIZES)
    assert bed.to_numpy().tolist() == [["chr1", 0, 20], ["chr2", 400, 500]]
    assert (bed[["start", "end"]].dtypes == "int64").all()


@pytest.mark.parametrize("text", ["", "chrUn\t0\t9\n"])
def test_bed_without_rows_on_the_genome(tmp_path, text):
    bed = read_bed(write(tmp_path, text), SIZES)
    assert bed.empty
    assert list(bed.columns) == ["chrom", "start", "end"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("chr1\t5\n", ":1: 2 columns, not 3"),
        ("chr1\t5\tx\n", ":1: end is not an integer"),
        ("chr1\t5\t4\n", ":1: start past end"),
        ("1\t5\t9\n", ": chromosomes are named 1, the genome's chr1, chr2"),
    ],
)
def test_bed_faults(tmp_path, text, problem):
    with pytest.raises(InputError, match=rf"file.txt{problem}"):
        read_bed(write(tmp_path, text), SIZES)


def test_meme(tmp_path):
    name, matrix = read_motif(write(tmp_path, MEME))
    assert name == "MA0001.1 first"
    np.testing.assert_array_equal(matrix.T, [[0.25] * 4, [0, 0.5, 0.5, 0]])
    assert matrix.dtype == np.float64


@pytest.mark.parametrize(
    "text",
    [
        ">MA0001.1\tx\nA  [ 1 0 ]\nC [3 0]\nG [0 5 ]\nT [ 0 15 ]\n",
        ">MA0001.1 x\n1 0\n3 0\n0 5\n0 15\n>second\n1\n1\n1\n1\n",
    ],
)
def test_jaspar(tmp_path, text):
    name, matrix = read_motif(write(tmp_path, text))
    assert name == "MA0001.1 x"
    np.testing.assert_allclose(matrix.T, [[0.25, 0.75, 0, 0], [0, 0, 0.25, 0.75]], atol=0.01)
    np.testing.assert_allclose(matrix.sum(axis=0), 1)
    assert (matrix > 0).all()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "motif file without motifs"),
        ("MEME version 4\n\nALPHABET= ACGT\n", "motif file without motifs"),
        (MEME[:115], "motif file without motifs"),
        (MEME[:130], "malformed motif"),
        (MEME.replace("0.25 0.25\n", "0.25\n"), "malformed motif; use MEME or JASPAR"),
        (MEME.replace("0.5", "0"), "malformed motif"),
        (MEME.replace("0.5", "-0.5"), "malformed motif"),
        (">x\nA [ 1 2 ]\nC [ 1 2 ]\n", "malformed motif"),
        (">x\nA [ 1 2 ]\nC [ 1 2 ]\nT [ 1 2 ]\nG [ 1 2 ]\n", "malformed motif"),
        (">x\n1 2\n1 2\n1 2\n1\n", "malformed motif"),
        (">chr1\nACGT\nACGT\n", "malformed motif"),
    ],
)
def test_motif_faults(tmp_path, text, problem):
    with pytest.raises(InputError, match=rf"file.txt: {problem}"):
        read_motif(write(tmp_path, text))


@needs_data
def test_real_files():
    human, yeast = DATA / "human_chr22", DATA / "yeast"
    sizes = {
        d: dict(line.split() for line in (d / "chrom.sizes").read_text().splitlines())
        for d in (human, yeast)
    }
    sizes = {d: {chrom: int(size) for chrom, size in s.items()} for d, s in sizes.items()}
    assert len(read_narrowpeak(human / "CTCF.K562.narrowPeak", sizes[human])) == 158
    assert len(read_narrowpeak(yeast / "Reb1.narrowPeak", sizes[yeast])) == 1078
    assert len(read_bed(yeast / "blacklist.bed", sizes[yeast])) == 2
    assert read_motif(human / "CTCF.meme")[1].shape == (4, 19)
    assert read_motif(yeast / "REB1.meme")[1].shape == (4, 9)


@needs_data
def test_real_size():
    sizes = {f"chr{c}": 249_250_621 for c in [*range(1, 23), "X", "Y"]}
    path = DATA / "human_chr22/CTCF.K562.hg19.genome-wide.narrowPeak.gz"
    with gzip.open(path) as stream:
        assert len(read_narrowpeak(path, sizes)) == sum(1 for _ in stream)
