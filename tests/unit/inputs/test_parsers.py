"""Whatever the text, a parser gives back what was written, or one clear error."""

import gzip
import os
import re
import tempfile
from pathlib import Path

import numpy as np
import pysam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leopard.errors import InputError
from leopard.genome.formats import read_bed, read_motif, read_narrowpeak
from leopard.genome.tracks import read_chrom_sizes
from leopard.inputs.fragments import read_barcodes
from leopard.inputs.reads import count_reads
from leopard.study import sheets
from pbs.server import parse_qstat

PARSERS = settings.get_profile(os.environ.get("HYPOTHESIS_PROFILE", "parsers"))
SIGNALS = Path(__file__).resolve().parents[3] / "workflow/schemas/signals.schema.yaml"
SIZES = {"chr1": 1000, "chr2": 500}
MEME = "MEME version 4\n\nMOTIF x first\nletter-probability matrix: alength= 4 w="


@pytest.fixture(scope="module")
def path():
    with tempfile.TemporaryDirectory() as directory:
        yield Path(directory, "file")


@PARSERS
@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(SIZES)),
            st.integers(0, 499),
            st.integers(1, 500),
            st.floats(allow_nan=False),
            st.floats(0, 1, exclude_max=True),
        ).filter(lambda row: row[1] < row[2]),
        min_size=1,
    ),
    st.booleans(),
)
def test_narrowpeak_is_read_back(path, rows, compressed):
    lines = []
    for chrom, start, end, value, share in rows:
        offset = int((end - start) * share)
        lines.append(f"{chrom}\t{start}\t{end}\tx\t0\t+\t{value!r}\t-1\t-1\t{offset}\n")
    text = "".join(lines).encode()
    path.write_bytes(gzip.compress(text) if compressed else text)
    table = read_narrowpeak(path, SIZES)
    columns = table[["chrom", "start", "end", "signal_value"]]
    assert list(columns.itertuples(index=False, name=None)) == [row[:4] for row in rows]
    summits = [s + int((e - s) * share) for _, s, e, _, share in rows]
    assert table["summit"].to_list() == summits


FIELDS = st.lists(st.sampled_from(["chr1", "1", "0", "-1", "30", "1e9", "nan", ".", "+", "x", ""]))


@PARSERS
@given(st.text() | st.lists(FIELDS.map("\t".join)).map("\n".join) | st.binary())
def test_arbitrary_text_raises_input_error_only(path, content):
    if isinstance(content, str):
        content = content.encode("utf-8", "surrogatepass")
    for prefix in (b"", b">x\n", MEME.encode()):
        path.write_bytes(prefix + content)
        path.with_name("file.fai").write_bytes(content)
        for read in (
            lambda: read_narrowpeak(path, SIZES),
            lambda: read_bed(path, SIZES),
            lambda: read_motif(path),
            lambda: read_chrom_sizes(path),
        ):
            try:
                read()
            except InputError as error:
                assert str(path) in str(error)


# Chromosome sizes


@PARSERS
@given(
    st.dictionaries(
        st.text(
            st.characters(min_codepoint=33, codec="utf-8", categories=["L", "N", "P"]), min_size=1
        ),
        st.integers(1, 10**10),
    )
)
def test_chromosome_sizes_are_read_back(path, sizes):
    lines = [f"{name}\t{size}\t{len(name)}\t60\t61\n" for name, size in sizes.items()]
    path.with_name("file.fai").write_text("".join(lines), encoding="utf-8")
    assert read_chrom_sizes(path) == sizes


# Motifs


@PARSERS
@given(
    st.lists(
        st.tuples(*[st.integers(0, 999)] * 4).filter(lambda row: sum(row) > 1),
        min_size=1,
        max_size=20,
    ),
    st.booleans(),
)
def test_motifs_are_read_back(path, counts, in_meme):
    counts = np.array(counts, float)
    if in_meme:
        expected = counts / counts.sum(axis=1, keepdims=True)
        rows = [" ".join(f"{x:.12f}" for x in row) for row in expected]
        path.write_text("\n".join([f"{MEME} {len(rows)} nsites= 20", *rows, ""]))
    else:
        expected = (counts + 0.01) / (counts + 0.01).sum(axis=1, keepdims=True)
        rows = [
            f"{b}  [ {' '.join(map(str, row))} ]" for b, row in zip("ACGT", counts.T, strict=True)
        ]
        path.write_text("\n".join([">x first", *rows, ""]))
    name, matrix = read_motif(path)
    assert name == "x first"
    np.testing.assert_allclose(matrix.T, expected, atol=1e-9)


# Reads, fragments, bedGraphs, barcodes


SETTINGS = {
    **{"counts": "assay", "shift": None, "smoothing": 3, "min_mapping_quality": 30},
    **{"duplicates": True, "unpaired": False, "secondary": False},
}
ROW = st.tuples(
    st.sampled_from(["chr1", "chr2", "chr", "#", " ", "track"]),
    *[st.sampled_from(["0", "1", "30", "500", "1000", "9" * 19, "-1", "1e3", "x", ""])] * 2,
    st.sampled_from(["A", "1", "nan", "inf", "-1e400", ""]),
    st.sampled_from(["1", "9" * 18, "0", "1.5", "\0"]),
).map("\t".join)
ROWS = st.lists(ROW, min_size=1).map("\n".join)


@PARSERS
@given(st.text() | ROWS | ROWS.map("chr1\t0\t10\t1\t1\n{}".format) | st.binary(), st.booleans())
def test_intervals_of_any_kind_are_counted_or_refused_in_one_line(path, content, compressed):
    if isinstance(content, str):
        content = content.encode("utf-8", "surrogatepass")
    groups = path.with_name("groups")
    groups.write_text("A\tone\n")
    for name in ("a.tsv", "a.bedGraph", "a.bam"):
        source, bigwig = path.with_name(name), path.with_name("out.bigWig")
        source.write_bytes(gzip.compress(content) if compressed else content)
        bigwig.unlink(missing_ok=True)
        for barcodes in (None, groups, source):
            try:
                count_reads(bigwig, source, SIZES, "atac", SETTINGS, barcodes, "one")
            except InputError as error:
                assert str(source) in str(error) and len(str(error).splitlines()) == 1
                assert not bigwig.exists()
            else:
                assert bigwig.exists()
                bigwig.unlink()


@PARSERS
@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"])),
        st.sampled_from(["one", "a b", "NA"]),
        min_size=1,
    )
)
def test_barcodes_are_read_back(path, groups):
    groups = {barcode: group for barcode, group in groups.items() if barcode} | {"x": "one"}
    text = "barcode\tgroup\n" + "".join(f"{k}\t{v}\n" for k, v in groups.items())
    path.write_text(text, encoding="utf-8")
    assert read_barcodes(path, "one") == {k for k, v in groups.items() if v == "one"}


@pytest.fixture(scope="module")
def alignment(path):
    """The content of a BAM, uncompressed."""
    source = path.with_name("whole.bam")
    header = {"SQ": [{"SN": chrom, "LN": size} for chrom, size in SIZES.items()]}
    with pysam.AlignmentFile(str(source), "wb", header=header) as bam:
        for i in range(30):
            read = pysam.AlignedSegment(bam.header)
            read.query_name, read.flag, read.mapping_quality = f"r{i}", 16 * (i % 2), 60
            read.reference_id, read.reference_start = i // 20, 10 * i
            read.query_sequence, read.cigarstring = "ACGT", "4M"
            bam.write(read)
    return gzip.decompress(source.read_bytes())


@PARSERS
@given(
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=4),
    st.floats(0, 1),
)
def test_reads_that_are_spoilt_are_counted_or_refused_in_one_line(path, alignment, bytes_, cut):
    content = bytearray(alignment)
    for share, value in bytes_:
        content[int(share * len(content))] = value
    source, bigwig = path.with_name("spoilt.bam"), path.with_name("spoilt.bigWig")
    with pysam.BGZFile(str(source), "wb", None) as stream:
        stream.write(bytes(content[: int(cut * len(content))] if cut < 0.3 else content))
    try:
        count_reads(bigwig, source, SIZES, "dnase", SETTINGS)
    except InputError as error:
        assert str(error).startswith(str(source)) and len(str(error).splitlines()) == 1


# Sample sheets


def read_sheet(path):
    return sheets.read_sheet(str(path), SIGNALS, ["cell_line", "replicate"])


NAME = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,8}", fullmatch=True) | st.sampled_from(
    ["NA", "None", "nan", "1e3", "007"]
)
FILE = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1)


@PARSERS
@given(st.lists(st.tuples(NAME, NAME, FILE), min_size=1, unique_by=lambda row: row[:2]))
def test_sample_sheets_are_read_back(path, rows):
    text = "\n".join(["# mine", "cell_line\treplicate\tsignal", *map("\t".join, rows)])
    path.write_text(text, encoding="utf-8")
    sheet = read_sheet(path)
    assert [(x["cell_line"], x["replicate"], x["signal"]) for x in sheet] == rows


CELLS = st.sampled_from(["a", "1", "", "a b", "..", '"', '"a\n"', "#", "NA", "\0", "é", "$(id)"])
TABLE = st.lists(st.lists(CELLS).map("\t".join)).map("\n".join)


@PARSERS
@given(st.text() | TABLE | st.binary(), st.booleans())
def test_sample_sheets_of_any_kind_are_read_or_refused_in_one_line(path, content, headed):
    if isinstance(content, str):
        content = content.encode("utf-8", "surrogatepass")
    path.write_bytes(b"cell_line\treplicate\tsignal\n" * headed + content)
    try:
        sheet = read_sheet(path)
    except InputError as error:
        assert str(error).startswith(str(path)) and len(str(error).splitlines()) == 1
        assert ";" in str(error)
    else:
        names = [row[column] for row in sheet for column in ("cell_line", "replicate")]
        assert names and all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name) for name in names)


# qstat


NAMES = st.sampled_from(
    ["job_state", "substate", "Exit_status", "Resource_List.mem", "Variable_List", "comment", "x"]
)
VALUES = st.text(st.sampled_from("ab 0=,.:'\"\\\u00a0\u2028é→"), max_size=60)


@PARSERS
@given(
    st.dictionaries(
        st.integers(0, 10**9).map(lambda number: f"{number}.gadi-pbs"),
        st.dictionaries(NAMES, VALUES, min_size=1, max_size=5),
        max_size=3,
    ),
    st.integers(5, 30),
    st.booleans(),
)
def test_qstat_output_is_read_back(records, width, wrapped):
    text = ""
    for jobid, attributes in records.items():
        text += f"Job Id: {jobid}\n"
        for name, value in attributes.items():
            line = f"    {name} = {value}"
            head = max(width, len(f"    {name} = "))
            cuts = [line[:head], *(line[i : i + width] for i in range(head, len(line), width))]
            text += ("\n\t".join(cuts) if wrapped else line) + "\n"
        text += "\n"
    assert parse_qstat(text) == records


@PARSERS
@given(st.text(max_size=400))
def test_qstat_output_of_any_kind_is_survived(text):
    parse_qstat(text)
    parse_qstat("Job Id: 7.pbs\n    job_state = R\n\n" + text)
