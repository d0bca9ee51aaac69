"""Small text formats: what is read, and how each fault is told."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from leopard.errors import InputError
from leopard.genome.formats import (
    NARROWPEAK,
    natural_key,
    read_bed,
    read_motif,
    read_motifs,
    read_narrowpeak,
    read_table,
)

SIZES = {"chr1": 1000, "chr2": 500}
DATA = Path(__file__).resolve().parents[4] / "shared/data"
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
    text = "track name=x\nbrowser hide\n# comment\n\n" + peak() + peak(chrom="chr2", peak="-1")
    table = read_narrowpeak(write(tmp_path, text), SIZES)
    assert list(table) == [*NARROWPEAK[:-1], "summit"]
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
        (peak(peak="."), ":1: summit is not an integer"),
        (peak(score="high"), ":1: score is not a number"),
        (peak(signal_value=""), ":1: signal_value is not a number"),
        (peak(strand="x"), r":1: strand is none of \+ - \."),
        (peak() + peak(start="-1"), ":2: not 0 <= start < end"),
        (peak(start="30"), ":1: not 0 <= start < end"),
        (peak(peak="21"), ":1: summit outside the peak"),
        (peak(peak="-2"), ":1: summit outside the peak"),
        (
            peak() + peak(start="1000", end="1001", peak="0"),
            ":2: peak past the chromosome's end; use peaks and FASTA of one assembly",
        ),
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
    assert read_narrowpeak(write(tmp_path, peak(peak="20")), SIZES)["summit"].to_list() == [29]


def test_narrowpeak_is_cut_at_the_end(tmp_path, caplog):
    """As peak callers extend peaks: the last of 500 bases is 499, and the summit is not past it."""
    past = peak(chrom="chr2", start="480", end="520", peak="30")
    table = read_narrowpeak(write(tmp_path, peak() + past), SIZES)
    assert table.loc[1, ["start", "end", "summit"]].to_list() == [480, 500, 499]
    assert "cut 1 peaks at their chromosome's end" in caplog.text


def test_narrowpeak_past_the_end_of_a_chromosome_that_is_not_used(tmp_path, caplog):
    path = write(tmp_path, peak() + peak(chrom="chr2", start="500", end="520"))
    assert read_narrowpeak(path, SIZES, used=["chr1"])["chrom"].to_list() == ["chr1"]
    assert "dropped 1 peaks past the end of chr2" in caplog.text
    with pytest.raises(InputError, match=r"file.txt:2: peak past the chromosome's end"):
        read_narrowpeak(path, SIZES, used=["chr1", "chr2"])


def test_narrowpeak_of_a_tool_that_knows_no_score(tmp_path):
    text = peak(score=".", p_value=".", q_value=".")
    table = read_narrowpeak(write(tmp_path, text), SIZES)
    assert table.loc[0, ["score", "p_value", "q_value"]].to_list() == [0, -1, -1]


BOM = b"\xef\xbb\xbf"


def test_byte_order_mark_and_line_ends(tmp_path):
    path = tmp_path / "file.txt"
    for content in (peak(), peak().replace("\t4\n", "\t4\r\n")):
        for begin in (b"", BOM):
            path.write_bytes(begin + (content + content).encode())
            assert read_narrowpeak(path, SIZES)["summit"].to_list() == [14, 14]
            assert read_bed(path, SIZES)["start"].to_list() == [10, 10]
    for line_end in ("\n", "\r\n"):
        path.write_bytes(BOM + MEME.replace("\n", line_end).encode())
        assert read_motif(path)[1].shape == (4, 2)
        path.write_bytes(BOM + b">x\n1 0\n3 0\n0 5\n0 15\n".replace(b"\n", line_end.encode()))
        assert read_motif(path)[0] == "x"
        path.write_bytes(BOM + f"chrom\tn{line_end}1\t2{line_end}".encode())
        assert read_table(path).to_dict("list") == {"chrom": ["1"], "n": [2]}


NAMES = ["1", "697", "293", "NA", "True", "1e5", "007", "None", "nan", "-"]


@pytest.mark.parametrize("names", [[x] for x in NAMES] + [NAMES])
def test_names_in_a_table_are_text(tmp_path, names):
    table = pd.DataFrame({"cell_line": names, "chrom": names, "measure": [0.5] * len(names)})
    table.loc[0, "measure"] = np.nan
    table["missing"] = np.nan
    table["start"] = 7
    table.to_csv(tmp_path / "file.txt", sep="\t", index=False, na_rep="NA")
    read = read_table(tmp_path / "file.txt")
    assert read["cell_line"].to_list() == read["chrom"].to_list() == names
    assert np.isnan(read["measure"][0]) and read["missing"].isna().all()
    assert read["start"].dtype == "int64" and read["measure"].dtype == "float64"


def test_table_without_a_header(tmp_path):
    path = write(tmp_path, peak(chrom="1", name="NA"))
    table = read_table(path, NARROWPEAK)
    assert table.loc[0].to_list() == ["1", 10, 30, "NA", 1000, ".", 7.5, -1, 2.5, 4]
    path.write_text("")
    assert read_table(path, NARROWPEAK).empty


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
    "text",
    [
        ">ACT\tmine\t6.5\t-3\t0\tT:1(1%)\n{p}\n>next\tx\t1\n1 0 0 0\n",  # HOMER
        ">mine\n{p}\n",  # GimmeMotifs, HOCOMOCO's pwm of probabilities
        "{p}\n",
        ">mine\n{j}\n",
        "A | {j0}\nC | {j1}\nG | {j2}\nT | {j3}\n",
        "TF\tmine\nMotif\tmine\nPos\tA\tC\tG\tT\n{n}\n",  # CIS-BP
        "Pos A C G T\n{n}\n",
        "A\tC\tG\tT\n{p}\n",
        "AC M1\nXX\nID mine\nP0 A C G T\n{t}\nXX\n//\nAC M2\nP0 A C G T\n01 1 0 0 0 A\n",
        "MEME version 4\n\nMOTIF mine\nletter-probability matrix: alength= 4 nsites= 20\n{p}\n"
        "\nMOTIF next\nletter-probability matrix:\n1 0 0 0\n",
    ],
)
@pytest.mark.parametrize("width", [2, 3, 4, 5])
def test_other_motif_formats(tmp_path, text, width):
    """The same matrix from every format, none transposed; four positions are no exception."""
    expected = [[0.97, 0.01, 0.01, 0.01], [0.1, 0.6, 0.2, 0.1], [0.1, 0.1, 0.1, 0.7]]
    expected = np.array([*expected, [0.4, 0.1, 0.1, 0.4], [0.2, 0.2, 0.3, 0.3]][:width])
    rows = [" ".join(map(str, row)) for row in expected]
    columns = [" ".join(map(str, row)) for row in expected.T]
    text = text.format(
        p="\n".join(rows),
        j="\n".join(columns),
        n="\n".join(f"{i} {row}" for i, row in enumerate(rows, 1)),
        t="\n".join(f"{i:02} {row} N" for i, row in enumerate(rows, 1)),
        **{f"j{i}": row for i, row in enumerate(columns)},
    )
    _, matrix = read_motif(write(tmp_path, text))
    np.testing.assert_allclose(matrix.T, expected)


def test_hocomoco_counts(tmp_path):
    """Its pcm: 4 positions too, and told by their sums, which are those of no base."""
    counts = np.array([[40.5, 18.3, 56.4, 38.8], [7, 9, 96, 42], [13, 120, 8, 13], [1, 2, 3, 148]])
    text = "\n".join([">AHR_HUMAN.H11MO.0.B", *("\t".join(map(str, row)) for row in counts)])
    name, matrix = read_motif(write(tmp_path, text))
    assert name == "AHR_HUMAN.H11MO.0.B"
    np.testing.assert_allclose(matrix.T, counts / 154, atol=1e-3)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (">x\n1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1\n", "malformed motif: four rows of four"),
        (">x\n-1.2 1 1 1\n1 -2 1 1\n", "malformed motif: negative numbers, as of log-odds"),
        ("Pos\tA\tC\tG\tT\n", "motif file without motifs; give one of MEME, JASPAR, HOMER"),
        (MEME.replace("w= 2", "w= 3"), "malformed motif: 2 lines for a width of 3"),
        (MEME.replace("0.25 0.25\n", "0.25 0.1 0.15\n"), "malformed motif: lines of different"),
        ("", "motif file without motifs"),
        ("MEME version 4\n\nALPHABET= ACGT\n", "motif file without motifs"),
        (MEME[:115], "malformed motif: 1 lines for a width of 2"),
        (MEME[:130], "malformed motif"),
        (
            MEME.replace("0.25 0.25\n", "0.25\n"),
            "malformed motif: lines of different lengths; use MEME, JASPAR, HOMER",
        ),
        (MEME.replace("0.5", "0"), "malformed motif: numbers that are no counts"),
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


FIRST = MEME[: MEME.index("MOTIF second")]
SECOND = FIRST[FIRST.index("MOTIF") :].replace("MA0001.1 first", "two")


@pytest.mark.parametrize(
    "text",
    [
        FIRST + SECOND,
        ">MA0001.1 first\n1 0\n1 2\n1 2\n1 0\n\n>two\n1 0\n1 2\n1 2\n1 0\n",
        "ID MA0001.1 first\nP0 A C G T\n1 1 1 1 1\n2 0 2 2 0\nXX\n//\n"
        "ID two\nP0 A C G T\n1 1 1 1 1\n2 0 2 2 0\n//\n",
    ],
    ids=["MEME", "JASPAR", "TRANSFAC"],
)
def test_databases_of_motifs(tmp_path, text):
    found = read_motifs(write(tmp_path, text))
    assert [name for name, _ in found] == ["MA0001.1 first", "two"]
    for _, matrix in found:
        np.testing.assert_allclose(matrix.T, [[0.25] * 4, [0, 0.5, 0.5, 0]], atol=0.01)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (FIRST + SECOND.replace("0.5", "-0.5"), "motif 2 of 2 is malformed: negative numbers"),
        ("", "motif file without motifs"),
        ("MEME version 4\n", "motif file without motifs"),
    ],
)
def test_faults_of_databases(tmp_path, text, problem):
    with pytest.raises(InputError, match=rf"file.txt: {problem}"):
        read_motifs(write(tmp_path, text))


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
