"""Variants with a bundle: the command, and a run that is stopped and goes on."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import yaml
from leopard import cli
from leopard.genome.formats import read_table
from leopard.interpretation import variants
from leopard.interpretation.alleles import Settings

ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.usefixtures("log_level")


@pytest.fixture
def table(genome, tmp_path):
    rows = []
    for chrom in ("chr1", "chr2"):
        for place in range(200, 2000, 150):
            letter = genome.sequences[chrom][place - 1].upper()
            if letter in "ACGT":
                other = "ACGT"[("ACGT".index(letter) + 1) % 4]
                rows.append(f"{chrom}\t{place}\t{letter}\t{other}\tv{place}\n")
    path = tmp_path / "some.tsv"
    path.write_text("".join(rows))
    return path


def run(cnn_bundle, genome, table, output, *options):
    signal = str(genome.signal_files[0])
    files = ["--genome", str(genome.fasta), "--signal", signal, "--variants", str(table)]
    return cli.main(
        ["variants", str(cnn_bundle), *files, "-o", str(output), "--background", "5", *options]
    )


def test_a_run_that_was_stopped_goes_on(cnn_bundle, genome, table, tmp_path, monkeypatch, capsys):
    assert run(cnn_bundle, genome, table, tmp_path / "whole") == 0
    assert capsys.readouterr().out.split() == ["table:", str(tmp_path / "whole/variants.tsv")]
    scored, real = [], variants.score_chromosome

    def stop(scorer, chrom, *arguments):
        if chrom == "chr2" and len(scored) == 1:
            raise KeyboardInterrupt
        scored.append(chrom)
        real(scorer, chrom, *arguments)

    monkeypatch.setattr(variants, "score_chromosome", stop)
    assert run(cnn_bundle, genome, table, tmp_path / "stopped") == 130
    scored.append("stopped")
    assert run(cnn_bundle, genome, table, tmp_path / "stopped") == 0
    assert scored == ["chr1", "stopped", "chr2"]
    written = [tmp_path / x / "variants.tsv" for x in ("whole", "stopped")]
    assert written[0].read_bytes() == written[1].read_bytes()
    assert {x.name for x in (tmp_path / "stopped").iterdir()} == {
        *("variants.tsv", "accessibility.measures.tsv")
    }
    found = read_table(written[0])
    assert len(found) == len(table.read_text().splitlines())
    assert np.isfinite(found["floored_difference.qval"]).all()


def test_what_was_scored_otherwise_is_scored_again(
    cnn_bundle, genome, table, tmp_path, monkeypatch
):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(variants, "gather_scores", stop)
    assert run(cnn_bundle, genome, table, tmp_path / "out") == 130
    before = {x.name: x.stat().st_mtime_ns for x in (tmp_path / "out/parts").iterdir()}
    assert len(before) == 5
    assert run(cnn_bundle, genome, table, tmp_path / "out") == 130
    assert before == {x.name: x.stat().st_mtime_ns for x in (tmp_path / "out/parts").iterdir()}
    assert run(cnn_bundle, genome, table, tmp_path / "out", "--neighbourhood", "30") == 130
    after = {x.name: x.stat().st_mtime_ns for x in (tmp_path / "out/parts").iterdir()}
    assert all(after[name] > before[name] for name in before)


def test_refused_in_a_line(cnn_bundle, genome, table, tmp_path, capsys):
    own = table.rename(tmp_path / "variants.tsv")
    before = own.read_bytes()
    assert run(cnn_bundle, genome, own, tmp_path) == 1
    assert "the results would be written over it" in capsys.readouterr().err
    assert own.read_bytes() == before
    table.write_text("chr1\t0\tA\n")
    assert run(cnn_bundle, genome, table, tmp_path / "out") == 1
    assert "neither a VCF nor a table with the columns chr, pos" in capsys.readouterr().err


def test_study_and_command_have_the_same_defaults():
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    own = schema["properties"]["variants"]["properties"]
    cells = ["b.zip", "--genome", "g", "--signal", "s", "--variants", "v", "-o", "o"]
    asked = cli._parser().parse_args(["variants", *cells])
    for name, value in asdict(Settings()).items():
        assert own[name]["default"] == value == getattr(asked, name)
