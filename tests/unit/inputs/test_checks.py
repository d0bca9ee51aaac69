"""Every fault of the inputs, alone and together, told before any work."""

import gzip
from pathlib import Path

import numpy as np
import pyBigWig
import pysam
import pytest
from conftest import strip_sums
from leopard.errors import InputError
from leopard.inputs.bigwig_contents import check_bigwig, find_present
from leopard.inputs.checks import check_genome, check_labels, check_motif, check_signals
from leopard.inputs.genome_file import prepare_genome

DATA = Path(__file__).resolve().parents[4] / "shared/data"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="no shared data")
SIZES = {"chr1": 1000, "chr2": 500, "chr3": 50}
FASTA = "".join(f">{c} a > b\n" + "ACGTN" * (n // 5) + "\n" for c, n in SIZES.items())
MEME = "MEME version 4\n\nMOTIF x\nletter-probability matrix: alength= 4 w= 1\n1 0 0 0\n"


def write_bigwig(path: Path, values: dict[str, float], sizes: dict[str, int] = SIZES) -> Path:
    """Write one 10-bp interval of the given value on each chromosome of `values`."""
    with pyBigWig.open(str(path), "w") as bigwig:
        bigwig.addHeader(list(sizes.items()))
        for chrom, value in values.items():
            bigwig.addEntries([chrom], [10], ends=[20], values=[value])
    return path


def write_peaks(path: Path, *chroms: str) -> Path:
    path.write_text("".join(f"{c}\t10\t30\tx\t0\t.\t1\t-1\t-1\t10\n" for c in chroms))
    return path


@pytest.fixture
def bigwig(tmp_path: Path) -> Path:
    return write_bigwig(tmp_path / "signal.bw", dict.fromkeys(SIZES, 1.0))


# prepare_genome


@pytest.mark.parametrize("compression", ["plain", "gzip", "bgzip"])
def test_genome(tmp_path, compression):
    source, destination = tmp_path / "source", tmp_path / "genome.fa"
    if compression == "bgzip":
        with pysam.BGZFile(str(source), "w") as stream:
            stream.write(FASTA.encode())
    else:
        content = FASTA.encode()
        source.write_bytes(content if compression == "plain" else gzip.compress(content))
    prepare_genome(source, destination)
    assert destination.read_text() == FASTA
    assert {p.name for p in tmp_path.iterdir()} == {"source", "genome.fa", "genome.fa.fai"}
    with pysam.FastaFile(str(destination)) as genome:
        assert dict(zip(genome.references, genome.lengths, strict=True)) == SIZES


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_genome_after_a_byte_order_mark(tmp_path, line_end):
    (tmp_path / "source").write_bytes(b"\xef\xbb\xbf" + FASTA.replace("\n", line_end).encode())
    prepare_genome(tmp_path / "source", tmp_path / "genome.fa")
    with pysam.FastaFile(str(tmp_path / "genome.fa")) as genome:
        assert dict(zip(genome.references, genome.lengths, strict=True)) == SIZES
        assert genome.fetch("chr1") == "ACGTN" * 200


def test_genome_of_many_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr("leopard.inputs.genome_file.CHUNK", 7)
    monkeypatch.setattr("leopard.inputs.genome_file.PROGRESS_INTERVAL", -1)
    test_genome(tmp_path, "gzip")
    (tmp_path / "source").write_text(FASTA + FASTA)
    with pytest.raises(InputError, match=r"source: contigs that share a name: chr1, chr2, chr3;"):
        prepare_genome(tmp_path / "source", tmp_path / "genome.fa")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty FASTA"),
        (gzip.compress(b"", mtime=0), "empty FASTA"),
        (b"ACGT\n", "not a FASTA file"),
        (bytes(range(256)), "not a FASTA file"),
        (b">a\n", "no regular FASTA"),
        (b">a\nAC\nACGT\nAC\n", "no regular FASTA: a record's lines differ in length"),
        (b">\nACGT\n", "a contig without a name"),
        (b">a x\nAC\n>b\nAC\n>a y\nAC\n", "contigs that share a name: a; give"),
        (gzip.compress(FASTA.encode(), mtime=0)[:-9], "truncated or corrupt gzip; fetch it again"),
        (gzip.compress(FASTA.encode(), mtime=0)[:30] + b"\xff" * 30, "truncated or corrupt gzip"),
    ],
)
def test_genome_faults(tmp_path, content, problem):
    source = tmp_path / "source.fa"
    source.write_bytes(content)
    with pytest.raises(InputError, match=rf"source.fa: {problem}"):
        prepare_genome(source, tmp_path / "genome.fa")
    assert list(tmp_path.iterdir()) == [source]


def test_genome_bgzip_cut_between_blocks(tmp_path):
    source = tmp_path / "source.fa.gz"
    with pysam.BGZFile(str(source), "w") as stream:
        stream.write(FASTA.encode())
    source.write_bytes(source.read_bytes()[:-28])
    with pytest.raises(InputError, match=r"source.fa.gz: truncated bgzip: no end-of-file block"):
        prepare_genome(source, tmp_path / "genome.fa")


def test_genome_missing(tmp_path):
    with pytest.raises(InputError, match=r"none.fa: No such file or directory"):
        prepare_genome(tmp_path / "none.fa", tmp_path / "genome.fa")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_genome_disk_full(tmp_path):
    source = tmp_path / "source.fa"
    source.write_text(FASTA)
    (tmp_path / "genome.fa.part").symlink_to("/dev/full")
    with pytest.raises(InputError, match=r"genome.fa.part: No space left on device; check"):
        prepare_genome(source, tmp_path / "genome.fa")
    assert list(tmp_path.iterdir()) == [source]


# check_bigwig


def test_bigwig(bigwig):
    check_bigwig(bigwig, SIZES, ["chr1", "chr2"])


@pytest.mark.parametrize("content", [b"", b"x", b"fixedStep chrom=chr1 start=1 step=1\n"])
def test_not_a_bigwig(tmp_path, content):
    path = tmp_path / "signal.bw"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"signal.bw: not a bigWig; convert"):
        check_bigwig(path, SIZES, ["chr1"])


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9, 0.97])
def test_truncated_bigwig(bigwig, share):
    content = bigwig.read_bytes()
    bigwig.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InputError, match=r"signal.bw: truncated bigWig: no signature at its end"):
        check_bigwig(bigwig, SIZES, ["chr1"])


def test_corrupt_bigwig(bigwig):
    index_signature = (0x2468ACE0).to_bytes(4, "little")
    bigwig.write_bytes(bigwig.read_bytes().replace(index_signature, b"xxxx"))
    with pytest.raises(InputError, match=r"signal.bw: corrupt bigWig; fetch or make it again"):
        check_bigwig(bigwig, SIZES, ["chr1"])


def test_bigwig_with_a_spoilt_block(tmp_path):
    values = np.random.default_rng(1).random(100_000).astype(np.float32)
    path = tmp_path / "signal.bw"
    with pyBigWig.open(str(path), "w") as bigwig:
        bigwig.addHeader([("chr1", len(values))])
        bigwig.addEntries("chr1", 0, values=values, span=1, step=1)
    check_bigwig(path, {"chr1": len(values)}, ["chr1"])
    content = bytearray(path.read_bytes())
    content[100_000:100_100] = bytes(100)
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"signal.bw: corrupt bigWig; fetch or make it again"):
        check_bigwig(path, {"chr1": len(values)}, ["chr1"])


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_bigwig_with_values_that_are_no_numbers(tmp_path, value):
    path = write_bigwig(tmp_path / "signal.bw", {"chr1": 1.0, "chr2": value}, SIZES)
    with pytest.raises(InputError, match=r"signal.bw: values that are NaN or infinite; make"):
        check_bigwig(path, SIZES, ["chr1"])  # its mean would be spoilt as well


@needs_data
@pytest.mark.parametrize("path", sorted(DATA.glob("*/*.bigWig")), ids=lambda path: path.name)
def test_real_bigwigs(tmp_path, path):
    with pyBigWig.open(str(path)) as bigwig:
        sizes = bigwig.chroms()
    check_bigwig(path, sizes, list(sizes))
    content, copy = path.read_bytes(), tmp_path / "copy.bw"
    for size in (100, 1000, len(content) // 2, len(content) - 5000, len(content) - 1):
        copy.write_bytes(content[:size])
        with pytest.raises(InputError, match=r"copy.bw: truncated bigWig: no signature at its end"):
            check_bigwig(copy, sizes, list(sizes))


@pytest.mark.parametrize(
    ("sizes", "problem"),
    [
        ({"chr1": 1000}, "without chromosomes chr2; use"),
        ({"1": 1000, "2": 500}, 'named "1" where the FASTA has "chr1"; rename'),
        ({"chr1": 1001, "chr2": 500}, "chr1 has 1,001 bases, in the FASTA 1,000: wrong assembly"),
    ],
)
def test_bigwig_against_fasta(tmp_path, sizes, problem):
    path = write_bigwig(tmp_path / "signal.bw", dict.fromkeys(sizes, 1.0), sizes)
    with pytest.raises(InputError, match=rf"signal.bw: {problem}"):
        check_bigwig(path, SIZES, ["chr1", "chr2"])


def test_a_bigwig_may_lack_a_small_chromosome_but_not_be_of_another_genome(tmp_path, caplog):
    """As chrY where the cells are a woman's: it counts as 0, and is named."""
    path = write_bigwig(tmp_path / "signal.bw", {"chr1": 1.0}, {"chr1": 1000})
    assert find_present(path, SIZES, ["chr1", "chr2"]) == ["chr1"]
    assert "signal.bw: without chr2, where it counts as 0" in caplog.text
    assert find_present(path, SIZES, ["chr1"]) == ["chr1"]
    for sizes, problem in (
        ({"chr2": 500}, "without chromosomes chr1"),  # most of the genome
        ({"1": 1000, "2": 500}, 'named "1" where the FASTA has "chr1"'),
        ({"chr1": 1001}, "chr1 has 1,001 bases, in the FASTA 1,000: wrong assembly"),
    ):
        path = write_bigwig(tmp_path / "signal.bw", dict.fromkeys(sizes, 1.0), sizes)
        with pytest.raises(InputError, match=problem):
            find_present(path, SIZES, ["chr1", "chr2"])
    path.write_bytes(b"nothing")
    assert find_present(path, SIZES, ["chr1", "chr2"]) == ["chr1", "chr2"]


# check_genome, check_signals, check_labels, check_motif

COLUMNS = ["role", "cell_line", "track", "path", "size", "chromosomes", "note"]


@pytest.fixture
def fasta(tmp_path: Path) -> Path:
    (tmp_path / "source.fa").write_text(FASTA)
    prepare_genome(tmp_path / "source.fa", tmp_path / "genome.fa")
    return tmp_path / "genome.fa"


@pytest.fixture
def genome(tmp_path: Path, fasta: Path) -> dict:
    """A valid genome: arguments of `check_genome`, for tests to spoil one by one."""
    (tmp_path / "blacklist.bed").write_text("chr1\t0\t9999\n")
    return {
        "fasta": fasta,
        "chromosomes": {"train": ["chr1"], "test": ["chr2"]},
        "decoded": ["chr1", "chr2"],
        "window_length": 100,
        "exclusions": [tmp_path / "blacklist.bed"],
    }


@pytest.fixture
def labels(tmp_path: Path, fasta: Path) -> dict:
    """Valid labels: arguments of `check_labels`, for tests to spoil one by one."""
    return {
        "fasta": fasta,
        "cell_line": "K562",
        "path": write_peaks(tmp_path / "K562.narrowPeak", "chr1", "chr2", "chr3"),
        "mode": "motif",
        "chromosomes": ["chr1", "chr2"],
        "needed": {"train": ["chr1"], "test": ["chr2"]},
    }


def rows(table, paths):
    """All of a table but the columns that are the same in each, which are checked."""
    assert list(table.columns) == COLUMNS
    assert table["path"].to_list() == paths
    assert table["size"].to_list() == [path.stat().st_size for path in paths]
    return table.drop(columns=["path", "size"]).to_numpy().tolist()


def test_genome_of_a_study(genome):
    assert rows(check_genome(**genome), [genome["fasta"], *genome["exclusions"]]) == [
        ["genome", "", "", 2, "1,550 bases"],
        ["exclusions", "", "", 1, "1 intervals"],
    ]
    genome["exclusions"] = []
    assert len(check_genome(**genome)) == 1


def test_signals_of_a_cell_line(fasta, bigwig):
    table = check_signals(fasta, "HepG2", "dnase", [bigwig, bigwig], ["chr1", "chr2"])
    assert (
        rows(table, [bigwig] * 2)
        == [["signal", "HepG2", "dnase", 2, "1.3% of the chromosomes covered"]] * 2
    )


def test_labels_of_a_cell_line(labels, bigwig):
    assert rows(check_labels(**labels), [labels["path"]]) == [["labels", "K562", "", 2, "3 peaks"]]
    table = check_labels(**labels | {"mode": "bigwig", "path": bigwig})
    assert rows(table, [bigwig]) == [["labels", "K562", "", 2, "1.3% of the chromosomes covered"]]


def test_motif(tmp_path):
    path = tmp_path / "motif.meme"
    path.write_text(MEME)
    assert rows(check_motif(path), [path]) == [["motif", "", "", 0, "x, 1 bases"]]


def test_label_bigwig_needs_only_the_splits_that_use_it(labels, tmp_path):
    path = write_bigwig(tmp_path / "labels.bw", {"chr1": 1.0}, {"chr1": 1000})
    labels |= {"mode": "bigwig", "path": path}
    with pytest.raises(InputError, match=r"labels.bw: without chromosomes chr2"):
        check_labels(**labels)
    check_labels(**labels | {"needed": {"train": ["chr1"]}})


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"chromosomes": {"train": ["chr9"]}},
            r"genome.fa: without chr9 \(split train\), but with",
        ),
        ({"chromosomes": {"train": ["1"]}}, "genome.fa: without 1 .* chr1, chr2, chr3; name the"),
        (
            {"chromosomes": {"train": ["chr1", "chr3"], "test": ["chr2"]}},
            r"genome.fa: chr3 \(split train\) has 50 bases, fewer than a window",
        ),
        ({"decoded": ["chr9"]}, r"genome.fa: without chr9 \(split prediction\), but with"),
    ],
)
def test_study_faults(genome, changes, problem):
    with pytest.raises(InputError, match=problem):
        check_genome(**genome | changes)


def test_chromosome_that_is_no_file_name(genome, tmp_path):
    (tmp_path / "source.fa").write_text(FASTA.replace(">chr1", ">HLA-A*01:01"))
    prepare_genome(tmp_path / "source.fa", genome["fasta"])
    genome["chromosomes"] = {"train": ["HLA-A*01:01"]}
    with pytest.raises(InputError, match=r"genome.fa: HLA-A\*01:01 \(split train\) has characters"):
        check_genome(**genome)


def test_faulty_signal(fasta, bigwig, tmp_path):
    bad = write_bigwig(tmp_path / "bad.bw", {"1": 1.0}, {"1": 1000})
    with pytest.raises(InputError, match=r"bad.bw: without chromosomes chr1, chr2; use"):
        check_signals(fasta, "K562", "dnase", [bigwig, bad], ["chr1", "chr2"])


def test_signal_below_zero(fasta, tmp_path):
    path = write_bigwig(tmp_path / "log2.bw", {"chr1": 1.5, "chr2": -2.5})
    with pytest.raises(InputError, match=r"log2.bw: values below 0, down to -2.5, as of a log"):
        check_signals(fasta, "K562", "dnase", [path], ["chr1", "chr2"])
    check_signals(fasta, "K562", "dnase", [path], ["chr1"])


@pytest.mark.parametrize("values", [{"chr3": 1.0}, {"chr1": 0.0, "chr3": 1.0}])
def test_no_signal_where_the_study_is(fasta, tmp_path, values):
    path = write_bigwig(tmp_path / "signal.bw", values)
    with pytest.raises(InputError, match=r"signal.bw: no signal on the chromosomes of the study"):
        check_signals(fasta, "K562", "dnase", [path], ["chr1", "chr2"])


@pytest.mark.parametrize("version", [1, 4])
def test_bigwig_whose_header_has_no_sums(fasta, bigwig, version):
    """As programs older than 2010 write it, and libBigWig where it is told to leave them out."""
    strip_sums(bigwig, version)
    with pyBigWig.open(str(bigwig)) as track:
        assert not track.header()["sumData"] and not track.header()["nBasesCovered"]
    table = check_signals(fasta, "HepG2", "dnase", [bigwig], ["chr1", "chr2"])
    assert table["note"].to_list() == ["1.3% of the chromosomes covered"]


def test_signal_as_labels(labels, tmp_path):
    """A ChIP-seq track: 10 of 1,000 bases at 0.3, 10 of 500 at 7."""
    path = write_bigwig(tmp_path / "chip.bw", {"chr1": 0.3, "chr2": 7.0})
    problem = (
        r"chip.bw: values other than -1, 0 and 1, such as 0.3: .* 0.7% of the bases bound; give"
    )
    with pytest.raises(InputError, match=problem):
        check_labels(**labels | {"mode": "bigwig", "path": path})


def test_peaks_past_the_end(labels, tmp_path):
    """On a chromosome that is not used they do not matter; on one that is, they do."""
    path = write_peaks(tmp_path / "past.narrowPeak", "chr1", "chr2")
    with path.open("a") as stream:
        stream.write("chr3\t60\t80\tx\t0\t.\t1\t-1\t-1\t10\n")
    assert check_labels(**labels | {"path": path})["note"].to_list() == ["2 peaks"]
    used = {"chromosomes": ["chr1", "chr2", "chr3"]}
    with pytest.raises(InputError, match=r"past.narrowPeak:3: peak past the chromosome's end"):
        check_labels(**labels | {"path": path} | used)


@pytest.mark.parametrize("mode", ["peaks", "motif"])
def test_no_peaks_in_a_split(labels, tmp_path, mode):
    labels |= {"mode": mode, "path": write_peaks(tmp_path / "few", "chr1", "chr3")}
    with pytest.raises(InputError, match=r"few: no peak on the chromosomes of split test \(chr2\)"):
        check_labels(**labels)
    check_labels(**labels | {"needed": {"train": ["chr1"]}})


@pytest.mark.parametrize(
    "values", [{"chr1": 1.0}, {"chr1": 1.0, "chr2": 0.0}, {"chr1": 1.0, "chr2": -1.0}]
)
def test_no_positives_in_a_label_bigwig(labels, tmp_path, values):
    labels |= {"mode": "bigwig", "path": write_bigwig(tmp_path / "labels.bw", values)}
    with pytest.raises(InputError, match=r"labels.bw: no base bound on .* test \(chr2\)"):
        check_labels(**labels)


def test_motif_without_motifs(tmp_path):
    (tmp_path / "motif.meme").write_text("MEME version 4\n")
    with pytest.raises(InputError, match=r"motif.meme: motif file without motifs"):
        check_motif(tmp_path / "motif.meme")


def test_faulty_blacklist(genome):
    genome["exclusions"][0].write_text("1\t0\t10\n")
    with pytest.raises(InputError, match=r"blacklist.bed: chromosomes are named 1, the genome's"):
        check_genome(**genome)


def test_exclusions_where_the_study_does_not_look(genome, tmp_path):
    """As the yeast's, of chrM and of a chromosome that is in no split."""
    (tmp_path / "amplified.bed").write_text("chr3\t0\t9\n")
    genome["exclusions"].append(tmp_path / "amplified.bed")
    assert check_genome(**genome).iloc[-1]["chromosomes"] == 0
    genome["regions"] = [genome["exclusions"].pop()]
    with pytest.raises(
        InputError, match=r"amplified.bed: no interval on a chromosome of the study"
    ):
        check_genome(**genome)


@pytest.mark.parametrize("text", ["NC_000001.11\t0\t150\n", ""])
def test_exclusions_that_exclude_nothing(genome, tmp_path, text):
    """Of other names, or none."""
    (tmp_path / "amplified.bed").write_text(text)
    genome["exclusions"].append(tmp_path / "amplified.bed")
    problem = r"amplified.bed: no interval on a chromosome of the study \(chr1, chr2\); name its"
    with pytest.raises(InputError, match=problem):
        check_genome(**genome)


def test_missing_genome(genome, tmp_path):
    with pytest.raises(InputError, match=r"none.fa"):
        check_genome(**genome | {"fasta": tmp_path / "none.fa"})


@needs_data
def test_real_study(tmp_path):
    yeast, fasta = DATA / "yeast", tmp_path / "genome.fa"
    prepare_genome(yeast / "sacCer3.fa.gz", fasta)
    splits = {"train": ["chrI", "chrII"], "test": ["chrXII"]}
    used = ["chrI", "chrII", "chrXII"]
    check_genome(fasta, splits, used, 10_240, [yeast / "blacklist.bed"])
    check_signals(fasta, "ATAC", "atac", [yeast / "ATAC.coverage.bigWig"], used)
    check_motif(yeast / "REB1.meme")
    table = check_labels(fasta, "ATAC", yeast / "Reb1.narrowPeak", "motif", used, splits)
    assert table["note"].to_list() == ["1,078 peaks"]
