"""The report's figures and tables: which sites they show, what their axes say, what pages hold."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from leopard.evaluation.scores import ScoreTrack
from leopard.report.html import render_page, render_table
from leopard.report.result_tables import headline_page, summary_page
from leopard.report.run_tables import (
    benchmarks_page,
    inputs_page,
    read_benchmarks,
    read_records,
    software_page,
    training_page,
)
from leopard.report.score_figures import plot_precision_recall
from leopard.report.site_figures import FLANK, Site, choose_sites, find_sites, plot_sites
from leopard.report.sites import OUTCOMES
from leopard.report.style import model_colours, save
from leopard.report.training_figures import plot_training
from leopard.report.window_figures import count_signal, plot_signal, plot_windows
from leopard.report.window_tables import summarise_windows, windows_page

CHROMS = ["chr1", "chr2"]
ROLES = {"known": "training", "new": "never trained on"}


def sites(outcome: str, *rows: tuple[str, int, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["chrom", "position", "probability"])
    return table.assign(outcome=outcome, start=table["position"] - 10)


def chosen(table: pd.DataFrame, outcome: str) -> list[tuple]:
    rows = table[table["outcome"] == outcome]
    return list(
        rows[["rank", "chrom", "position", "probability"]].itertuples(index=False, name=None)
    )


def test_sites_are_chosen_by_probability():
    right, wrong, missed = OUTCOMES
    listed = [
        sites(right, ("chr1", 110, 0.9)),
        sites(wrong, ("chr2", 510, 0.6), ("chr1", 910, 0.8)),
        sites(missed, ("chr1", 510, 0.2), ("chr2", 110, 0.1)),
    ]
    table = choose_sites(pd.concat(listed))
    assert chosen(table, right) == [("highest", "chr1", 110, 0.9)]
    assert chosen(table, wrong) == [("highest", "chr1", 910, 0.8), ("median", "chr2", 510, 0.6)]
    assert chosen(table, missed) == [("lowest", "chr2", 110, 0.1), ("median", "chr1", 510, 0.2)]


def test_median_of_five_sites():
    calls = sites(OUTCOMES[0], *(("chr1", 100 * i + 5, i / 10) for i in range(1, 6)))
    assert chosen(choose_sites(calls), OUTCOMES[0]) == [
        ("highest", "chr1", 505, 0.5),
        ("median", "chr1", 305, 0.3),
    ]


def test_no_sites_at_all():
    assert choose_sites(sites(OUTCOMES[0])).empty


def test_models_keep_their_colours():
    assert model_colours(["mine", "unet"])["unet"] == model_colours(["unet", "cnn"])["unet"]
    assert len(set(model_colours(["unet", "cnn", "a", "b", "motif"]).values())) == 5


@pytest.fixture
def windows() -> pd.DataFrame:
    return pd.DataFrame(
        {"chrom": ["chr1", "chr1", "chr10", "chr2"], "split": ["train"] * 3 + ["test"]}
    )


@pytest.fixture
def labels() -> np.ndarray:
    return np.array([[0, 1, 1, 0], [0, 0, 0, 0], [255, 255, 1, 0], [0, 0, 0, 0]], np.uint8)


def test_window_summary(windows, labels):
    summary = summarise_windows(windows, {"known": labels}, chunk=3)
    rows = summary.set_index(["split", "chrom"])[["windows", "windows_bound", "positive_rate"]]
    assert rows.loc[("train", "chr1")].to_list() == [2, 1, 0.25]
    assert rows.loc[("train", "chr10")].to_list() == [1, 1, 0.5]
    assert rows.loc[("train", "all")].to_list() == [3, 2, 0.3]
    assert rows.loc[("test", "all")].to_list() == [1, 0, 0]
    assert "30.000%" in windows_page(summary)


def test_accessibility_histogram(labels):
    signal = np.array([[0, 1, 10, 1e9]] * 4, np.float32)
    histogram = count_signal(signal, labels, chunk=3)
    assert histogram.sum().to_list() == [16, 3]
    assert histogram.iloc[0].to_list() == [4, 0]
    assert histogram.iloc[-1].to_list() == [4, 0]
    ones = histogram[(histogram.index <= 1.0001) & (histogram.index > 0)]
    assert ones.sum().to_list() == [4, 1]


def axis_labels(figure) -> set[str]:
    return {text for axes in figure.axes for text in (axes.get_xlabel(), axes.get_ylabel())}


@pytest.fixture
def metrics() -> pd.DataFrame:
    measures = ["positive_rate", "loss", "pr_auc", "average_precision", "auroc", "dice_coef"]
    measures += ["binary_io_u", "dice_best", "binary_io_u_best", "threshold", "calibration"]
    rows = [
        {"model": model, "scope": scope} | dict.fromkeys(measures, value)
        for model, value in (("unet", 0.75), ("motif", 0.25))
        for scope in (*CHROMS, "chromosomes", "windows")
    ]
    return pd.DataFrame(rows)


def test_windows_figure(windows, labels, tmp_path):
    figure = plot_windows(summarise_windows(windows, {"known": labels}))
    assert {"windows", "bases bound (%)"} <= axis_labels(figure)
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == ["chr1", "chr10", "chr2"]
    save(figure, tmp_path / "first.svg")
    save(plot_windows(summarise_windows(windows, {"known": labels})), tmp_path / "again.svg")
    assert (tmp_path / "first.svg").read_bytes() == (tmp_path / "again.svg").read_bytes()


def test_accessibility_figure(labels):
    histogram = count_signal(np.full(labels.shape, 2, np.float32), labels)
    figure = plot_signal({"known": histogram, "new": histogram}, "mnase (genome means)")
    assert "mnase (genome means)" in axis_labels(figure)


def test_training_figure():
    names = ["loss", "pr_auc", "dice_coef", "binary_io_u"]
    columns = ["learning_rate", "seconds", *names, *(f"val_{name}" for name in names)]
    history = pd.DataFrame({"epoch": [1, 2, 3]} | {c: [0.1, 0.3, 0.2] for c in columns})
    figure = plot_training(history, "unet, a-b-s1", "#0072B2")
    assert {"epoch", "loss (nats per base)", "PR-AUC", "time per epoch (s)"} <= axis_labels(figure)
    assert figure.get_suptitle() == "unet, a-b-s1: best epoch 2 of 3"


def test_precision_recall_figure(metrics):
    curves = pd.DataFrame(
        {
            "model": ["unet", "unet", "motif"],
            "recall": [0.2, 1, 1],
            "precision": [1, 0.5, 0.1],
            "threshold": [0.74, 0.1, 12],
        }
    )
    figure = plot_precision_recall(curves, metrics, "CTCF in new")
    assert {"recall", "precision", "average precision"} <= axis_labels(figure)
    assert [0.2] in [list(line.get_xdata()) for line in figure.axes[0].lines]


class FakeTracks:
    """A chromosome of 2,000 bases, bound at [100, 120) and [1000, 1020), masked at its end."""

    chrom_sizes = {"chr1": 2000}  # noqa: RUF012

    def labels(self, chrom: str, start: int, end: int) -> np.ndarray:
        labels = np.zeros(2000, np.uint8)
        labels[100:120] = labels[1000:1020] = 1
        labels[1950:] = 255
        return labels[start:end]

    def signal(self, chrom: str, start: int, end: int) -> np.ndarray:
        return np.ones(end - start, np.float32)


def test_sites_near_the_ends_are_drawn_whole():
    scores = {
        name: ScoreTrack(lambda chrom, start, end: np.full(end - start, 0.5, np.float32), True)
        for name in ("unet", "cnn", "motif")
    }
    calls = pd.DataFrame(
        {"chrom": ["chr1"] * 2, "start": [100, 1900], "end": [120, 1910], "peak": [10, 5]}
    ).assign(signal_value=[0.9, 0.8])
    found = find_sites(FakeTracks(), scores, calls, ["chr1"])
    assert [(s.outcome, s.start) for s in found] == list(
        zip(OUTCOMES, [0, 2000 - 2 * FLANK, 1010 - FLANK], strict=True)
    )
    assert all(len(s.labels) == len(s.scores["cnn"]) == 2 * FLANK for s in found)
    figure = plot_sites(found, 0.4, "CTCF in new", "accessibility (genome means)")
    assert {"accessibility\n(genome means)", "probability", "motif\n(bits)"} <= axis_labels(figure)
    assert "chr1:1-500" in figure.axes[0].get_title(loc="left")


def test_sites_without_a_motif():
    flat = np.ones(500, np.float32)
    site = Site(OUTCOMES[0], "highest", "chr1", 0, flat, flat.astype(np.uint8), {"unet": flat})
    figure = plot_sites([site], 0.4, "CTCF in new", "signal")
    assert len(figure.axes) == 3
    assert "motif\n(bits)" not in axis_labels(figure)


def test_figure_without_sites():
    assert not plot_sites([], 0.5, "CTCF in new", "signal").axes


def test_table_cells_are_escaped_and_aligned():
    table = pd.DataFrame({"name": ["<a>", "b"], "value": [1234.5, np.nan]})
    html = render_table(
        table, {"name": ("name", None), "value": ("value", "{:,.1f}")}, ["marked", ""]
    )
    assert "&lt;a&gt;" in html
    assert '<td class="number">1,234.5</td>' in html
    assert '<td class="number">\N{EN DASH}</td>' in html
    assert html.count('<tr class="marked">') == 1
    assert "<title>a &amp; b</title>" in render_page("a & b", html)


@pytest.fixture
def records(tmp_path) -> pd.DataFrame:
    record = {
        "device": "GPU <1>", "n_devices": 1, "parameters": 475969, "training_windows": 800,
        "epochs": 12, "best_epoch": 9, "best_val_pr_auc": 0.8125, "training_time": 61.0,
        "windows_per_second": 47.6, "peak_memory_mib": 832, "utilisation": 0.914,
        "peak_gpu_memory_mib": None, "keras": "3.15.1",
        "backend": "tensorflow 2.21.0", "recipe": {"batch_size": 16, "seed": 1},
    }  # fmt: skip
    paths = [tmp_path / "models" / "unet" / m / "training.json" for m in ("a-b-s1", "a-b-s2")]
    for path in paths:
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(record))
    return read_records(paths)


def test_training_pages(records):
    assert records["member"].to_list() == ["a-b-s1", "a-b-s2"]
    page = training_page(records)
    assert "475,969" in page and "91%" in page
    assert "0.8125" in page
    software = software_page(records)
    assert software.count("3.15.1") == 1
    assert "matplotlib" in software


def test_headline_sets_published_results_apart(records, metrics):
    published = pd.read_csv(
        Path(__file__).parents[3] / "resources/published.tsv", sep="\t", dtype=str
    )
    windows = metrics.query("model == 'unet' and scope == 'windows'").assign(cell_line="new")
    page = headline_page(windows, records, ["known"], ROLES, published, same_task=False)
    rows = [line for line in page.splitlines() if line.startswith("<tr")]
    set_apart = [row.startswith('<tr class="published">') for row in rows]
    assert set_apart == [False, True, True, True]
    assert "0.7500" in rows[0]
    assert "122" in rows[0], "the training time of both members"
    assert "new (never trained on)" in rows[0]
    for row, published_as in (
        (rows[1], ("7.2768e-4", "0.5297", "0.3705", "0.3625", "3,170", "one V100")),
        (rows[2], ("7.3153e-4", "0.5288", "0.4109", "0.3701", "942", "one A100")),
        (rows[3], ("published: plain CNN", "0.4569")),
    ):
        assert all(f">{cell}<" in row for cell in published_as), row
    assert "of other data" in page
    page = headline_page(windows, read_records([]), ["known"], ROLES, published, same_task=True)
    assert "of the same windows" in page and "new (never trained on)" in page


def test_summary_marks_the_best_of_each_cell_line(metrics):
    one = metrics[metrics["scope"] == "chromosomes"].assign(calibration=1.1)
    summary = pd.concat([one.assign(cell_line="known"), one.assign(cell_line="new")])
    page = summary_page(summary, ROLES)
    assert page.count('<tr class="marked">') == 2
    assert page.count("never trained on") == 2


def test_inputs_page():
    inputs = pd.DataFrame(
        {
            "role": ["genome"],
            "cell_line": [np.nan],
            "track": [np.nan],
            "path": ["a/b.fa"],
            "size": [2_500_000],
            "chromosomes": [7],
            "note": ["3 bases"],
        }
    )
    assert "2.500" in inputs_page(inputs)


def test_benchmarks_are_summed_by_rule(tmp_path):
    row = "s\th:m:s\tmax_rss\tio_in\tio_out\tcpu_time\n{}\t0:00:01\t{}\t-\t2\t3\n"
    for path, seconds, memory in (
        ("train/unet/a.tsv", 10, 100),
        ("train/cnn/a.tsv", 5, 300),
        ("draw_windows.tsv", 20, 1),
        ("report/plot.tsv", 99, 1),
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(row.format(seconds, memory))
    benchmarks = read_benchmarks([tmp_path])
    assert sorted(benchmarks["rule"]) == ["draw_windows", "train", "train"]
    assert sorted(benchmarks["job"]) == ["", "cnn/a", "unet/a"]
    page = benchmarks_page(benchmarks)
    train = next(line for line in page.splitlines() if '"text">train<' in line)
    assert '<td class="number">15.0</td>' in train
    assert '<td class="number">300</td>' in train
