"""Variants of the tiny study, through Snakemake and through the command with its bundle."""

import shutil

import numpy as np
import pandas as pd
import pysam
import pytest
from leopard.interpretation.variant_examples import read_letters
from workflow.conftest import run_leopard

SETTINGS = {"neighbourhood": 60, "longest_allele": 10, "background": 20, "seed": 4}


@pytest.fixture
def variants(finished):
    """The study with a bgzipped VCF of SNVs and deletions, a few of them at planted sites."""
    truth = pd.read_csv(finished.results / "simulated/truth.tsv", sep="\t")
    rows = []
    with pysam.FastaFile(str(finished.results / "genome/genome.fa")) as genome:
        for chrom in ("chr1", "chr3"):
            middles = truth[truth["chrom"] == chrom]["start"].to_numpy() + 9
            for place in np.unique([*middles[:8], *range(20_000, 40_000, 4000)]):
                letters = genome.fetch(chrom, place, place + 3).upper()
                if "N" not in letters:
                    other = "ACGT"[("ACGT".index(letters[0]) + 1) % 4]
                    rows.append((chrom, place + 1, letters[0], f"{other},<DEL>"))
                    rows.append((chrom, place + 1, letters, letters[0]))
    text = "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=150000>\n##contig=<ID=chr3>\n"
    text += "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    for chrom, position, reference, alternative in rows:
        text += f"{chrom}\t{position}\t.\t{reference}\t{alternative}\t.\t.\t.\n"
    with pysam.BGZFile(str(finished.directory / "some.vcf.gz"), "w", None) as file:
        file.write(text.encode())
    finished.config["variants"] = {"file": "some.vcf.gz", **SETTINGS}
    return finished


def test_variants_of_a_study_and_of_its_bundle(variants, tmp_path):
    variants.succeed("variants", "export")
    directory = variants.results / "variants/unet"
    table = pd.read_csv(directory / "b.tsv", sep="\t")
    scored = table[table["skipped"].isna()]
    assert len(table) == len(scored) * 3 / 2 and set(scored["chr"]) == {"chr1", "chr3"}
    assert scored["logit_difference"].abs().max() > 0
    with pysam.VariantFile(str(directory / "b.vcf.gz")) as vcf:
        found = [x.info["LEOPARD_LOGIT"][0] for x in vcf.fetch("chr3")]
    wanted = scored[scored["chr"] == "chr3"]["logit_difference"]
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    assert (variants.results / "report/variants/unet/a.png").stat().st_size > 10_000
    letters = read_letters(directory / "a.contributions.npz")
    assert 1 <= len(letters) <= 6 and all(x.any() for x in letters.values())

    # What a killed job left out is made again, to the same bytes.
    before = (directory / "b.tsv").read_bytes()
    for name in ("b/chr3.scores.npy", "b.tsv"):
        (directory / name).unlink()
    said = variants.succeed("variants")
    assert "score_variants" in said and (directory / "b.tsv").read_bytes() == before

    # The bundle scores the same without the study.
    for made in ("export/unet.zip", "simulated/genome.fa.gz", "simulated/b.bigWig"):
        shutil.copy(variants.results / made, tmp_path)
    shutil.copy(variants.directory / "some.vcf.gz", tmp_path)
    options = [x for name, n in SETTINGS.items() for x in (f"--{name.replace('_', '-')}", str(n))]
    files = ("--genome", "genome.fa.gz", "--signal", "b.bigWig", "--variants", "some.vcf.gz")
    done = run_leopard(tmp_path, "variants", "unet.zip", *files, "-o", "b", *options)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["table:", "b/variants.tsv", "vcf:", "b/variants.vcf.gz"]
    assert (tmp_path / "b/variants.tsv").read_bytes() == before
    assert not (tmp_path / "b/parts").exists()


def test_what_is_refused(finished):
    done = finished.run("variants")
    assert done.returncode == 1
    assert "config (variants.file): missing; name it" in done.stdout.splitlines()[-1]
    (finished.directory / "some.vcf").write_text("chr1\t7\t.\tA\tC\t.\t.\t.\n")
    finished.config["variants"] = {"file": "some.vcf"}
    done = finished.run("variants")
    assert done.returncode == 1
    assert "some.vcf: a VCF without its header" in done.stdout.splitlines()[-1]
