"""A bundle decodes without the study, in a place of its own, to the study's own bytes."""

import shutil

import numpy as np
import pandas as pd
import pyBigWig
import pytest
from leopard.decoding.bundle import open_bundle
from workflow.conftest import run_leopard


@pytest.fixture
def elsewhere(finished, tmp_path):
    """A directory with a bundle, the genome as it was given and a cell line's signal."""
    finished.config["export"] = {"licence": "CC0", "citation": "Nobody, *Nowhere* (2026)."}
    finished.succeed("export")
    directory = tmp_path / "elsewhere"
    directory.mkdir()
    for made in ("export/unet.zip", "simulated/genome.fa.gz", "simulated/b.bigWig"):
        shutil.copy(finished.results / made, directory)
    return directory


def test_it_decodes_to_the_bytes_of_the_study(finished, elsewhere):
    files = ("unet.zip", "--genome", "genome.fa.gz", "--signal", "b.bigWig", "-o", "out")
    done = run_leopard(elsewhere, "decode", *files)
    assert done.returncode == 0, done.stderr
    for own, made in (("bigWig", "binding.bigWig"), ("narrowPeak", "binding.narrowPeak")):
        track = finished.results / f"predictions/unet/b.{own}"
        assert (elsewhere / "out" / made).read_bytes() == track.read_bytes()
    likeness = pd.read_csv(elsewhere / "out/likeness.tsv", sep="\t")
    assert likeness["verdict"].to_list() == ["like the training cell lines"]
    assert "accessibility: like the training cell lines\n" in done.stdout
    said = run_leopard(elsewhere, "card", "unet.zip").stdout
    summary = pd.read_csv(finished.results / "evaluation/summary.tsv", sep="\t")
    for row in summary[summary["model"] == "unet"].itertuples():
        assert f"| {row.cell_line} |" in said and f"{row.average_precision:.3g}" in said
    assert "CC0" in said and "Nobody, *Nowhere* (2026)." in said

    # The other backend says the same, but for the rounding of sums.
    done = run_leopard(elsewhere, "decode", *files[:-1], "jax", "--backend", "jax")
    assert done.returncode == 0, done.stderr
    with (
        pyBigWig.open(str(elsewhere / "out/binding.bigWig")) as ours,
        pyBigWig.open(str(elsewhere / "jax/binding.bigWig")) as theirs,
    ):
        for chrom, size in ours.chroms().items():
            values = [x.values(chrom, 0, size, numpy=True) for x in (ours, theirs)]
            same = np.isclose(*values, rtol=0, atol=2e-4)
            assert (~same).sum() <= 5 * 64  # blocks at the very edge of the background

    called = pd.read_csv(elsewhere / "out/binding.narrowPeak", sep="\t", header=None)
    called.iloc[:2, :3].to_csv(elsewhere / "sites.bed", sep="\t", header=False, index=False)
    shares = []
    for backend in ("tensorflow", "jax"):
        asked = ("--sites", "sites.bed", "--no-mutagenesis", "--backend", backend)
        done = run_leopard(elsewhere, "explain", *files[:-1], backend, *asked)
        assert done.returncode == 0, done.stderr
        sites = pd.read_csv(elsewhere / backend / "sites.tsv", sep="\t")
        shares.append(sites[["logit", "reference", "sequence", "accessibility"]])
    assert len(shares[0]) == 2
    np.testing.assert_allclose(*shares, rtol=1e-3, atol=1e-3 * shares[0].abs().max().max())


def test_what_the_bundle_tells(finished, elsewhere):
    bundle = open_bundle(elsewhere / "unet.zip")
    manifest = bundle.manifest
    assert manifest["genome"]["chromosomes"] == {"chr1": 150_000, "chr2": 60_000, "chr3": 50_007}
    measures = pd.read_csv(finished.results / "signals/a.accessibility.measures.tsv", sep="\t")
    (own,) = manifest["tracks"]["accessibility"]["measures"].values()
    assert own["mean"] == measures["mean"].item()
    assert {row["model"] for row in manifest["measures"]} == {
        *("unet", "motif", "accessibility", "motif_accessibility", "trees")
    }
    # A second export changes no byte.
    written = finished.results / "export/unet.zip"
    before = written.read_bytes()
    written.unlink()
    finished.succeed("export")
    assert written.read_bytes() == before
