"""Excluded bases against sets of positions."""

import pandas as pd
import pytest
from conftest import SIZES
from leopard.errors import InputError
from leopard.genome.tracks import Tracks
from leopard.inputs.exclusions import exclude_outside, list_excluded, write_bed


@pytest.fixture
def beds(tmp_path):
    paths = [tmp_path / "one.bed", tmp_path / "two.bed"]
    paths[0].write_text("chr2\t5\t20\nchr1\t900\t950\nchr1\t100\t200\n")
    paths[1].write_text("chr1\t200\t210\nchr1\t920\t1000\nchr4\t10\t999\n")
    return paths


def positions(intervals):
    return {(c, x) for c, s, e in intervals.itertuples(index=False) for x in range(s, e)}


BOTH = (
    {("chr1", x) for x in (*range(100, 210), *range(900, 1000))}
    | {("chr2", x) for x in range(5, 20)}
    | {("chr4", x) for x in range(10, 17)}
)


def test_files_are_merged_and_in_the_order_of_the_genome(genome, beds):
    excluded = list_excluded(genome.fasta, beds, ["chr1"], unknown=False)
    assert excluded.to_numpy().tolist() == [
        ["chr1", 100, 210],
        ["chr1", 900, 1000],
        ["chr2", 5, 20],
        ["chr4", 10, 17],
    ]
    assert positions(excluded) == BOTH


def test_bases_that_are_no_letters_of_dna_are_excluded(genome, beds):
    excluded = list_excluded(genome.fasta, beds, ["chr3", "chr1"], unknown=True)
    unknown = {
        (chrom, x)
        for chrom in ("chr1", "chr3")
        for x, letter in enumerate(genome.sequences[chrom])
        if letter not in "ACGTacgt"
    }
    assert positions(excluded) == BOTH | unknown
    assert not list_excluded(genome.fasta, [], [], unknown=True).size


def test_outside_the_regions_everything_is_excluded(genome, beds, tmp_path):
    regions = tmp_path / "regions.bed"
    regions.write_text("chr2\t10\t600\nchr3\t0\t10\nchr2\t500\t700\nchr1\t0\t5\n")
    excluded = list_excluded(genome.fasta, beds, [], unknown=False)
    judged = exclude_outside(genome.fasta, excluded, regions, ["chr2", "chr3"])
    outside = {("chr2", x) for x in range(SIZES["chr2"]) if not 10 <= x < 700}
    outside |= {("chr3", x) for x in range(10, SIZES["chr3"])}
    assert positions(judged) == BOTH | outside
    with pytest.raises(InputError, match=r"regions\.bed: no region on chr4; add regions"):
        exclude_outside(genome.fasta, excluded, regions, ["chr2", "chr4"])


def test_a_bed_that_was_written_excludes_the_same(genome, beds, tmp_path):
    path = tmp_path / "excluded.bed"
    for excluded in (
        list_excluded(genome.fasta, beds, ["chr1"], unknown=True),
        list_excluded(genome.fasta, [], [], unknown=False),
    ):
        write_bed(path, excluded)
        tracks = Tracks(genome.fasta, excluded=path)
        counted = {c: tracks.counted(c, 0, n) for c, n in SIZES.items()}
        found = {(c, x) for c, mask in counted.items() for x in (~mask).nonzero()[0]}
        assert found == positions(excluded)


def test_tables_without_rows(genome):
    assert list_excluded(genome.fasta, [], [], unknown=False).equals(
        pd.DataFrame(columns=["chrom", "start", "end"])
    )
