"""Tables of the report: tidy tables in, small self-contained HTML pages out."""

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import pandas as pd

from leopard.formats import natural_key, read_table
from leopard.outcomes import MEASURE, set_beside
from leopard.tracks import MASKED
from leopard.windows import SPLITS

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --line: #d4d4d4; --soft: #666; --mark: #dcebf8; }}
@media (prefers-color-scheme: dark) {{ :root {{ --line: #444; --soft: #aaa; --mark: #21384d; }} }}
body {{ font: 13px/1.5 system-ui, sans-serif; margin: 1.5rem; }}
h1 {{ font-size: 1.25rem; margin: 0 0 .5rem; }}
p {{ max-width: 48rem; color: var(--soft); }}
table {{ border-collapse: collapse; margin: 1rem 0 2rem; font-variant-numeric: tabular-nums; }}
th, td {{ padding: .3rem .5rem; text-align: left; }}
td.number {{ white-space: nowrap; }}
td.text {{ min-width: 4rem; }}
th {{ border-bottom: 2px solid var(--line); vertical-align: bottom; }}
td {{ border-bottom: 1px solid var(--line); }}
.number {{ text-align: right; }}
.marked td {{ background: var(--mark); }}
.published td {{ color: var(--soft); font-style: italic; }}
pre {{ font-size: 12px; line-height: 1.4; }}
</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""

Columns = Mapping[str, tuple[str, str | None]]
INTEGER, SHORT, LONG, PERCENT = "{:,.0f}", "{:,.3f}", "{:.4f}", "{:.3%}"

PACKAGES = (
    *("snakemake", "numpy", "pandas", "matplotlib"),
    *("pysam", "pyBigWig", "pybigtools", "bioframe", "memelite"),
)


def render_page(title: str, *parts: str) -> str:
    """A page from pieces of HTML."""
    return PAGE.format(title=escape(title), body="\n".join(parts))


def render_note(text: str) -> str:
    """A paragraph beside a table."""
    return f"<p>{escape(text)}</p>"


def render_table(table: pd.DataFrame, columns: Columns, row_classes: Sequence[str] = ()) -> str:
    """Some columns of a table as HTML.

    Args:
        table: A row for each row.
        columns: Heading and format by column; a column with a format is numeric and set flush
            right, and text in it stays as it is.
        row_classes: CSS class of each row.
    """

    def cells(tag: str, texts: Iterable[str]) -> str:
        return "".join(
            f'<{tag} class="{"number" if form else "text"}">{escape(text)}</{tag}>'
            for text, (_, form) in zip(texts, columns.values(), strict=True)
        )

    head = cells("th", (heading for heading, _ in columns.values()))
    rows = [
        f'<tr class="{row_class}">'
        + cells("td", (_text(row[name], form) for name, (_, form) in columns.items()))
        + "</tr>"
        for row, row_class in zip(
            table.to_dict("records"), row_classes or [""] * len(table), strict=True
        )
    ]
    body = "\n".join(rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"


def _text(value: object, form: str | None) -> str:
    if not isinstance(value, str) and pd.isna(value):
        return "\N{EN DASH}"
    return form.format(value) if form and not isinstance(value, str) else str(value)


def summarise_windows(
    windows: pd.DataFrame, labels: Mapping[str, np.ndarray], chunk: int = 1000
) -> pd.DataFrame:
    """Windows and positive rate by cell line, split and chromosome, "all" for the whole split.

    Args:
        windows: chrom, start, end, split.
        labels: By cell line, uint8 [n, length], row i of the table's window i.
        chunk: Windows read at a time.

    Returns:
        cell_line, split, chrom, windows, windows_bound (with a bound base), positive_rate.
    """
    tables = []
    for cell_line, array in labels.items():
        chunks = [array[start : start + chunk] for start in range(0, len(array), chunk)]
        bound = np.concatenate([(part == 1).sum(axis=1) for part in chunks])
        counted = np.concatenate([(part != MASKED).sum(axis=1) for part in chunks])
        table = windows[["split", "chrom"]].assign(
            cell_line=cell_line, windows=1, windows_bound=bound > 0, bound=bound, counted=counted
        )
        tables += [table, table.assign(chrom="all")]
    keys = ["cell_line", "split", "chrom"]
    summary = pd.concat(tables).groupby(keys, sort=False, as_index=False).sum()
    summary["positive_rate"] = summary.pop("bound") / summary.pop("counted").clip(lower=1)
    return summary


def windows_page(summary: pd.DataFrame) -> str:
    """The page of `summarise_windows`: a row for each chromosome, a column for each cell line."""
    wide = summary.pivot(
        index=["split", "chrom", "windows"], columns="cell_line", values="positive_rate"
    ).reset_index()
    order = wide["split"].map(SPLITS.index).astype(str) + wide["chrom"].map(natural_key)
    wide = wide.loc[order.sort_values().index]
    columns: Columns = {
        "split": ("split", None),
        "chrom": ("chromosome", None),
        "windows": ("windows", INTEGER),
        **{x: (f"{x}: bases bound", PERCENT) for x in summary["cell_line"].unique()},
    }
    classes = ["marked" if chrom == "all" else "" for chrom in wide["chrom"]]
    return render_page("Windows", render_table(wide, columns, classes))


def inputs_page(inputs: pd.DataFrame) -> str:
    """The page of inputs.tsv."""
    columns: Columns = {
        "role": ("role", None),
        "cell_line": ("cell line", None),
        "path": ("path", None),
        "size": ("size (MB)", SHORT),
        "chromosomes": ("chromosomes", INTEGER),
        "note": ("note", None),
    }
    table = inputs.assign(size=inputs["size"] / 1e6)
    return render_page("Checked inputs", render_table(table, columns))


def read_records(paths: Sequence[Path]) -> pd.DataFrame:
    """training.json of every network, named by its directories: model, member, and its entries."""
    rows: list[dict[str, object]] = []
    for path in paths:
        record = json.loads(path.read_text())
        if record["n_devices"] > 1:
            record["device"] = f"{record['n_devices']} x {record['device']}"
        rows.append(
            {"model": path.parts[-3], "member": path.parts[-2], **record["recipe"], **record}
        )
    return pd.DataFrame(rows, columns=None if rows else ["model", "training_time", "device"])


def training_page(records: pd.DataFrame) -> str:
    """The page of all training runs."""
    columns: Columns = {
        "model": ("model", None),
        "member": ("member", None),
        "parameters": ("parameters", INTEGER),
        "training_windows": ("windows", INTEGER),
        "batch_size": ("batch size", INTEGER),
        "seed": ("seed", "{:.0f}"),
        "epochs": ("epochs", INTEGER),
        "best_epoch": ("best epoch", INTEGER),
        "best_val_pr_auc": ("val. PR-AUC", LONG),
        "training_time": ("training time (s)", INTEGER),
        "windows_per_second": ("windows/s", INTEGER),
        "utilisation": ("utilisation", "{:.0%}"),
        "peak_memory_mib": ("peak memory (MiB)", INTEGER),
        "peak_gpu_memory_mib": ("of a GPU (MiB)", INTEGER),
        "device": ("device", None),
    }
    return render_page("Training runs", render_table(records, columns))


def gpu_types_page(table: pd.DataFrame) -> str:
    """The page of `leopard.outcomes.read_gpu_types`."""
    columns: Columns = {
        "gpu_type": ("GPU type", None),
        "device": ("device", None),
        "loss": ("val. loss", LONG),
        "pr_auc": ("val. PR-AUC", LONG),
        "dice_coef": ("val. Dice", LONG),
        "binary_io_u": ("val. IoU", LONG),
        "epochs": ("epochs", INTEGER),
        "training_time": ("training time (s)", INTEGER),
        "windows_per_second": ("windows/s", INTEGER),
        "charge": ("charge (service units)", "{:,.2f}"),
        "failure": ("failure", None),
    }
    return render_page("The same training on each type of GPU", render_table(table, columns))


def ablation_page(
    trials: pd.DataFrame, averages: pd.DataFrame, changes: Mapping[str, Mapping[str, object]]
) -> str:
    """The page of an ablation: gains by seed, the best variant first, then ways to average.

    Args:
        trials: As from `leopard.outcomes.read_trials`, the variant "default" among them.
        averages: value (a name in `leopard.averaging.AVERAGES`), seed and best_val_pr_auc.
        changes: What each variant changes of the recipe.
    """
    columns: Columns = {
        "value": ("variant", None),
        "change": ("changes", None),
        "median": ("val. PR-AUC, median", LONG),
        "difference": ("gain, median", "{:+.4f}"),
        "lowest": ("lowest", "{:+.4f}"),
        "highest": ("highest", "{:+.4f}"),
        "seeds": ("seeds", INTEGER),
        "best_epoch": ("best epoch", INTEGER),
        "windows_per_second": ("windows/s", INTEGER),
    }
    variants = _rank(trials, "default").assign(
        change=lambda t: [", ".join(f"{k}: {v}" for k, v in changes[x].items()) for x in t["value"]]
    )
    predictions = _rank(
        averages.assign(best_epoch=np.nan, windows_per_second=np.nan), "predict_once"
    )
    few = ("value", "median", "difference", "lowest", "highest", "seeds")
    parts = []
    for table, shown, reference in (
        (variants, columns, "default"),
        (predictions, {x: columns[x] for x in few}, "predict_once"),
    ):
        table = table.assign(value=table["value"].str.replace("_", " "))
        marked = ["marked" if x == reference.replace("_", " ") else "" for x in table["value"]]
        parts.append(render_table(table, shown, marked))
    note = render_note(
        "The default's networks, their predictions averaged over both strands, over four shifts of "
        "the window (0, 8, 16, 24 bases), or over both. Without the 32 bases at each end of a "
        "window, so that the first line may differ a little from the default above."
    )
    return render_page("Ablation of the recipe", parts[0], note, parts[1])


def _rank(trials: pd.DataFrame, reference: str) -> pd.DataFrame:
    """Median of each value, and its gain over the reference, seed by seed; the highest first."""
    table = set_beside(trials, reference).groupby("value", as_index=False)
    return table.agg(
        median=(MEASURE, "median"),
        difference=("difference", "median"),
        lowest=("difference", "min"),
        highest=("difference", "max"),
        seeds=(MEASURE, "count"),
        best_epoch=("best_epoch", "median"),
        windows_per_second=("windows_per_second", "median"),
    ).sort_values("difference", ascending=False)


def headline_page(
    windows: pd.DataFrame,
    records: pd.DataFrame,
    trained_on: Sequence[str],
    roles: Mapping[str, str],
    published: pd.DataFrame,
    same_task: bool,
) -> str:
    """The competition's table: each model's measures on the test windows, beside published ones.

    Args:
        windows: Metrics over the test windows, a row for each cell_line and model.
        records: As from `read_records`.
        trained_on: The training cell lines.
        roles: What each cell line served for in training.
        published: The same columns, as text.
        same_task: Whether these windows are the competition's own.
    """
    cost = records.groupby("model", sort=False).agg(
        training_time=("training_time", "sum"),
        device=("device", lambda names: "; ".join(dict.fromkeys(names))),
    )
    ours = windows.join(cost, on="model").assign(
        trained_on=", ".join(trained_on),
        tested_on=[f"{line} ({roles[line]})" for line in windows["cell_line"]],
    )
    columns: Columns = {
        "model": ("model", None),
        "trained_on": ("trained on", None),
        "tested_on": ("tested on", None),
        "loss": ("loss", LONG),
        "pr_auc": ("PR-AUC", LONG),
        "dice_coef": ("Dice", LONG),
        "binary_io_u": ("IoU", LONG),
        "training_time": ("training time (s)", INTEGER),
        "device": ("device", None),
    }
    sources = "; ".join(published["source"].unique())
    published = published.assign(model="published: " + published["model"])
    table = pd.concat([ours[list(columns)].astype(object), published[list(columns)]])
    classes = [""] * len(ours) + ["published"] * len(published)
    other = ", and of other data: compare the order of models and the cost, not the numbers"
    published_are = "published, of the same windows" if same_task else f"published{other}"
    note = render_note(
        "Measures on the test windows, each by itself. Rows in italics are "
        f"{published_are}. Source: {sources}."
    )
    return render_page(
        "Headline results, test windows", note, render_table(table, columns, classes)
    )


def summary_page(summary: pd.DataFrame, roles: Mapping[str, str]) -> str:
    """The page of summary.tsv: whole test chromosomes, models and baselines in every cell line."""
    best = summary.groupby("cell_line")["average_precision"].transform("max")
    columns: Columns = {
        "cell_line": ("cell line", None),
        "role": ("in training", None),
        "model": ("model", None),
        "positive_rate": ("positive rate", PERCENT),
        "average_precision": ("average precision", LONG),
        "auroc": ("AUROC", LONG),
        "pr_auc": ("PR-AUC", LONG),
        "loss": ("loss", LONG),
        "calibration": ("sum of probabilities / bound bases", SHORT),
        "dice_coef": ("Dice (soft)", LONG),
        "binary_io_u": ("IoU at 0.5", LONG),
        "threshold": ("threshold", SHORT),
        "dice_best": ("Dice there", LONG),
        "binary_io_u_best": ("IoU there", LONG),
    }
    table = summary.assign(role=summary["cell_line"].map(roles))
    classes = ["marked" if is_best else "" for is_best in summary["average_precision"] == best]
    note = render_note(
        "Every base of the test chromosomes. The row of the highest average precision in each "
        "cell line is marked; the positive rate is the average precision of guessing."
    )
    return render_page(
        "Summary, whole test chromosomes", note, render_table(table, columns, classes)
    )


def read_benchmarks(directories: Iterable[Path]) -> pd.DataFrame:
    """Snakemake's benchmarks of every job but the report's: rule, job, and its columns."""
    tables = []
    for directory in directories:
        for path in sorted(directory.rglob("*.tsv")):
            rule, *job = path.relative_to(directory).with_suffix("").parts
            if rule != "report":
                table = read_table(path)
                tables.append(table.assign(rule=rule, job="/".join(job)))
    return pd.concat(tables, ignore_index=True)


def benchmarks_page(benchmarks: pd.DataFrame) -> str:
    """Time, memory and I/O: sums by rule, then every job, the longest first."""
    by_rule = benchmarks.groupby("rule", as_index=False).agg(
        jobs=("job", "size"),
        s=("s", "sum"),
        cpu_time=("cpu_time", "sum"),
        max_rss=("max_rss", "max"),
        io_in=("io_in", "sum"),
        io_out=("io_out", "sum"),
    )
    measures: Columns = {
        "s": ("wall time (s)", "{:,.1f}"),
        "cpu_time": ("CPU time (s)", "{:,.1f}"),
        "max_rss": ("max RSS (MiB)", INTEGER),
        "io_in": ("read (MiB)", "{:,.1f}"),
        "io_out": ("written (MiB)", "{:,.1f}"),
    }
    rules: Columns = {"rule": ("rule", None), "jobs": ("jobs", INTEGER), **measures}
    jobs: Columns = {"rule": ("rule", None), "job": ("job", None), **measures}
    return render_page(
        "Cost of each rule and job",
        render_note("Sums by rule; of memory, the largest."),
        render_table(by_rule.sort_values("s", ascending=False), rules),
        render_note("Every job."),
        render_table(benchmarks.sort_values("s", ascending=False), jobs),
    )


def software_page(records: pd.DataFrame) -> str:
    """Versions of what trained the models, and of the packages of this environment."""
    rows = [
        {"software": name, "version": number, "used": "training"}
        for name, number in [
            *(("keras", number) for number in records["keras"].unique()),
            *(backend.split(" ", 1) for backend in records["backend"].unique()),
        ]
    ]
    for name in PACKAGES:
        try:
            rows.append({"software": name, "version": version(name), "used": "report"})
        except PackageNotFoundError:  # each conda environment has what its own rules need
            continue
    columns: Columns = {name: (name, None) for name in ("software", "version", "used")}
    return render_page("Software", render_table(pd.DataFrame(rows), columns))
