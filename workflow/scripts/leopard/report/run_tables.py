"""The pages of a run: its inputs, trainings, resources and software."""

import json
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pandas as pd

from leopard.genome.formats import read_table
from leopard.report.html import (
    INTEGER,
    LONG,
    SHORT,
    Columns,
    render_note,
    render_page,
    render_table,
)

PACKAGES = (
    *("snakemake", "numpy", "pandas", "matplotlib"),
    *("pysam", "pyBigWig", "pybigtools", "bioframe", "memelite"),
)


def inputs_page(inputs: pd.DataFrame) -> str:
    """The page of inputs.tsv."""
    columns: Columns = {
        "role": ("role", None),
        "cell_line": ("cell line", None),
        "track": ("track", None),
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
