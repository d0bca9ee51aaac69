"""Trials: their outcomes recorded whatever happens, and the choice among them."""

import json
import os
import signal
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from leopard.errors import InputError
from leopard.experiments.outcomes import (
    choose,
    read_gpu_types,
    read_trials,
    set_beside,
    write_outcome,
)
from leopard.experiments.trials import find_largest, read_search, search, survive
from leopard.genome.formats import read_table
from leopard.report.experiment_tables import gpu_types_page
from pbs.queues import charge, read_gpu_queues, read_queues

ROOT = Path(__file__).resolve().parents[3]


def test_a_trial_that_succeeds(tmp_path):
    assert survive(lambda: (tmp_path / "done").touch()) is None
    assert (tmp_path / "done").exists()


def fail():
    raise MemoryError("no room for 8 GB\nsecond line")


def test_why_a_trial_failed():
    assert survive(fail) == "MemoryError: no room for 8 GB"
    killed = survive(lambda: os.kill(os.getpid(), signal.SIGKILL))
    assert killed == "killed (SIGKILL); out of memory?"
    assert survive(lambda: os._exit(3)) == "ended by exit status 3"


@pytest.fixture
def directories(tmp_path):
    """Two values with two seeds; one trial failed."""
    scores = {("32", 1): 0.4, ("32", 2): 0.5, ("64", 1): 0.9, ("64", 2): None}
    paths = []
    for (value, seed), score in scores.items():
        path = tmp_path / f"experiment~batch_size/value~{value}/seed~{seed}"
        path.mkdir(parents=True)
        if score:
            (path / "training.json").write_text(json.dumps({"best_val_pr_auc": score}))
        write_outcome(path, {"batch_size": int(value)}, None if score else "killed")
        paths.append(path)
    return paths


def test_outcomes_and_choice(directories, tmp_path):
    trials = read_trials(directories)
    assert trials["value"].tolist() == ["32", "32", "64", "64"]
    assert trials["seed"].tolist() == ["1", "2", "1", "2"]
    assert trials["failure"].isna().tolist() == [True, True, True, False]
    assert trials["best_val_pr_auc"].tolist()[:3] == [0.4, 0.5, 0.9]
    # A value that fails with one seed would fail the study.
    assert choose(trials) == "32"
    trials.to_csv(tmp_path / "trials.tsv", sep="\t", index=False)
    assert choose(pd.read_csv(tmp_path / "trials.tsv", sep="\t")) == 32


def test_gpu_types_and_what_they_cost(tmp_path):
    rates = pd.read_csv(ROOT / "profiles/gadi/queues.tsv", sep="\t")
    paths = [tmp_path / f"experiment~gpu_type/value~{x}/seed~1" for x in ("a100", "h200", "b300")]
    record = {
        **{"device": "A100", "training_time": 942, "windows_per_second": 321.5, "epochs": 3},
        **{"best_val_loss": 0.01, "best_val_pr_auc": 0.5, "best_val_dice_coef": 0.4},
        "best_val_binary_io_u": 0.3,
    }
    for path in paths:
        path.mkdir(parents=True)
        (path / "training.json").write_text(json.dumps(record))
        write_outcome(path, {}, "killed" if "h200" in str(path) else None)
    table = read_gpu_types(paths, rates)
    assert table["gpu_type"].tolist() == ["a100", "h200", "b300"]
    first = table.iloc[0]
    measured = first[["loss", "pr_auc", "dice_coef", "binary_io_u", "epochs"]]
    assert measured.tolist() == [0.01, 0.5, 0.4, 0.3, 3]
    # As the profile charges it: 16 CPUs with the GPU, and no more memory than theirs.
    assert first["charge"] == pytest.approx(charge("dgxa100", 16, 1000, 942 / 3600))
    assert table["charge"].isna().tolist() == [False, True, True]
    assert table["failure"].tolist()[1] == "killed"
    page = gpu_types_page(table)
    assert ">18.84<" in page and ">killed<" in page and ">A100<" in page


def test_the_report_reads_the_profile_s_rates():
    rates = read_table(ROOT / "profiles/gadi/queues.tsv").set_index("gpu_type")
    for gpu_type, name in read_gpu_queues().items():
        queue, row = read_queues()[name], rates.loc[gpu_type]
        assert (row["cpus_per_gpu"], row["rate"]) == (queue.cpus_per_gpu, queue.rate)
    rules = "".join(path.read_text() for path in ROOT.glob("workflow/**/*.smk"))
    assert 'workflow.source_path("../../profiles/gadi/queues.tsv")' in rules


def test_no_choice_is_an_error(directories):
    with pytest.raises(InputError, match="every value failed, one with killed"):
        choose(read_trials(directories[2:]))


@given(st.integers(1, 5000))
def test_the_largest_that_fits(limit):
    tried = []

    def fits(number):
        tried.append(number)
        return number <= limit

    largest = find_largest(fits)
    assert limit - max(1, largest // 16) < largest <= limit
    assert len(tried) == len(set(tried)) <= 18


def test_nothing_fits():
    with pytest.raises(InputError, match="not even one"):
        find_largest(lambda number: False)


def climb(values, report):
    """Scores are highest for batch 64 and rate 0.01, and grow over epochs."""
    if values["batch_size"] == 800:
        os.kill(os.getpid(), signal.SIGKILL)
    distance = abs(values["learning_rate"] - 0.01) + (values["batch_size"] != 64)
    for epoch in range(1, 5):
        report(epoch, epoch / 10 - distance)


def test_a_search_survives_prunes_and_goes_on(tmp_path):
    journal = tmp_path / "deep" / "search.journal"

    def go_on(seed, n):
        search(journal, seed, n, [32, 64, 800], [0.001, 0.1], climb)
        return read_search(journal)

    first = go_on(0, 6)
    assert len(first) == 6
    trials = go_on(1, 20)  # another worker, or another day
    assert len(trials) == 20
    pd.testing.assert_frame_equal(trials.head(6), first)
    assert trials["learning_rate"].between(0.001, 0.1).all()
    assert set(trials.loc[trials["batch_size"] == 800, "state"]) == {"fail"}
    assert set(trials["state"]) == {"fail", "pruned", "complete"}
    complete = trials[trials["state"] == "complete"]
    expected = 0.4 - (complete["learning_rate"] - 0.01).abs() - (complete["batch_size"] != 64)
    assert complete["best_val_pr_auc"].tolist() == pytest.approx(expected.tolist())
    assert (complete["epochs"] == 4).all()
    assert (trials.loc[trials["state"] == "pruned", "epochs"] < 4).all()
    go_on(2, 20)
    assert len(read_search(journal)) == 20


def test_gains_are_over_the_reference_of_the_same_seed():
    rows = [("a", "1", 0.5), ("b", "2", 0.9), ("a", "2", 0.7), ("b", "1", 0.4), ("b", "3", 0.8)]
    trials = pd.DataFrame(rows, columns=["value", "seed", "best_val_pr_auc"])
    gains = set_beside(trials, "a")["difference"].tolist()
    assert gains[:4] == pytest.approx([0, 0.2, 0, -0.1]) and pd.isna(gains[4])
