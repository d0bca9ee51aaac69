"""Motifs of the tiny study: what is refused, and what there is where sites are too few."""

import pandas as pd
from leopard.study.explained import MOTIFS
from workflow.conftest import MOTIF


def test_too_few_sites_to_ask_for(finished):
    done = finished.run("motifs")
    assert done.returncode == 1
    message = "error: config (explain.best): TF-MoDISco finds no motifs in 100 sites or fewer; set"
    assert message in done.stdout
    finished.config["explain"] = {"best": 400, "motif_database": "absent.meme"}
    done = finished.run("motifs")
    assert done.returncode == 1
    assert "absent.meme: no such file, named in config (explain.motif_database)" in done.stdout
    (finished.directory / "absent.meme").write_text("MEME version 4\n")
    done = finished.run("results/tiny/inputs/motif_database.meme")
    assert done.returncode == 1
    assert "error: absent.meme: motif file without motifs; give one of MEME" in done.stdout


def test_too_few_sites_to_find_motifs_in(finished):
    truth = pd.read_csv(finished.results / "simulated/truth.tsv", sep="\t").head(8)
    rows = [f"{x.chrom}\t{x.start}\t{x.start + 19}\n" for x in truth.itertuples()]
    (finished.directory / "sites.bed").write_text("".join(rows))
    finished.config["explain"] = {
        **{"sites": "sites.bed", "mutagenesis": False},
        "motif_database": str(MOTIF),
    }
    directory = finished.results / "interpretation/unet/b"
    figure = finished.results / "report/motifs/unet/b.png"
    paths = [*(directory / name for name in MOTIFS.values()), figure]
    targets = [str(x.relative_to(finished.directory)) for x in paths]
    said = finished.succeed(*targets)
    assert "no patterns: 8 sites, and TF-MoDISco needs more than 100 with a motif each" in said
    assert pd.read_csv(directory / "motifs.tsv", sep="\t").empty
    assert (directory / "motifs.hits.bed").read_text() == ""
    assert figure.stat().st_size > 10_000
    before = [x.read_bytes() for x in paths]
    for path in paths:
        path.unlink()
    finished.succeed(*targets)
    assert [x.read_bytes() for x in paths] == before


def test_planted_motifs(finished):
    finished.succeed("plant")
    table = pd.read_csv(finished.results / "interpretation/unet/planted.tsv", sep="\t")
    assert table["probability"].between(0, 1).all()
    for name in ("accessibility", "distances"):
        figure = finished.results / f"report/planted/unet.{name}.png"
        assert figure.stat().st_size > 10_000
