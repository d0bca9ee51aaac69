"""Reads, fragments and bedGraphs against plain loops over what was written, and over real files."""

import gzip
import logging
from collections import defaultdict
from pathlib import Path

import numpy as np
import pyBigWig
import pysam
import pytest
from conftest import write_fasta
from hypothesis import given
from hypothesis import strategies as st
from leopard.errors import InputError
from leopard.inputs import alignments, interval_text
from leopard.inputs.counting import choose_counting, count_lags, find_lag
from leopard.inputs.fragments import read_barcodes
from leopard.inputs.reads import count_reads
from leopard.study.reads import kind_of

DATA = Path(__file__).resolve().parents[4] / "shared/data"
real = pytest.mark.skipif(not DATA.exists(), reason="the real data are not here")

SIZES = {"chr1": 700, "chr2": 90, "chr3": 40}
SETTINGS = {
    "counts": "assay",
    "shift": None,
    "smoothing": 0,
    "min_mapping_quality": 30,
    "duplicates": False,
    "unpaired": False,
    "secondary": False,
}


def read_values(path: Path) -> dict[str, np.ndarray]:
    with pyBigWig.open(str(path)) as bigwig:
        return {
            chrom: np.nan_to_num(bigwig.values(chrom, 0, size, numpy=True))
            if bigwig.header()["nBasesCovered"]
            else np.zeros(size)
            for chrom, size in bigwig.chroms().items()
        }


def assert_values(path, expected):
    values = read_values(path)
    assert set(values) == set(expected)
    for chrom, array in expected.items():
        np.testing.assert_array_equal(values[chrom], array, chrom)


def write_bam(path, reads, sizes=SIZES, mode="wb", **options):
    """Write reads: chromosome, flag, mapping quality, start, length, template length, barcode."""
    header = {
        "HD": {"VN": "1.6", "SO": "coordinate"},
        "SQ": [{"SN": chrom, "LN": size} for chrom, size in sizes.items()],
    }
    with pysam.AlignmentFile(str(path), mode, header=header, **options) as bam:
        for i, (chrom, flag, quality, start, length, template, *barcode) in enumerate(reads):
            read = pysam.AlignedSegment(bam.header)
            read.query_name, read.flag, read.mapping_quality = f"r{i}", flag, quality
            if chrom is not None:
                read.reference_id, read.reference_start = list(sizes).index(chrom), start
                read.cigarstring = f"{length}M"
                read.template_length = template
            read.query_sequence = "A" * length
            if barcode:
                read.set_tag("CB", barcode[0])
            bam.write(read)
    return path


def place(values, start, end, weight=1):
    for base in range(max(start, 0), min(end, len(values))):
        values[base] += weight


def place_cut(values, cut, smoothing, weight=1):
    if 0 <= cut < len(values):
        place(values, cut - smoothing, cut + smoothing + 1, weight)


def count_plainly(reads, assay, settings):
    """What reads come to, one by one and base by base."""
    values = {chrom: np.zeros(size) for chrom, size in SIZES.items()}
    cuts = settings["counts"] == "cuts" or (settings["counts"] == "assay" and assay != "other")
    plus, minus = settings["shift"] or ((4, -5) if assay == "atac" else (0, 0))
    for chrom, flag, quality, start, length, template in reads:
        read = pysam.AlignedSegment()
        read.flag = flag
        if read.is_unmapped or read.is_qcfail or quality < settings["min_mapping_quality"]:
            continue
        if read.is_duplicate and not settings["duplicates"]:
            continue
        if (read.is_secondary or read.is_supplementary) and not settings["secondary"]:
            continue
        if read.is_paired and not read.is_proper_pair and not (cuts and settings["unpaired"]):
            continue
        if cuts:
            cut = start + length + minus if read.is_reverse else start + plus
            place_cut(values[chrom], cut, settings["smoothing"])
        elif read.is_paired and template > 0:
            place(values[chrom], start + plus, start + template + minus)
    return values


FLAGS = [0, 16, 99, 147, 83, 163, 97, 145, 1024 + 99, 256, 2048 + 147, 512 + 99, 4]


@st.composite
def lists_of_reads(draw):
    """Sorted reads of all kinds, the first of a pair; those at the end of a chromosome too."""
    reads = [("chr1", 99, 60, 100, 20, 50)]
    for _ in range(draw(st.integers(0, 25))):
        chrom = draw(st.sampled_from(list(SIZES)))
        length = draw(st.integers(1, 30))
        start = draw(st.integers(0, SIZES[chrom] - length))
        template = draw(st.integers(-start, SIZES[chrom] - start))
        flag, quality = draw(st.sampled_from(FLAGS)), draw(st.sampled_from([0, 29, 30, 60]))
        reads.append((chrom, flag, quality, start, length, template))
    return sorted(reads, key=lambda x: (list(SIZES).index(x[0]), x[3]))


@st.composite
def all_settings(draw):
    booleans = {key: draw(st.booleans()) for key in ("duplicates", "unpaired", "secondary")}
    return booleans | {
        "counts": draw(st.sampled_from(["assay", "cuts", "fragments"])),
        "shift": draw(st.none() | st.lists(st.integers(-60, 60), min_size=2, max_size=2)),
        "smoothing": draw(st.sampled_from([0, 1, 10, 800])),
        "min_mapping_quality": draw(st.sampled_from([0, 30])),
    }


@given(lists_of_reads(), st.sampled_from(["atac", "dnase", "other"]), all_settings())
def test_reads_are_counted_as_a_plain_loop_does(tmp_path_factory, reads, assay, settings):
    directory = tmp_path_factory.mktemp("reads")
    bam = write_bam(directory / "a.bam", reads)
    expected = count_plainly(reads, assay, settings)
    if not any(x.any() for x in expected.values()):
        with pytest.raises(InputError, match="no read is left"):
            count_reads(directory / "a.bigWig", bam, SIZES, assay, settings)
        assert not (directory / "a.bigWig").exists()
        return
    count_reads(directory / "a.bigWig", bam, SIZES, assay, settings)
    assert_values(directory / "a.bigWig", expected)
    assert not Path(f"{bam}.bai").exists()


def test_pieces_and_chromosomes_that_are_not_wanted_change_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(alignments, "CHUNK", 3)
    rng = np.random.default_rng(1)
    reads = [("chr1", 0, 60, int(x), 9, 0) for x in np.sort(rng.integers(0, 600, 50))]
    reads += [("chr2", 16, 60, int(x), 9, 0) for x in np.sort(rng.integers(0, 80, 50))]
    reads += [("chr3", 0, 60, 3, 9, 0), (None, 4, 0, 0, 9, 0)]
    wanted = {"chr3": 40, "chr1": 700}  # in an order other than the file's
    bam = write_bam(tmp_path / "a.bam", reads)
    count_reads(tmp_path / "a.bigWig", bam, wanted, "dnase", SETTINGS, threads=2)
    expected = count_plainly(reads[:-1], "dnase", SETTINGS)
    assert_values(tmp_path / "a.bigWig", {chrom: expected[chrom] for chrom in wanted})
    with pyBigWig.open(str(tmp_path / "a.bigWig")) as bigwig:
        assert list(bigwig.chroms()) == ["chr1", "chr3"]


def test_single_end_reads_count_as_cuts_where_fragments_are_wanted(tmp_path, caplog):
    bam = write_bam(tmp_path / "a.bam", [("chr1", 0, 60, 5, 9, 0), ("chr1", 16, 60, 30, 9, 0)])
    count_reads(tmp_path / "a.bigWig", bam, SIZES, "other", SETTINGS)
    expected = np.zeros(700)
    expected[[5, 39]] = 1
    assert_values(
        tmp_path / "a.bigWig", {"chr1": expected, "chr2": np.zeros(90), "chr3": np.zeros(40)}
    )
    assert "single-end" in caplog.text and "cuts are counted" in caplog.text


def test_a_cram_counts_as_its_bam_without_a_reference(tmp_path, monkeypatch):
    monkeypatch.setenv("REF_PATH", "/nowhere")
    rng = np.random.default_rng(2)
    fasta = write_fasta(
        tmp_path / "genome.fa", {c: "".join(rng.choice(list("ACGT"), n)) for c, n in SIZES.items()}
    )
    reads = [
        ("chr1", int(flag), 60, int(start), 20, 150 if flag in (99, 163) else -150)
        for start, flag in zip(
            np.sort(rng.integers(0, 500, 300)), rng.choice([99, 147, 83, 163], 300), strict=True
        )
    ]
    bam = write_bam(tmp_path / "a.bam", reads)
    cram = write_bam(tmp_path / "a.cram", reads, mode="wc", reference_filename=str(fasta))
    fasta.unlink()
    for assay in ("atac", "other"):
        count_reads(tmp_path / "a.bigWig", bam, SIZES, assay, SETTINGS)
        count_reads(tmp_path / "b.bigWig", cram, SIZES, assay, SETTINGS)
        values = read_values(tmp_path / "a.bigWig")
        assert values["chr1"].any()
        assert_values(tmp_path / "b.bigWig", values)


# Fragments


FRAGMENT = st.tuples(
    st.sampled_from(list(SIZES)),
    st.integers(0, 39),
    st.integers(1, 40),
    st.sampled_from(["AA-1", "CC-1", "GG#T"]),
    st.integers(1, 9),
).filter(lambda row: row[1] < row[2])


def write_rows(path, rows, comments="", columns=5):
    text = comments + "".join("\t".join(map(str, row[:columns])) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@given(
    st.lists(FRAGMENT, min_size=1, max_size=30),
    st.sampled_from(["a.tsv", "a.tsv.gz", "a.bed"]),
    st.sampled_from([3, 4, 5]),
    all_settings(),
)
def test_fragments_are_counted_as_a_plain_loop_does(tmp_path_factory, rows, name, n, settings):
    directory = tmp_path_factory.mktemp("fragments")
    rows.sort(key=lambda row: (row[0][::-1], row[1]))  # in an order other than the genome's
    path = write_rows(directory / name, rows, "# id=x\n#\n\n", n)
    expected = {chrom: np.zeros(size) for chrom, size in SIZES.items()}
    plus, minus = settings["shift"] or (0, 0)
    for chrom, start, end, _, count in rows:
        weight = count if settings["duplicates"] and n == 5 else 1
        if settings["counts"] == "fragments":
            place(expected[chrom], start + plus, end + minus, weight)
        else:
            place_cut(expected[chrom], start + plus, settings["smoothing"], weight)
            place_cut(expected[chrom], end + minus, settings["smoothing"], weight)
    try:
        count_reads(directory / "a.bigWig", path, SIZES, "atac", settings)
    except InputError as error:
        assert "no read is left" in str(error) and not any(x.any() for x in expected.values())
    else:
        assert_values(directory / "a.bigWig", expected)


@pytest.mark.parametrize("kind", ["a.tsv.gz", "a.bam"])
def test_groups_of_barcodes_sum_to_the_whole(tmp_path, monkeypatch, caplog, kind):
    monkeypatch.setattr(interval_text, "CHUNK", 100)
    rng = np.random.default_rng(3)
    cells = ["AA-1", "CC-1", "GG#T", "TT-1"]
    groups = tmp_path / "groups.tsv"
    groups.write_text("barcode\tgroup\nAA-1\tone\nCC-1\ttwo\nGG#T\ttwo\nNN-1\ttwo\nTT-1\t3\n")
    starts = np.sort(rng.integers(0, 600, 200))
    drawn = rng.choice(cells, 200)
    if kind == "a.bam":
        rows = [("chr1", 0, 60, int(x), 9, 0, str(c)) for x, c in zip(starts, drawn, strict=True)]
        path = write_bam(tmp_path / kind, rows)
    else:
        rows = [("chr1", x, x + 50, c, 1) for x, c in zip(starts, drawn, strict=True)]
        path = write_rows(tmp_path / kind, rows)
    count_reads(tmp_path / "all.bigWig", path, SIZES, "dnase", SETTINGS)
    total = defaultdict(float)
    for group in ("one", "two", "3"):
        count_reads(tmp_path / "a.bigWig", path, SIZES, "dnase", SETTINGS, groups, group)
        for chrom, values in read_values(tmp_path / "a.bigWig").items():
            total[chrom] = total[chrom] + values
    assert_values(tmp_path / "all.bigWig", total)
    assert "1 of 3 barcodes of the group occur nowhere: NN-1" in caplog.text


@pytest.mark.parametrize(
    ("text", "group", "message"),
    [
        ("AA\tone\nCC\ttwo\n", "three", "no barcode is of group three; its groups are one, two"),
        ("AA\tone\nAA\ttwo\n", "one", ":2: barcode AA is of two groups, two and one"),
        ("AA,one\n", "one", ":1: not two columns"),
        ("", "one", "none at all"),
        ("AA\tone\n", "one", "none of the 1 barcodes of the group, such as AA, occurs"),
    ],
)
def test_barcodes_that_do_not_fit(tmp_path, text, group, message):
    groups = tmp_path / "groups.tsv"
    groups.write_text(text)
    path = write_rows(tmp_path / "a.tsv", [("chr1", 1, 50, "AA-1", 1)])
    with pytest.raises(InputError) as caught:
        count_reads(tmp_path / "a.bigWig", path, SIZES, "atac", SETTINGS, groups, group)
    assert message.replace(";", ",") in str(caught.value)
    assert not (tmp_path / "a.bigWig").exists()


def test_a_barcode_may_come_twice_and_files_be_compressed(tmp_path):
    path = tmp_path / "groups.tsv.gz"
    path.write_bytes(gzip.compress(b"AA\tone\r\nAA\tone\nbarcode\tgroup\n"))
    assert read_barcodes(path, "one") == {"AA"}
    assert read_barcodes(path, "group") == {"barcode"}


# bedGraphs


@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.integers(1, 20), st.floats(0, 1e6, width=32)), min_size=1
    ),
    st.sampled_from(["a.bedGraph", "a.bdg.gz", "a.bg"]),
)
def test_a_bedgraph_is_copied(tmp_path_factory, steps, name):
    directory = tmp_path_factory.mktemp("bedgraph")
    expected = {"chr1": np.zeros(700, np.float32), "chr2": np.zeros(90, np.float32)}
    at, rows = 0, []
    for gap, length, value in steps:
        if at + gap + length > 700:
            break
        rows.append(("chr1", at + gap, at + gap + length, repr(value)))
        expected["chr1"][at + gap : at + gap + length] = value
        at += gap + length
    expected["chr2"][:90] = 2.5
    rows.append(("chr2", 0, 90, 2.5))
    rows.append(("chrUn", 0, 10**9, 1))
    path = write_rows(directory / name, rows, "track type=bedGraph\n# mine\n")
    sizes = {chrom: SIZES[chrom] for chrom in expected}
    count_reads(directory / "a.bigWig", path, sizes, None, SETTINGS)
    assert_values(directory / "a.bigWig", expected)


# What is refused


def refusal(tmp_path, path, assay="atac", **settings):
    with pytest.raises(InputError) as caught:
        count_reads(tmp_path / "out.bigWig", path, SIZES, assay, SETTINGS | settings)
    message = str(caught.value)
    assert message.startswith(str(path)) and len(message.splitlines()) == 1
    assert message.count(";") == 1
    assert not (tmp_path / "out.bigWig").exists()
    return message


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.tsv", "chr1\t1\t9\tA\t1\nchr2\t1\t9\tA\t1\nchr1\t5\t9\tA\t1\n", "rows of chr1 after"),
        ("a.tsv", "chr1\t1\t9\tA\t1\nchr1\t5\tx\tA\t1\n", ":2: no chromosome, start and end"),
        ("a.tsv", "# c\nchr1\t9\t9\tA\t1\n", ":2: not 0 <= start < end"),
        ("a.tsv", "chr1\t1\t9\tA\t1\n\nchr1\t-5\t9\tA\t1\n", ":3: "),
        ("a.tsv", "chr1\t1\t9\tA\t1\nchr1\t5\n", ":2: 2 columns"),
        ("a.tsv", "chr1 1 9 A 1\n", ":1: columns that no tab separates"),
        ("a.tsv", "chr1\t1\t701\tA\t1\n", "past its 700 bases in the FASTA: wrong assembly"),
        ("a.tsv", "1\t1\t9\tA\t1\n", "it has 1, where the FASTA has chr1, chr2, chr3; rename"),
        ("a.tsv", "scaffold7\t1\t9\tA\t1\n", "it has scaffold7, where the FASTA has"),
        ("a.tsv", "# only\n", "no line but comments"),
        ("a.tsv", "", "no line but comments"),
        ("a.bedGraph", "chr1\t1\t9\t1\nchr1\t8\t12\t1\n", ":2: begins before the end"),
        ("a.bedGraph", "chr2\t1\t9\t1\nchr1\t1\t9\t1\nchr2\t9\t12\t1\n", "rows of chr2 after"),
        ("a.bedGraph", "chr1\t1\t9\tx\n", ":1: a value that is none"),
        ("a.bedGraph", "chr1\t1\t9\t\n", ":1: a value that is none"),
        ("a.bedGraph", "chr1\t1\t9\tinf\n", ":1: a value that is NaN or infinite"),
        ("a.bedGraph", "chr1\t1\t9\n", ":1: 3 columns"),
        ("a.bedGraph", "chr3\t1\t41\t1\n", "past its 40 bases: wrong assembly"),
        ("a.txt", "chr1\t1\t9\tA\t1\n", "neither BAM, CRAM, fragments nor bedGraph"),
        ("a.bam", "chr1\t1\t9\tA\t1\n", "not a BAM or CRAM that can be read"),
        ("a.bam", "", "not a BAM or CRAM that can be read"),
    ],
)
def test_files_that_cannot_be_counted(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    assert message in refusal(tmp_path, tmp_path / name)


def test_names_that_look_like_numbers_or_nothing(tmp_path):
    sizes = {"007": 30, "NA": 20, "1": 10}
    path = write_rows(tmp_path / "a.tsv", [(c, 1, 9, "01", 1) for c in sizes])
    groups = tmp_path / "groups.tsv"
    groups.write_text("01\tx\n")
    count_reads(tmp_path / "a.bigWig", path, sizes, "dnase", SETTINGS, groups, "x")
    values = read_values(tmp_path / "a.bigWig")
    assert {chrom: array.sum() for chrom, array in values.items()} == {"007": 2, "NA": 2, "1": 2}


def test_a_count_of_zero_is_refused_where_counts_count(tmp_path):
    path = write_rows(tmp_path / "a.tsv", [("chr1", 1, 9, "A", 1), ("chr1", 1, 9, "A", 0)])
    assert ":2: a count that is not above 0" in refusal(tmp_path, path, duplicates=True)


def test_a_missing_file(tmp_path):
    for name in ("a.bam", "a.tsv.gz", "a.bedGraph"):
        assert "No such file" in refusal(tmp_path, tmp_path / name)


@pytest.mark.parametrize("mode", ["wb", "wc"])
def test_truncated_reads(tmp_path, mode):
    rng = np.random.default_rng(4)
    rows = [("chr1", 0, 60, int(x), 30, 0) for x in np.sort(rng.integers(0, 600, 20_000))]
    options = {"format_options": ["no_ref=1"]} if mode == "wc" else {}
    path = write_bam(tmp_path / ("a.bam" if mode == "wb" else "a.cram"), rows, mode=mode, **options)
    whole = path.read_bytes()
    for end in (len(whole) // 2, len(whole) - 28):
        path.write_bytes(whole[:end])
        assert "truncated" in refusal(tmp_path, path, "dnase")
    spoilt = bytearray(whole)
    spoilt[len(whole) // 2 : len(whole) // 2 + 200] = bytes(200)
    path.write_bytes(spoilt)
    assert "corrupt" in refusal(tmp_path, path, "dnase")


@pytest.mark.parametrize("compress", [gzip.compress, None])
def test_truncated_fragments(tmp_path, compress):
    text = "".join(f"chr1\t{i % 600}\t{i % 600 + 20}\tA\t1\n" for i in range(30_000)).encode()
    path = tmp_path / "a.tsv.gz"
    if compress:
        path.write_bytes(compress(text)[:-5000])
        assert "truncated or corrupt gzip" in refusal(tmp_path, path, "dnase")
    else:
        with pysam.BGZFile(str(path), "wb", None) as stream:
            stream.write(text)
        path.write_bytes(path.read_bytes()[:-28])
        assert "no end-of-file block" in refusal(tmp_path, path, "dnase")


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"chr1": 700, "chr2": 91, "chr3": 40}, "chr2 has 91 bases, in the FASTA 90"),
        ({"1": 700, "2": 90}, "it has 1, 2, where the FASTA has chr1, chr2, chr3; rename"),
        ({"chr1": 700, "chr2": 90}, "aligned to a genome without chr3"),
        ({"x": 700}, "it has x, where"),
    ],
)
def test_reads_of_another_assembly(tmp_path, sizes, message):
    chrom = next(iter(sizes))
    path = write_bam(tmp_path / "a.bam", [(chrom, 0, 60, 5, 9, 0)], sizes)
    assert message in refusal(tmp_path, path)


def test_contigs_that_are_not_wanted_may_differ(tmp_path):
    """As chrM does between two versions of hg19."""
    path = write_bam(tmp_path / "a.bam", [("chr1", 0, 60, 5, 9, 0)], SIZES | {"chrM": 7})
    count_reads(tmp_path / "a.bigWig", path, SIZES, "dnase", SETTINGS)
    assert read_values(tmp_path / "a.bigWig")["chr1"].sum() == 1


def test_unsorted_and_empty_reads(tmp_path):
    rows = [("chr1", 0, 60, 5, 9, 0), ("chr2", 0, 60, 5, 9, 0)]
    message = refusal(tmp_path, write_bam(tmp_path / "a.bam", [*rows, rows[0]]))
    assert "unsorted: rows of chr1 after those of chr2" in message and "samtools sort" in message
    assert "no reads" in refusal(tmp_path, write_bam(tmp_path / "a.bam", []))
    unmapped = [(None, 4, 0, 0, 9, 0)]
    assert "no read is left" in refusal(tmp_path, write_bam(tmp_path / "a.bam", unmapped))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("x/a.BAM", "alignments"),
        ("a.cram", "alignments"),
        ("a_fragments.tsv.gz", "fragments"),
        ("a.bed.bgz", "fragments"),
        ("a.bedGraph.gz", "bedGraph"),
        ("a.bw", None),
        ("a.bigWig", None),
        ("bam", None),
    ],
)
def test_files_are_told_apart_by_their_names(name, kind):
    assert kind_of(name) == kind


# Shifted before?


@given(
    st.lists(st.integers(0, 100), max_size=40),
    st.lists(st.integers(0, 100), max_size=40),
)
def test_lags_are_those_of_all_pairs(starts, ends):
    found = count_lags(np.array(starts, np.int64), np.array(ends, np.int64))
    plain = [
        sum(start + lag == end for start in set(starts) for end in set(ends))
        for lag in range(-15, 16)
    ]
    assert found.tolist() == plain


def test_the_shift_is_that_of_assay_kind_and_config():
    for kind, assay, shift, lag in (
        ("alignments", "atac", (4, -5), 9),
        ("fragments", "atac", (0, 0), 0),
        ("alignments", "dnase", (0, 0), None),
        ("fragments", "other", (0, 0), None),
    ):
        counting = choose_counting(kind, assay, SETTINGS)
        assert (counting.shift, counting.lag) == (shift, lag)
        assert counting.cuts == (assay != "other")
        counting = choose_counting(kind, assay, SETTINGS | {"shift": [4, -4]})
        assert (counting.shift, counting.lag) == ((4, -4), None)


def draw_insertions(rng, n, lag):
    """Ends that Tn5 leaves: of each insertion both, nine bases apart where nothing was shifted."""
    sites = rng.integers(20, 50_000, n)
    return sites, sites + lag


def test_no_lag_stands_out_of_ends_anywhere():
    rng = np.random.default_rng(5)
    for n in (3, 500, 20_000):
        starts, ends = rng.integers(0, 50_000, (2, n))
        assert find_lag(count_lags(starts, ends)) is None
    assert find_lag(count_lags(*draw_insertions(rng, 3000, 9))) == 9
    assert find_lag(count_lags(*draw_insertions(rng, 3000, 0))) == 0


# Real files


def count_bam_plainly(path, chrom, size, smoothing):
    """Cuts of proper pairs, by an index and with pysam's names, apart from what is tested."""
    values = np.zeros(size + 1, np.int32)
    with pysam.AlignmentFile(str(path)) as bam:
        for read in bam.fetch(chrom):
            if read.is_proper_pair and read.mapping_quality >= 30 and not read.is_duplicate:
                cut = read.reference_end - 5 if read.is_reverse else read.reference_start + 4
                values[max(cut - smoothing, 0)] += 1
                values[min(cut + smoothing + 1, size)] -= 1
    return np.cumsum(values, out=values)[:-1]


def assert_chromosome(path, chrom, expected, step=1 << 24):
    """As assert_values, of a chromosome that is too long to be read at once."""
    with pyBigWig.open(str(path)) as bigwig:
        assert bigwig.chroms() == {chrom: len(expected)}
        for start in range(0, len(expected), step):
            end = min(start + step, len(expected))
            values = bigwig.values(chrom, start, end, numpy=True)
            np.nan_to_num(values, copy=False)
            assert np.array_equal(values, expected[start:end]), (start, end)


@real
@pytest.mark.slow
def test_a_real_bam(tmp_path, caplog):
    source = DATA / "reads/GM12878.ATAC.hg19.bam"
    with pysam.AlignmentFile(str(source)) as bam:
        size = bam.get_reference_length("chr1")
    path, settings = tmp_path / "a.bigWig", SETTINGS | {"smoothing": 10}
    with caplog.at_level(logging.INFO):
        count_reads(path, source, {"chr1": size}, "atac", settings)
    expected = count_bam_plainly(source, "chr1", size, 10)
    assert_chromosome(path, "chr1", expected)
    assert "shifted" not in caplog.text
    cram = tmp_path / "a.cram"
    with pysam.AlignmentFile(str(source)) as bam:
        options = {"template": bam, "format_options": ["no_ref=1"]}
        with pysam.AlignmentFile(str(cram), "wc", **options) as copy:
            for read in bam:
                copy.write(read)
    count_reads(path, cram, {"chr1": size}, "atac", settings, threads=2)
    assert_chromosome(path, "chr1", expected)


@real
@pytest.mark.slow
@pytest.mark.parametrize("shift", [(4, -5), (4, -4)])
def test_real_reads_that_were_shifted_before_are_noticed(tmp_path, caplog, shift):
    """Moved as alignmentSieve does: what is between the ends stays, as far as it can."""
    source, shifted = DATA / "reads/GM12878.ATAC.hg19.bam", tmp_path / "shifted.bam"
    with pysam.AlignmentFile(str(source)) as bam:
        size = bam.get_reference_length("chr1")
        with pysam.AlignmentFile(str(shifted), "wb", template=bam) as copy:
            for read in bam:
                read.reference_start += shift[1] if read.is_reverse else shift[0]
                read.template_length -= np.sign(read.template_length) * (shift[0] - shift[1])
                copy.write(read)
    path = tmp_path / "a.bigWig"
    with pytest.raises(InputError, match=r"already shifted.*shift them by \[0, 0\]"):
        count_reads(path, shifted, {"chr1": size}, "atac", SETTINGS)
    assert not path.exists()
    count_reads(path, shifted, {"chr1": size}, "atac", SETTINGS | {"shift": [0, 0]})
    count_reads(path, shifted, {"chr1": size}, "atac", SETTINGS | {"counts": "fragments"})
    assert caplog.text.count("already shifted") == 1


def yeast_sizes():
    rows = (DATA / "yeast/chrom.sizes").read_text().split("\n")
    return {chrom: int(size) for chrom, size in (row.split() for row in rows if row)}


@real
def test_real_fragments_with_their_counts_give_the_coverage(tmp_path, caplog):
    source, sizes, path = DATA / "reads/yeast.ATAC.fragments.tsv.gz", yeast_sizes(), tmp_path / "a"
    settings = SETTINGS | {"counts": "fragments", "duplicates": True}
    count_reads(path, source, sizes, "atac", settings)
    expected = read_values(DATA / "yeast/ATAC.coverage.bigWig")
    assert_values(path, expected)
    assert "not shifted" in caplog.text  # these are not, and only cuts would show it
    groups = tmp_path / "groups.tsv"
    groups.write_text(f"{'A' * 16}\tleft\n{'B' * 16}\tright\n")
    total = {chrom: np.zeros(size) for chrom, size in sizes.items()}
    for group in ("left", "right"):
        count_reads(path, source, sizes, "atac", settings, groups, group)
        for chrom, values in read_values(path).items():
            assert values.any()
            total[chrom] += values
    for chrom, values in expected.items():
        np.testing.assert_array_equal(total[chrom], values, chrom)


@real
def test_real_fragments_shifted_give_the_cuts(tmp_path):
    source, path = DATA / "reads/yeast.ATAC.fragments.tsv.gz", tmp_path / "a"
    settings = SETTINGS | {"duplicates": True, "smoothing": 10}
    with pytest.raises(InputError, match=r"not shifted.*shift them by \[4, -5\]"):
        count_reads(path, source, yeast_sizes(), "atac", settings)
    count_reads(path, source, yeast_sizes(), "atac", settings | {"shift": [4, -5]})
    assert_values(path, read_values(DATA / "yeast/ATAC.cuts.bigWig"))


@real
def test_real_single_cells_are_shifted_as_their_format_says(tmp_path, caplog):
    source = DATA / "reads/PBMC.scATAC.fragments.tsv.gz"
    count_reads(tmp_path / "a", source, {"chr22": 50_818_468}, "atac", SETTINGS)
    assert "shifted" not in caplog.text
    plain = np.zeros(50_818_468, np.int32)
    with gzip.open(source, "rt") as lines:
        for line in lines:
            _, start, end, *_ = line.split("\t")
            plain[int(start)] += 1
            plain[int(end)] += 1
    assert_chromosome(tmp_path / "a", "chr22", plain)
