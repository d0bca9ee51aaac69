"""Tracks by name: what is read for them, what each network sees, and what is refused."""

from dataclasses import asdict

import pytest
from leopard.errors import InputError
from leopard.study.tracks import Track, list_arrays
from test_opening import SIGNALS, open_small

DELTA = {"accessibility": {}, "delta": {"difference": "accessibility"}}
SHEET = "cell_line\treplicate\tsignal\ttrack\n" + "".join(
    f"{line}\t1\t{line}.{track}.bw\t{track}\n" for line in "abc" for track in ("accessibility", "m")
)
TWO = {"m": {"scaling": "none", "transform": "raw"}, "accessibility": None}


@pytest.fixture
def opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return open_small


def test_what_is_read_for_a_track():
    own, mean = Track("x"), Track("y", average="x")
    change = Track("z", difference="x")
    assert (own.source, mean.source, change.source) == ("x", "x", "x")
    assert own.arrays == ["x"] and mean.arrays == ["average.x"]
    assert change.arrays == ["x", "average.x"]
    assert list_arrays([mean, own, change]) == ["average.x", "x"]


def test_without_tracks_there_is_accessibility(opened):
    study = opened()
    assert study.config["tracks"] == {"accessibility": {}}
    [track] = study.seen(study.settings("unet"))
    assert track == Track("accessibility", "mean", "log1p")
    assert study.recipe(study.settings("unet"), 1)["tracks"] == [asdict(track)]
    assert study.arrays("unet") == study.signal_tracks == ["accessibility"]


def test_each_track_has_its_scaling_and_transform(opened):
    study = opened(
        signal_rows=SHEET,
        tracks=TWO | {"usual": {"average": "m", "transform": "arcsinh"}},
        training={"signal_transform": "quantile"},
    )
    assert study.seen(study.settings("unet")) == [
        Track("m", "none", "raw"),
        Track("accessibility", "mean", "quantile"),
        Track("usual", "none", "arcsinh", average="m"),
    ]
    assert study.arrays("unet") == ["m", "accessibility", "average.m"]
    shared = "results/small"
    assert study.signals("b", study.arrays("unet")) == {
        "m": (["b.m.bw"], []),
        "accessibility": (
            ["b.accessibility.bw"],
            [f"{shared}/signals/b.accessibility.measures.tsv"],
        ),
        "average.m": ([f"{shared}/signals/average.m.bigWig"], []),
    }
    files = study.window_files(study.members["a-b-s1"], study.settings("unet"))
    assert files["validation_signals"] == [
        f"{shared}/windows/{x}.npy" for x in ("b.m", "b.accessibility", "average.m")
    ]
    assert study.unit("m") == "signal" and study.unit("accessibility").endswith("genome mean")


def test_baselines_look_at_accessibility_or_else_at_the_first(opened):
    study = opened(signal_rows=SHEET, tracks=TWO)
    assert study.signal_tracks == ["accessibility", "m"] and study.main == "accessibility"
    assert study.scores("accessibility", "a") == ["a.accessibility.bw"]
    study = opened(signal_rows=SHEET, tracks=TWO, training={"tracks": ["m"]})
    assert study.signal_tracks == ["m"] and study.main == "m"
    assert study.scores("accessibility", "a") == ["a.m.bw"]


def test_networks_choose_among_tracks(opened):
    study = opened(
        signal_rows=SHEET,
        tracks=TWO,
        training={"tracks": ["accessibility"]},
        models={"unet": {}, "both": {"architecture": "unet", "tracks": ["accessibility", "m"]}},
        ablation={"variants": {"swapped": {"tracks": ["m", "accessibility"]}}},
    )
    assert study.arrays("unet") == ["accessibility"]
    assert study.arrays("both") == ["accessibility", "m"]
    variant = study.experiments.settings("ablation", "swapped")
    assert [x.name for x in study.seen(variant)] == ["m", "accessibility"]


def test_what_no_network_sees_need_not_be_there(opened):
    only = {"training": {"tracks": ["accessibility"]}, "tracks": TWO}
    assert opened(signal_rows=SIGNALS, **only).signal_tracks == ["accessibility"]
    variants = {"ablation": {"variants": {"more": {"tracks": ["m"]}}}}
    with pytest.raises(InputError, match=r"signals.tsv: cell line a has no track m; add a row"):
        opened(signal_rows=SIGNALS, **only, **variants)


def test_rows_of_other_tracks_are_left_out_with_a_warning(opened):
    study = opened(signal_rows=SHEET.replace("\tm\n", "\taccessibilty\n"))
    assert study.raw_signals["a"] == {"accessibility": ["a.accessibility.bw"]}
    [line] = study.warnings
    assert "rows of track accessibilty are left out" in line
    assert "did you mean accessibility?" in line


def test_a_row_without_a_track_is_of_accessibility(opened):
    rows = SHEET.replace("a.accessibility.bw\taccessibility", "a.accessibility.bw\t")
    assert opened(signal_rows=rows, tracks=TWO).raw_signals["a"] == {
        "accessibility": ["a.accessibility.bw"],
        "m": ["a.m.bw"],
    }
    twice = rows + "a\t1\tother.bw\taccessibility\n"
    with pytest.raises(InputError, match="duplicate sample a, 1, accessibility"):
        opened(signal_rows=twice, tracks=TWO)


def test_delta_of_earlier_versions_is_a_track(opened):
    old = opened(training={"delta": True, "epochs": 5})
    new = opened(tracks=DELTA, training={"epochs": 5})
    assert old.tracks == new.tracks and new.warnings == []
    for model in old.models:
        assert old.recipe(old.settings(model), 1) == new.recipe(new.settings(model), 1)
    assert old.arrays("unet") == ["accessibility", "average.accessibility"]
    [line] = old.warnings
    assert "delta: {difference: accessibility}" in line
    assert "training.tracks: [accessibility, delta]" in line


@pytest.mark.parametrize("shared", [True, False])
def test_delta_of_one_model_or_of_all_others(opened, shared):
    own = {"unet": {"delta": True}} if not shared else {"cnn": {"delta": False}}
    study = opened(models={"unet": {}, "cnn": {}} | own, training={"delta": True} if shared else {})
    seen = {x: [t.name for t in study.seen(study.settings(x))] for x in study.models}
    assert seen == {"unet": ["accessibility", "delta"], "cnn": ["accessibility"]}
    assert len(study.warnings) == 1


def test_delta_that_is_false_is_nothing_to_tell(opened):
    study = opened(training={"delta": False})
    assert study.warnings == [] and list(study.tracks) == ["accessibility"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"training": {"tracks": ["acessibility"]}}, r"unknown track acessibility; did you mean"),
        (
            {"models": {"unet": {"tracks": ["zz"]}}},
            r"\(models.unet.tracks\): unknown track zz; name some of accessibility",
        ),
        (
            {"ablation": {"variants": {"v": {"tracks": ["zz"]}}}},
            r"\(ablation.variants.v.tracks\): unknown track zz",
        ),
        ({"tracks": {"x": {"average": "zz"}}}, r"\(tracks.x\): made of an unknown track zz"),
        ({"tracks": {"x": {"average": "x"}}}, r"\(tracks.x\): it is made of itself"),
        (
            {"tracks": DELTA | {"x": {"average": "delta"}}},
            r"\(tracks.x\): made of delta, which is no signal itself",
        ),
        (
            {"tracks": DELTA | {"x": {"average": "accessibility", "difference": "accessibility"}}},
            r"\(tracks.x\): it has average and difference",
        ),
        (
            {"tracks": DELTA | {"x": {"average": "accessibility", "scaling": "none"}}},
            r"\(tracks.x\): scaled by itself, and made of accessibility; put scaling at",
        ),
        ({"tracks": {"labels": {}}}, r"track labels: a name that the workflow itself uses"),
        ({"tracks": {"a.b": {}}}, r"config \(tracks\): 'a.b'"),
        ({"tracks": {"methylation": {}}}, r"cell line a has no track methylation; add a row"),
        (
            {"tracks": {"accessibility": {"scaling": "quantile"}}},
            r"\(reference_line\): names no cell line",
        ),
        ({"training": {"delta": True, "tracks": ["accessibility"]}}, "it has tracks and delta"),
        (
            {"training": {"delta": True}, "tracks": {"delta": {}, "accessibility": {}}},
            r"\(tracks.delta\): not what delta: true stands for",
        ),
    ],
)
def test_refused_in_one_line(opened, changes, problem):
    with pytest.raises(InputError, match=problem) as error:
        opened(**changes)
    assert len(str(error.value).splitlines()) == 1 and ";" in str(error.value)
