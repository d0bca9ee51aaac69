"""Leopard's whole method and the competition's task, on the tiny study."""

import pandas as pd
from leopard.competition import draw_splits


def test_windows_of_the_competition(make_study):
    study = make_study()
    study.config["windows"] |= {"strategy": "apac2022", "seed": 1}
    study.succeed("results/tiny/windows/windows.tsv")
    windows = pd.read_csv(study.results / "windows/windows.tsv", sep="\t")
    sizes = study.config["simulate"]["chromosomes"]
    counts = {split: study.config["windows"][split] for split in ("train", "validation", "test")}
    expected = draw_splits(sizes, study.config["chromosomes"], counts, 512, 1)
    pd.testing.assert_frame_equal(windows, expected)
    assert not (study.results / "windows/usable.tsv").exists()
