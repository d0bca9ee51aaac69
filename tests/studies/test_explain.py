"""Sites of the tiny study explained, through Snakemake and through the command with its bundle."""

import shutil

import pandas as pd
from leopard.study.explained import EXPLAINED
from workflow.conftest import run_leopard


def test_sites_of_a_study_and_of_its_bundle(finished, tmp_path):
    truth = pd.read_csv(finished.results / "simulated/truth.tsv", sep="\t").head(8)
    rows = [f"{x.chrom}\t{x.start}\t{x.start + 19}\n" for x in truth.itertuples()]
    (finished.directory / "sites.bed").write_text("".join(rows))
    finished.config["explain"] = {"sites": "sites.bed"}
    finished.succeed("explain", "export")
    directory = finished.results / "interpretation/unet/b"
    table = pd.read_csv(directory / "sites.tsv", sep="\t")
    assert table["start"].tolist() == truth["start"].tolist()
    assert set(table["outcome"]) <= {"right", "wrong", "unknown"}
    assert table["completeness_error"].median() < 0.02
    for name in ("shares", "logos"):
        figure = finished.results / f"report/contributions/unet/a.{name}.png"
        assert figure.stat().st_size > 10_000

    # What a killed job left out is made again, to the same bytes.
    before = {name: (directory / name).read_bytes() for name in EXPLAINED.values()}
    (directory / "contributions.h5").unlink()
    assert "explain_sites" in finished.succeed("explain")
    assert before == {name: (directory / name).read_bytes() for name in EXPLAINED.values()}

    # The bundle says the same without the study, which alone has labels.
    for made in ("export/unet.zip", "simulated/genome.fa.gz", "simulated/b.bigWig"):
        shutil.copy(finished.results / made, tmp_path)
    shutil.copy(finished.directory / "sites.bed", tmp_path)
    files = ("--genome", "genome.fa.gz", "--signal", "b.bigWig", "--sites", "sites.bed")
    done = run_leopard(tmp_path, "explain", "unet.zip", *files, "-o", "b")
    assert done.returncode == 0, done.stderr
    for name in EXPLAINED.values():
        if name != "sites.tsv":
            assert (tmp_path / "b" / name).read_bytes() == before[name], name
    own = pd.read_csv(tmp_path / "b/sites.tsv", sep="\t")
    pd.testing.assert_frame_equal(own.drop(columns="outcome"), table.drop(columns="outcome"))


def test_what_is_refused(finished):
    finished.config["explain"] = {"sites": "sites.bed"}
    done = finished.run("explain")
    assert done.returncode == 1
    assert "sites.bed: no such file, named in config (explain.sites)" in done.stdout
    (finished.directory / "sites.bed").write_text("chrX\t7\t20\n")
    done = finished.run("explain")
    assert done.returncode == 1
    assert "error: sites.bed: no sites on the genome" in done.stdout
