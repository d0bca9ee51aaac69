"""The example studies on real data, cut down; skipped where the data are not at hand."""

import pandas as pd
import pytest
import yaml
from workflow.conftest import ROOT, SHARED, Study

pytestmark = pytest.mark.skipif(not SHARED.exists(), reason="the real data are not here")


def small(name: str, directory) -> Study:
    """A study of config/, on the real files, with little training."""
    (directory / "data").symlink_to(SHARED)
    (directory / "config").symlink_to(ROOT / "config")
    (directory / "resources").symlink_to(ROOT / "resources")
    config = yaml.safe_load((ROOT / f"config/{name}.yaml").read_text())
    config["windows"] |= {"length": 1024, "train": 256, "validation": 64, "test": 64}
    config["models"] = {"unet": {}}
    config["training"] = {"batch_size": 16, "epochs": 2}
    return Study(directory, config)


def test_yeast(tmp_path):
    study = small("yeast_tracks", tmp_path)  # yeast_reb1, and a second assay
    study.config["prediction"] = {"chromosomes": ["chrXIV", "chrVII", "chrXVI"]}
    study.succeed("--report", "report.html", "--report-after-run")
    summary = pd.read_csv(study.results / "evaluation/summary.tsv", sep="\t").set_index("model")
    assert summary.loc["unet", "positive_rate"] == pytest.approx(0.0021, abs=1e-4)
    assert summary.loc["motif", "average_precision"] > 0.1
    windows = pd.read_csv(study.results / "windows/windows.tsv", sep="\t")
    assert not windows["chrom"].isin(["chrM", "chrXII"]).any()


def test_human_chr22_with_a_cell_line_never_assayed(tmp_path):
    study = small("ctcf_chr22", tmp_path)
    study.succeed("--report", "report.html", "--report-after-run")
    assert (study.results / "predictions/unet/PBMC.bigWig").exists()
    summary = pd.read_csv(study.results / "evaluation/summary.tsv", sep="\t")
    assert set(summary["cell_line"]) == {"K562"}
