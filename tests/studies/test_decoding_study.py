"""A study of bundles alone: cell lines decoded elsewhere, with and without labels of their own."""

import hashlib
import shutil

import numpy as np
import pandas as pd
import pyBigWig
import pysam
import pytest
from sklearn.metrics import average_precision_score
from workflow.conftest import MOTIF, Study, serve, write_sheet


@pytest.fixture
def decoding(finished, tmp_path):
    """A study, in a directory of its own, of a bundle of the finished study and two cell lines."""
    finished.succeed("export")
    directory = tmp_path / "elsewhere"
    directory.mkdir()
    for made in (
        "export/unet.zip",
        *(f"simulated/{x}" for x in ("genome.fa.gz", "b.bigWig", "b.narrowPeak", "c.bam")),
    ):
        shutil.copy(finished.results / made, directory)
    shutil.copy(finished.results / "labels/b.bigWig", directory / "b.labels.bigWig")
    fragments = [f"chr1\t{start}\t{start + 90}\n" for start in range(0, 149_000, 70)]
    (directory / "fragments.tsv").write_text("".join(fragments))
    write_sheet(
        directory / "signals.tsv",
        "cell_line replicate signal assay",
        "b 1 b.bigWig",
        "c 1 c.bam atac",
        "odd 1 fragments.tsv atac",
    )
    config = {
        "study": "decoded",
        "models": {"near": {"bundle": "unet.zip"}},
        "genome": {"fasta": "genome.fa.gz"},
        "signals": "signals.tsv",
        "labels": {"sheet": "labels.tsv", "mode": "bigwig", "seen": True},
    }
    write_sheet(directory / "labels.tsv", "cell_line labels", "b b.labels.bigWig")
    return Study(directory, config)


def refuse(study, *arguments):
    """The last line of a run that is refused."""
    done = study.run(*arguments)
    assert done.returncode != 0
    return done.stdout.splitlines()[-1]


def average_precision(made, truth, line):
    """Of a cell line's track at the bases of all sites that were planted, by what is bound."""
    sites = pd.read_csv(truth, sep="\t")
    with pyBigWig.open(str(made / f"{line}.bigWig")) as track:
        scores = [
            track.stats(row.chrom, row.start, row.end, type="max", exact=True)[0]
            for row in sites.itertuples()
        ]
    return average_precision_score(sites[f"{line}.bound"], scores)


def test_other_cells_with_a_bundle_and_nothing_else(decoding, finished):
    directory = decoding.directory
    zipped = directory / "unet.zip"
    digest = hashlib.sha256(zipped.read_bytes()).hexdigest()
    near = decoding.config["models"]["near"]
    near["checksum"] = f"sha256:{'0' * 64}"
    said = refuse(decoding)
    assert said == (
        "error: unet.zip: its SHA-256 is not the one given; fetch it again, or ask whoever made it"
    )
    del near["checksum"]
    with serve(decoding.directory) as url:
        far = {"bundle": f"{url}/unet.zip", "checksum": f"sha256:{digest}"}
        decoding.config["models"] = {"far": far}
        report = decoding.results / "report.html"
        decoding.succeed("--report", str(report), "--report-after-run")
        assert "Nothing to be done" in decoding.succeed()
    made = decoding.results / "predictions/far"
    for kind in ("bigWig", "narrowPeak"):
        own = finished.results / f"predictions/unet/b.{kind}"
        assert (made / f"b.{kind}").read_bytes() == own.read_bytes()
    assert "decoding.html" in report.read_text()
    page = (decoding.results / "report/tracks/far.html").read_text()
    assert "report/tracks/far.html" in report.read_text() and "There is no site" not in page
    likeness = pd.read_csv(decoding.results / "evaluation/far/b.likeness.tsv", sep="\t").iloc[0]
    assert likeness["verdict"] == "like the training cell lines" and likeness["unit"] == 1
    # Fragments of equal distance cover the genome as no assay does.
    likeness = pd.read_csv(decoding.results / "evaluation/far/odd.likeness.tsv", sep="\t").iloc[0]
    assert likeness["verdict"] == "doubtful" and "99% quantile" in likeness["against"]
    # Reads are counted as in the study of the bundle: cuts, 10 bases to each side.
    counted = decoding.results / "signals/reads/odd/accessibility/1.bigWig"
    with pyBigWig.open(str(counted)) as bigwig:
        near_a_cut, between = (bigwig.values("chr1", x, x + 1)[0] for x in (7005, 7045))
    assert near_a_cut == 1 and np.isnan(between)
    signals = pd.read_csv(decoding.results / "predictions/signals.tsv", sep="\t")
    assert signals["cell_line"].to_list() == ["a", "b", "c", "odd"]
    assert signals["role"].to_list() == ["training", *["this study"] * 3]
    # Labels say what the bundle's own study said, of what its network had never seen.
    judged = pd.read_csv(decoding.results / "evaluation/far/b.judged.tsv", sep="\t")
    own = pd.read_csv(finished.results / "evaluation/b.tsv", sep="\t")
    own = own[(own["model"] == "unet") & (own["scope"] == "chromosomes")].iloc[0]
    judged = judged[judged["model"] == "far"].set_index("scope")
    assert judged["role"].to_dict() == {
        **{"chr1": "trained on", "chr2": "chosen by", "chr3": "never seen"},
        **{"chromosomes": "never seen", "seen": "seen"},
    }
    for measure in ("average_precision", "auroc", "loss", "dice_best", "calibration"):
        assert judged.at["chromosomes", measure] == pytest.approx(own[measure], rel=1e-4), measure
    assert "report/judged.html" in report.read_text()
    # From reads a cell line without labels is predicted as well as one from coverage.
    truth = finished.results / "simulated/truth.tsv"
    from_reads, from_coverage = (average_precision(made, truth, line) for line in "cb")
    assert from_reads > from_coverage - 0.05

    # Regions, with two bundles: what all of the chromosome has there, and a table.
    write_sheet(directory / "signals.tsv", "cell_line replicate signal", "b 1 b.bigWig")
    bed = decoding.directory / "regions.bed"
    peaks = pd.read_csv(directory / "b.narrowPeak", sep="\t", header=None, usecols=range(3))
    bound = peaks.loc[peaks[0] == "chr3", 1].iloc[0]
    regions = ("chr3", bound - 500, bound + 500), ("chr2", 100, 400), ("chr3", bound, bound + 1100)
    bed.write_text("".join(f"{chrom}\t{start}\t{end}\n" for chrom, start, end in regions))
    decoding.config |= {"study": "regions", "regions": "regions.bed"}
    decoding.config["models"] = {"near": near, "again": near}
    decoding.config["labels"] = {"sheet": "labels.tsv", "mode": "peaks"}
    write_sheet(directory / "labels.tsv", "tf cell_line labels", "near b b.narrowPeak")
    decoding.succeed()
    judged = pd.read_csv(decoding.results / "evaluation/near/b.judged.tsv", sep="\t")
    assert set(judged["scope"]) == {"chr3", "chromosomes"}
    assert not (decoding.results / "evaluation/again/b.judged.tsv").exists()
    made = decoding.results / "predictions"
    assert (made / "near/b.bigWig").read_bytes() == (made / "again/b.bigWig").read_bytes()
    table = pd.read_csv(made / "near/b.regions.tsv", sep="\t")
    assert table["start"].to_list() == [bound - 500, 100, bound]
    with (
        pyBigWig.open(str(made / "near/b.bigWig")) as ours,
        pyBigWig.open(str(finished.results / "predictions/unet/b.bigWig")) as whole,
    ):
        for row in table.itertuples():
            region = row.chrom, row.start, row.end
            values = [x.values(*region, numpy=True) for x in (ours, whole)]
            np.testing.assert_allclose(*values, atol=2e-4)

    # Why sites are called there, and what a variant changes, as the study of the bundle says.
    with pysam.FastaFile(str(decoding.results / "genome/genome.fa")) as genome:
        letter = genome.fetch("chr3", 20_000, 20_001).upper()
    other = "A" if letter != "A" else "C"
    (directory / "some.tsv").write_text(f"chr3\t20001\t{letter}\t{other}\tv1\n")
    (directory / "sites.bed").write_text("chr3\t20000\t20020\nchr2\t30000\t30020\n")
    decoding.config["models"] = {"near": near}
    decoding.config["explain"] = {"sites": "sites.bed", "motif_database": str(MOTIF)}
    decoding.config["variants"] = {"file": "some.tsv", "background": 5}
    decoding.succeed("explain", "variants", "motifs")
    sites = pd.read_csv(decoding.results / "interpretation/near/b/sites.tsv", sep="\t")
    assert list(sites["chrom"]) == ["chr3", "chr2"]
    for name in ("contributions/near/b.shares", "contributions/near/b.logos", "motifs/near/b"):
        assert (decoding.results / f"report/{name}.png").stat().st_size > 10_000, name
    assert (decoding.results / "interpretation/near/b/motifs.tsv").exists()
    scored = pd.read_csv(decoding.results / "variants/near/b.tsv", sep="\t")
    assert len(scored) == 1 and scored["logit_difference"].notna().all()
    assert (decoding.results / "report/variants/near/b.png").stat().st_size > 10_000

    # Another genome, by its lengths.
    (decoding.directory / "genome.fa").write_text(f">chr1\n{'ACGT' * 100}\n")
    decoding.config |= {"study": "other", "genome": {"fasta": "genome.fa"}, "regions": None}
    del decoding.config["variants"]
    said = refuse(decoding, "results/other/checks/near.bundle.tsv")
    assert said.startswith("error: results/other/genome/genome.fa: chr1 has 400 bases, and 150,000")
