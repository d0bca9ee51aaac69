"""A study that begins from reads: a BAM, and fragments of single cells, by path and by URL."""

import gzip

import numpy as np
import pyBigWig
import pysam
import pytest
from workflow.conftest import build_study, serve, write_sheet

SIZES = {"chr1": 150_000, "chr2": 60_000, "chr3": 50_007}


def write_bam(path, starts, sizes=SIZES):
    """Single-end reads of 20 bases, forward and reverse in turns, all on each chromosome."""
    header = {"SQ": [{"SN": chrom, "LN": size} for chrom, size in sizes.items()]}
    with pysam.AlignmentFile(str(path), "wb", header=header) as bam:
        for contig in range(len(sizes)):
            for i, start in enumerate(starts):
                read = pysam.AlignedSegment(bam.header)
                read.query_name, read.flag, read.mapping_quality = f"r{i}", 16 * (i % 2), 60
                read.reference_id, read.reference_start = contig, int(start)
                read.query_sequence, read.cigarstring = "A" * 20, "20M"
                bam.write(read)


@pytest.fixture
def study(tmp_path):
    rng = np.random.default_rng(1)
    starts = np.sort(rng.integers(0, 50_000, 2000))
    write_bam(tmp_path / "b.bam", starts)
    rows = [
        f"{chrom}\t{start}\t{start + 20}\t{barcode}\t3\n"
        for chrom in SIZES
        for start, barcode in zip(starts, rng.choice(["AA", "CC"], 2000), strict=True)
    ]
    served = tmp_path / "served"
    served.mkdir()
    (served / "fragments.tsv.gz").write_bytes(gzip.compress("".join(rows).encode()))
    (served / "groups.tsv").write_text("AA\tb\nCC\tc\n")
    study = build_study(tmp_path)
    study.config |= {"reads": {"smoothing": 5}, "training": {"batch_size": 16, "epochs": 1}}
    study.config["members"] = study.config["members"][:1]
    with serve(served) as url:
        write_sheet(
            tmp_path / "signals.tsv",
            "cell_line replicate signal assay barcodes",
            "a 1 results/tiny/simulated/a.bigWig",
            "b bam b.bam dnase",
            f"b cells {url}/fragments.tsv.gz atac {url}/groups.tsv",
            f"c cells {url}/fragments.tsv.gz atac {url}/groups.tsv",
        )
        # Of b and c no peaks are simulated that fit.
        write_sheet(
            tmp_path / "labels.tsv", "cell_line labels", "a results/tiny/simulated/a.narrowPeak"
        )
        yield study


def read_values(path, chrom):
    with pyBigWig.open(str(path)) as bigwig:
        return np.nan_to_num(bigwig.values(chrom, 0, SIZES[chrom], numpy=True))


def test_a_study_begins_from_reads(study):
    tracks = [f"results/tiny/predictions/unet/{line}.bigWig" for line in "bc"]
    study.succeed(*tracks)
    made = study.results / "signals/reads"
    made_of = {
        "b/accessibility/bam": "bam",
        "b/accessibility/cells": "AA",
        "c/accessibility/cells": "CC",
    }
    assert sorted(x.relative_to(made).as_posix() for x in made.rglob("*.*")) == [
        *(f"{x}.bigWig" for x in made_of),
    ]
    for chrom, size in SIZES.items():
        plain = {"bam": np.zeros(size), "AA": np.zeros(size), "CC": np.zeros(size)}
        with pysam.AlignmentFile(str(study.directory / "b.bam")) as bam:
            for read in bam:
                if read.reference_name == chrom:
                    cut = read.reference_end if read.is_reverse else read.reference_start
                    plain["bam"][max(cut - 5, 0) : cut + 6] += 1
        with gzip.open(study.results / "inputs/signal/fragments.tsv.gz", "rt") as rows:
            for row in rows:
                name, start, end, barcode, _ = row.split("\t")
                if name == chrom:
                    for cut in (int(start), int(end)):
                        plain[barcode][max(cut - 5, 0) : cut + 6] += 1
        for name, group in made_of.items():
            values = read_values(made / f"{name}.bigWig", chrom)
            np.testing.assert_array_equal(values, plain[group])
    assert all((study.directory / track).exists() for track in tracks)
    assert not list(study.directory.glob("*.bai"))
    study.config["windows"]["seed"] = 2  # nothing of that is counted again
    assert "count_reads" not in study.succeed(*tracks, "--dry-run")
    study.config["reads"]["smoothing"] = 4
    assert "count_reads" in study.succeed(*tracks, "--dry-run")


def test_reads_of_another_assembly_are_refused_in_one_line(study):
    write_bam(study.directory / "b.bam", [5], SIZES | {"chr2": 60_001})
    done = study.run("results/tiny/signals/reads/b/accessibility/bam.bigWig")
    assert done.returncode != 0
    problem = "b.bam: chr2 has 60,001 bases, in the FASTA 60,000: wrong assembly?"
    assert f"error: {problem}; use files of one assembly" in done.stdout
    assert "Traceback" not in done.stdout
    assert not (study.results / "signals/reads/b/accessibility/bam.bigWig").exists()
