"""Planted variants: each changes the matrix score of its site by what is written."""

import numpy as np
import pandas as pd
import pysam
import pytest
from conftest import CTCF
from leopard.genome.formats import read_motif
from leopard.genome.tracks import Tracks
from leopard.inputs.genome_file import prepare_genome
from leopard.inputs.simulate import PSEUDOCOUNT, simulate_genome
from leopard.inputs.simulated_variants import AWAY, simulate_variants

COMPLEMENT = str.maketrans("ACGT", "TGCA")


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """The directory of a simulated genome with its sites."""
    directory = tmp_path_factory.mktemp("simulated")
    simulate_genome(directory, CTCF, 1, ["a"], {"chr1": 60_000, "chr2": 40_000})
    prepare_genome(directory / "genome.fa.gz", directory / "genome.fa")
    return directory


def read(path):
    with pysam.VariantFile(str(path)) as vcf:
        return [
            (x.chrom, x.pos, x.ref, x.alts[0], x.info["CHANGE"], x.info.get("SITE")) for x in vcf
        ]


def test_changes_are_those_of_the_matrix(simulated):
    vcf = simulated / "variants.vcf"
    simulate_variants(
        simulated / "genome.fa", simulated / "truth.tsv", CTCF, 1, ["chr1", "chr2"], vcf
    )
    sites = pd.read_csv(simulated / "truth.tsv", sep="\t")
    log_odds = np.log2(read_motif(CTCF)[1].T + PSEUDOCOUNT) + 2
    genome, found = pysam.FastaFile(str(simulated / "genome.fa")), read(vcf)

    def score(letters, strand):
        letters = letters.upper()
        letters = letters.translate(COMPLEMENT)[::-1] if strand == "-" else letters
        return sum(log_odds[i, "ACGT".index(x)] for i, x in enumerate(letters))

    planted = [x for x in found if x[5]]
    assert sorted((x[0], x[5] - 1) for x in planted) == sorted(
        zip(sites["chrom"], sites["start"], strict=True)
    )
    for chrom, position, reference, alternative, change, site in planted:
        row = sites[(sites["chrom"] == chrom) & (sites["start"] == site - 1)].iloc[0]
        letters = genome.fetch(chrom, row["start"], row["end"])
        at = position - site
        assert letters[at].upper() == reference != alternative
        other = letters[:at] + alternative + letters[at + 1 :]
        difference = score(other, row["strand"]) - score(letters, row["strand"])
        assert change == pytest.approx(difference, abs=6e-4)
    outside = [x for x in found if not x[5]]
    assert len(outside) == sum(int(0.5 * n) for n in sites["chrom"].value_counts())
    for chrom, position, reference, alternative, change, _ in outside:
        own = sites[sites["chrom"] == chrom]
        assert ((own["start"] - position >= AWAY) | (position - own["end"] > AWAY)).all()
        assert genome.fetch(chrom, position - 1, position).upper() == reference != alternative
        assert change == 0
    assert [x[:2] for x in found] == sorted(x[:2] for x in found)
    assert {x[0] for x in found} == set(Tracks(simulated / "genome.fa").chrom_sizes)


def test_another_chromosome_changes_no_variant(simulated):
    files = simulated / "genome.fa", simulated / "truth.tsv", CTCF, 1
    for name, chromosomes in (("both", ["chr1", "chr2"]), ("one", ["chr2"])):
        simulate_variants(*files, chromosomes, simulated / f"{name}.vcf")
    both = [x for x in read(simulated / "both.vcf") if x[0] == "chr2"]
    assert read(simulated / "one.vcf") == both
