"""A whole run on inputs that are as bad as they may be and still be used."""

import gzip
import shutil
from base64 import b64encode
from pathlib import Path

import numpy as np
import pandas as pd
import pyBigWig
import pytest
from leopard.genome.formats import read_table
from workflow.conftest import MOTIF, Handler, Study, build_study, serve

PLACE = 'in put\'s "$(touch owned)" ;touch owned; `touch owned` # & é'
LINES = "697", "NA"
CHROMOSOMES = "1", "007", "NA"
"""Names that are numbers, or nothing, to whoever guesses what a column of text holds."""

SECRETS = ("someone", "s3cret", "t0ken")


class Guarded(Handler):
    """Serves those who know the password."""

    def do_GET(self) -> None:  # noqa: N802 as http.server calls it
        known = b64encode(f"{SECRETS[0]}:{SECRETS[1]}".encode()).decode()
        if self.headers.get("Authorization") == f"Basic {known}" and SECRETS[2] in self.path:
            super().do_GET()
        else:
            self.send_error(401)


def write_sheets(directory: Path, place: str) -> None:
    """Of the two cell lines, one of which has labels in the end; blanks in names, so by hand."""
    signals = [f"{line}\t1\t{place}/{line}.bigWig" for line in LINES]
    labels = [f"{line}\t{place}/{line}.narrowPeak" for line in LINES]
    (directory / "signals.tsv").write_text(
        "\n".join(["cell_line\treplicate\tsignal", *signals, ""])
    )
    (directory / "labels.tsv").write_text("\n".join(["cell_line\tlabels", *labels, ""]))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Run from files in an odd place; a few letters are IUPAC codes, a few values enormous."""
    directory = tmp_path_factory.mktemp("hostile")
    study = build_study(directory)
    sizes = study.config["simulate"]["chromosomes"].values()
    study.config |= {
        "simulate": {"seed": 1, "chromosomes": dict(zip(CHROMOSOMES, sizes, strict=True))},
        "chromosomes": {
            split: [chrom]
            for split, chrom in zip(("train", "validation", "test"), CHROMOSOMES, strict=True)
        },
        "members": [{"train": LINES[0], "validation": LINES[0], "seed": 1}],
    }
    write_sheets(directory, "results/tiny/simulated")
    study.succeed("results/tiny/simulated/truth.tsv")
    place = directory / PLACE
    (directory / "results/tiny/simulated").rename(place)
    shutil.rmtree(directory / "results")
    shutil.copy(MOTIF, place)

    letters = np.frombuffer(gzip.decompress((place / "genome.fa.gz").read_bytes()), "u1").copy()
    at = np.flatnonzero(np.isin(letters, list(b"ACGT")) & (np.arange(len(letters)) % 97 == 0))
    letters[at] = np.resize(list(b"RYSWKMBDHVNn"), len(at))
    (place / "genome.fa").write_bytes(letters.tobytes())

    with (
        pyBigWig.open(str(place / f"{LINES[0]}.bigWig")) as old,
        pyBigWig.open(str(place / "enormous.bigWig"), "w") as new,
    ):
        new.addHeader(list(old.chroms().items()))
        for number, chrom in enumerate(old.chroms()):
            starts, ends, values = map(list, zip(*old.intervals(chrom), strict=True))
            values[number :: len(values) // 3] = [1e30 for _ in values[number :: len(values) // 3]]
            new.addEntries([chrom] * len(starts), starts, ends=ends, values=values)

    (place / f"{LINES[0]}.bigWig").unlink()
    (place / "enormous.bigWig").rename(place / f"{LINES[0]}.bigWig")
    write_sheets(directory, PLACE)
    with serve(place, Guarded) as address:
        host = address.replace("//", f"//{':'.join(SECRETS[:2])}@")
        url = f"{host}/{MOTIF.name}?key={SECRETS[2]}"
        study.config |= {
            "simulate": None,
            "genome": {"fasta": f"{PLACE}/genome.fa"},
            "motif": url,
            "training": {"batch_size": 16, "epochs": 1},
        }
        said = study.succeed("evaluate", "predict", "results/tiny/report/config.html")
        (directory / "said.log").write_text(said)
    return study


def test_paths_are_never_commands(study):
    assert not list(study.directory.rglob("owned"))
    inputs = pd.read_csv(study.results / "inputs.tsv", sep="\t")
    assert f"{PLACE}/{LINES[0]}.bigWig" in inputs["path"].to_list()


def test_enormous_values_and_iupac_codes_give_numbers(study):
    history = pd.read_csv(study.results / "models/unet/697-697-s1/history.tsv", sep="\t")
    assert np.isfinite(history.select_dtypes("number")).all(axis=None)
    with pyBigWig.open(str(study.results / "predictions/unet/NA.bigWig")) as track:
        for chrom, size in track.chroms().items():
            values = track.values(chrom, 0, size, numpy=True)
            assert values.min() >= 0 and values.max() <= 1
    summary = read_table(study.results / "evaluation/summary.tsv")
    assert set(summary["model"]) >= {"unet", "motif", "accessibility"}
    of_unet = summary[summary["model"] == "unet"].select_dtypes("number")
    assert np.isfinite(of_unet).all(axis=None)
    codes = np.load(study.results / "windows/sequence.npy")
    assert set(np.unique(codes)) == {0, 1, 2, 3, 4}


def test_secrets_of_urls_are_in_no_log_and_no_page(study):
    kinds = (".log", ".tsv", ".html", ".json", ".txt")
    texts = [x for x in study.directory.rglob("*") if x.suffix in kinds and x.is_file()]
    assert {"config.html", "said.log", "check_motif.log"} <= {x.name for x in texts}
    config = (study.results / "report/config.html").read_text()
    assert "http://127.0.0.1:" in config and MOTIF.name in config
    for path in texts:
        for secret in SECRETS:
            assert secret not in path.read_text(errors="replace"), path


def test_names_stay_text(study):
    for name, column in (
        ("evaluation/summary.tsv", "cell_line"),
        ("evaluation/peaks.tsv", "cell_line"),
        ("inputs.tsv", "cell_line"),
    ):
        table = pd.read_csv(study.results / name, sep="\t", dtype=str, na_filter=False)
        assert set(LINES) <= set(table[column]), name
    windows = read_table(study.results / "windows/windows.tsv")
    assert set(windows["chrom"]) == set(CHROMOSOMES)
    for line in LINES:
        called = study.results / f"predictions/unet/{line}.narrowPeak"
        table = pd.read_csv(called, sep="\t", dtype=str, na_filter=False, header=None)
        assert set(table[0]) <= set(CHROMOSOMES) and len(table)
