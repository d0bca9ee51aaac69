"""Files of variants: what is read, what is passed over, and what is refused in one line."""

import gzip

import pysam
import pytest
from conftest import SIZES
from hypothesis import given
from hypothesis import strategies as st
from leopard.errors import InputError
from leopard.genome.tracks import Tracks
from leopard.interpretation.alleles import check_variants, iterate_alleles
from leopard.interpretation.variant_files import VariantFile

HEADER = "##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"


def line(chrom, position, reference, alternative, name="."):
    return f"{chrom}\t{position}\t{name}\t{reference}\t{alternative}\t.\t.\t.\n"


@pytest.fixture
def write(tmp_path):
    def make(text, name="some.vcf"):
        path = tmp_path / name
        if name.endswith(".gz"):
            with pysam.BGZFile(str(path), "w", None) as file:
                file.write(text.encode())
        else:
            path.write_text(text)
        return path

    return make


@pytest.fixture(scope="module")
def reader(genome):
    return Tracks(genome.fasta)


def at(genome, chrom, position, n=1):
    return genome.sequences[chrom][position - 1 : position - 1 + n].upper()


def another(letter, n=1):
    return "ACGT"[("ACGT".index(letter) + n) % 4]


def find(genome, chrom, first, n=1):
    """A position from `first` on with n bases that are known."""
    while set(at(genome, chrom, first, n)) - set("ACGT"):
        first += 1
    return first


@pytest.mark.parametrize("name", ["some.vcf", "some.vcf.gz"])
def test_alleles_and_reasons(write, genome, reader, name):
    place = find(genome, "chr2", 40, 30)
    letter, long = at(genome, "chr2", place), at(genome, "chr2", place, 20)
    one, two = another(letter), another(letter, 2)
    text = (
        HEADER
        + line("chr2", 0, "N", "<DEL>")
        + line("chr2", place, letter, f"{one},{two}")
        + line("chr2", place, letter.lower(), f"{one.lower()},*,<INS>,{letter},{one}N")
        + line("chr2", place, letter, ".")
        + line("chr2", place, letter, f"{letter}[chr3:5[")
        + line("chr2", place, long, long[0])
        + line("chr2", place, long[:4], long[0])
        + line("chr9", 7, "A", "C")
    )
    path = write(text, name)
    alleles = list(iterate_alleles(VariantFile(path), reader, ["chr2"], 10))
    assert [x.outcome for x in alleles] == [
        *("symbolic", "same_length", "same_length"),
        *("same_length", "overlapping_deletion", "symbolic", "same", "not_acgt"),
        *("missing", "symbolic", "too_long", "indel", "other_chromosome"),
    ]
    first = alleles[1].variant
    assert first[:2] == (place - 1, place) and "ACGT"[first.inserted[0]] == one
    counts = check_variants(path, reader, ["chr2"], 10, keep_mismatches=False)
    assert counts.set_index(["chrom", "outcome"])["alleles"].to_dict() == {
        **{("chr2", "symbolic"): 3, ("chr2", "same_length"): 3, ("chr2", "same"): 1},
        **{("chr2", "overlapping_deletion"): 1, ("chr2", "not_acgt"): 1, ("chr2", "missing"): 1},
        **{("chr2", "too_long"): 1, ("chr2", "indel"): 1, ("chr9", "other_chromosome"): 1},
    }


def test_a_reference_that_is_not_the_genomes(write, genome, reader):
    place = find(genome, "chr2", 40)
    letter = at(genome, "chr2", place)
    one, two, right = another(letter), another(letter, 2), line("chr2", place, letter, "<DEL>")
    good = line("chr2", place, letter, one)
    text = HEADER + right + good + line("chr2", place, one, letter) + line("chr2", place, one, two)
    path = write(text)
    problem = f"2 of 4 alleles .* chr2:{place} {one}, where it has {letter}; 1 of them are flip"
    with pytest.raises(InputError, match=problem):
        check_variants(path, reader, ["chr2"], 10, keep_mismatches=False)
    counts = check_variants(path, reader, ["chr2"], 10, keep_mismatches=True)
    assert counts["outcome"].tolist() == [
        *("symbolic", "same_length", "flipped", "reference_mismatch")
    ]


@pytest.mark.parametrize("heading", ["", "chr\tpos\tallele1\tallele2\tvariant_id\n"])
def test_a_table(write, heading):
    path = write(f"{heading}chr2\t10\tA\tC\trs1\nchr2\t12\tAC\tA\trs2\n", "some.tsv")
    records = list(VariantFile(path))
    assert [(x.chrom, x.start, x.reference, x.alternatives, x.name) for x in records] == [
        ("chr2", 9, "A", ["C"], "rs1"),
        ("chr2", 11, "AC", ["A"], "rs2"),
    ]


SNV = line("chr2", 7, "A", "C")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        (SNV, "a VCF without its header"),
        ("##fileformat=VCFv4.2\n" + SNV, "without the line #CHROM"),
        (HEADER, "no records"),
        (HEADER + line("chr2", 9, "A", "C") + SNV, "not sorted: chr2:7 after chr2:9"),
        (HEADER + SNV + line("chr3", 9, "A", "C") + SNV, "not sorted: chr2:7 after chr3:9"),
        (HEADER + SNV[:-1], "truncated"),
        (HEADER + SNV[:8] + "\n", "columns, not 8; correct the line; is the file truncated"),
        (HEADER + line("chr2", "x", "A", "C"), "the position 'x' is no number"),
        (HEADER + line("chr2", 7, "", "C"), "is not made of bases"),
        (HEADER + line("chr2", SIZES["chr2"] + 1, "A", "C"), "another assembly"),
        (HEADER + line("2", 7, "A", "C"), "rename them to match"),
        (HEADER + line("seven", 7, "A", "C"), "files of one assembly"),
        (
            HEADER.replace("\n#", "\n##contig=<ID=chr2,length=99>\n#") + SNV,
            "chr2 has 99 bases, in the FASTA 3,000",
        ),
        (HEADER + line("chr2", 7, "A", "<DEL>"), "."),
    ],
)
def test_refusals(write, reader, text, problem):
    with pytest.raises(InputError, match=problem) as error:
        check_variants(write(text), reader, ["chr2", "chr3"], 10, keep_mismatches=True)
    assert "\n" not in str(error.value)


def test_a_bgzip_file_without_its_end(write, reader):
    path = write(HEADER + SNV, "some.vcf.gz")
    path.write_bytes(path.read_bytes()[:-28])
    with pytest.raises(InputError, match="truncated: it lacks the end of a bgzip file"):
        VariantFile(path)
    path.write_bytes(gzip.compress((HEADER + SNV).encode())[:-9])
    with pytest.raises(InputError, match="truncated or corrupt gzip"):
        list(VariantFile(path))


@given(st.text("ACGTN.<>*,[]\t\n 0123456789chr#=", max_size=120))
def test_any_text_is_read_or_refused_in_a_line(tmp_path_factory, reader, text):
    path = tmp_path_factory.mktemp("any") / "some.vcf"
    path.write_text(HEADER + text)
    try:
        check_variants(path, reader, ["chr2"], 10, keep_mismatches=True)
    except InputError as error:
        assert "\n" not in str(error)


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused_in_a_line(tmp_path_factory, reader, content):
    for name in ("some.vcf", "some.tsv"):
        path = tmp_path_factory.mktemp("any") / name
        path.write_bytes(content)
        try:
            check_variants(path, reader, ["chr2"], 10, keep_mismatches=True)
        except InputError as error:
            assert "\n" not in str(error)
