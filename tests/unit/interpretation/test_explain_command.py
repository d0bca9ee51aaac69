"""Sites explained with a bundle: the command, and what it refuses."""

import h5py
import numpy as np
import pytest
import yaml
from leopard import cli
from leopard.decoding.peaks import call_peaks, write_narrowpeak
from leopard.genome.formats import read_table
from leopard.interpretation import explain
from leopard.study.explained import EXPLAINED
from test_variant_command import ROOT

pytestmark = pytest.mark.usefixtures("log_level")


def run(bundle, genome, output, *options):
    files = ["--genome", str(genome.fasta), "--signal", str(genome.signal_files[0])]
    return cli.main(["explain", str(bundle), *files, "-o", str(output), *map(str, options)])


@pytest.fixture
def decoded(genome, tmp_path):
    """A directory with the called sites that `leopard decode` would have written."""
    probabilities = np.zeros(3000, np.float32)
    for number, start in enumerate(range(200, 2600, 300)):
        probabilities[start : start + 12] = 0.6 + 0.02 * number
    write_narrowpeak(tmp_path / "binding.narrowPeak", call_peaks("chr2", probabilities, 0.5))
    return tmp_path


def test_the_best_called_sites_of_a_run_that_was_stopped(
    cnn_bundle, genome, decoded, monkeypatch, capsys
):
    monkeypatch.setattr(explain, "PART", 2)
    real = explain._explain_part

    def stop(explainer, layout, tracks, rows, *others):
        if rows[0] == 2:
            raise KeyboardInterrupt
        real(explainer, layout, tracks, rows, *others)

    with monkeypatch.context() as patched:
        patched.setattr(explain, "_explain_part", stop)
        assert run(cnn_bundle, genome, decoded, "--best", 3) == 130
    said = "stopped; the same command goes on from the last sites that were finished"
    assert said in capsys.readouterr().out
    assert run(cnn_bundle, genome, decoded, "--best", 3) == 0
    written = [f"{kind}: {decoded / name}" for kind, name in EXPLAINED.items()]
    assert capsys.readouterr().out.splitlines() == written
    table = read_table(decoded / "sites.tsv")
    assert table["start"].tolist() == [2300, 2000, 1700]
    assert np.isfinite(table["mutagenesis_correlation"]).all()
    assert not list(decoded.glob("*parts"))


def test_sites_of_a_bed(cnn_bundle, genome, tmp_path):
    bed = tmp_path / "sites.bed"
    bed.write_text("chr3\t100\t900\nchr1\t50\t60\n")
    output = tmp_path / "out"
    assert run(cnn_bundle, genome, output, "--sites", bed, "--no-mutagenesis") == 0
    table = read_table(output / "sites.tsv")
    assert table[["chrom", "start", "end"]].values.tolist() == [
        ["chr3", 372, 628],
        ["chr1", 50, 60],
    ]
    assert table["mutagenesis_correlation"].isna().all()
    with h5py.File(output / "contributions.h5") as h5:
        assert h5["shap/seq"].shape[:2] == (2, 4)


def test_refused_in_a_line(cnn_bundle, genome, tmp_path, capsys):
    assert run(cnn_bundle, genome, tmp_path) == 1
    assert "no called sites there; run leopard decode" in capsys.readouterr().err
    bed = tmp_path / "sites.bed"
    bed.write_text("chr9\t100\t900\n")
    assert run(cnn_bundle, genome, tmp_path, "--sites", bed) == 1
    assert "sites.bed: no sites on the genome" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        run(cnn_bundle, genome, tmp_path, "--best", "-3")
    assert "not a number of sites: '-3'" in capsys.readouterr().err


def test_study_and_command_have_the_same_defaults():
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    own = schema["properties"]["explain"]["properties"]
    asked = cli._parser().parse_args(
        ["explain", "b.zip", "--genome", "g", "--signal", "s", "-o", "o"]
    )
    assert own["best"]["default"] == asked.best
    assert own["sites"]["default"] == asked.sites
    assert own["mutagenesis"]["default"] == (not asked.no_mutagenesis)
