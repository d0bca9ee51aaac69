"""A study's config and sample sheets: completed, checked, and every problem told in one line.

It imports neither Snakemake nor Keras, so that all it refuses is tested in milliseconds.
"""

import csv
import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import deepcopy
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd
import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from leopard.errors import InputError

KEYS = "see config/README.md for every key"
SHEETS = "see config/README.md for its format"
QUOTE = "put it in quotes, for it is a name"
NO_NAME = r"does not match '.*A-Za-z0-9\._-.*"  # what a schema says of a name with anything else
SEPARATORS = {",": "commas", ";": "semicolons", " ": "spaces"}

RESERVED = {
    "model": {
        *("motif", "accessibility", "motif_accessibility", "trees", "other_lines"),  # baselines
        *("factornet", "anchor"),  # what compare trains
        *("labels", "trials"),
    },
    "cell line": {
        *("summary", "peaks", "thresholds", "windows", "calibration", "average", "all"),
        *("motif_hits", "speed", "factornet", "anchor"),
    },
    "chromosome": {"all", "chromosomes", "windows"},  # what tables call all of them, and windows
    "factor": {
        *("genome", "windows", "signals", "inputs", "checks", "simulated", "logs", "benchmarks"),
        *("report", "results"),
    },
    "variant": {"default"},
}
"""Names of the workflow's own: beside theirs, files or rows of that name would be mixed up."""

ENDINGS = ("curves", "distances", "calibration", "reliability", "tsv", "bigWig", "npy", "npz")
"""What ends no cell line's name, for it tells the files of one line apart: a.curves.tsv is a's."""


def public(text: object) -> str:
    """A text without user names, passwords and queries of URLs, any of which may be secret."""
    text = re.sub(r"(?<=://)[^/\s\"]*@", "", str(text))
    return re.sub(r"(://[^\s\"?]*)\?[^\s\"]*", r"\1", text)


def refuse(where: object, problem: object, remedy: str) -> NoReturn:
    """Raise InputError, without what may be secret."""
    raise InputError(public(where), " ".join(public(problem).split()), remedy)


def complete_config(config: dict[str, Any], schema: Path) -> None:
    """Check a config against its schema, and put in, in place, what it leaves out.

    Whole numbers are taken for the names they stand for, as YAML has 1 for a chromosome's name.

    Raises:
        InputError: The first problem found.
    """
    rules = yaml.safe_load(schema.read_text(encoding="utf-8"))
    _complete(config, rules, [])
    _validate(config, rules, "config", KEYS)


def _complete(data: Any, schema: Mapping[str, Any], path: list[str]) -> Any:
    """What `data` is with the schema's defaults, and with numbers as text where text is wanted."""
    if isinstance(data, dict):
        items = {str(key) if type(key) is int else key: value for key, value in data.items()}
        for key in items:
            if not isinstance(key, str):
                refuse(f"config ({'.'.join(path)})", f"{key!r} is no text", QUOTE)
        properties = schema.get("properties", {})
        for key, rules in properties.items():
            if "default" in rules:
                items.setdefault(key, deepcopy(rules["default"]))
        data.clear()
        for key, value in items.items():
            rules = properties.get(key, schema.get("additionalProperties"))
            known = rules if isinstance(rules, dict) else {}
            data[key] = _complete(value, known, [*path, key])
    elif isinstance(data, list):
        return [_complete(x, schema.get("items", {}), path) for x in data]
    elif type(data) is int and _is_text(schema):
        return str(data)
    return data


def _is_text(schema: Mapping[str, Any]) -> bool:
    """Whether text is wanted, and no number."""
    kinds = schema.get("type", ())
    return "string" in ([kinds] if isinstance(kinds, str) else kinds)


def _validate(data: object, schema: Mapping[str, Any], where: object, remedy: str) -> None:
    error = best_match(Draft202012Validator(schema).iter_errors(data))
    if error is None:
        return
    key = ".".join(map(str, error.absolute_path))
    problem = re.sub(NO_NAME, "is no name: letters, digits, . _ -", error.message)
    scalar = not isinstance(error.instance, dict | list | None)
    if error.validator == "type" and scalar and _is_text(error.schema):
        remedy = QUOTE
    refuse(f"{where} ({key})" if key else where, problem, remedy)


def read_sheet(path: str, schema: Path, key: Sequence[str]) -> pd.DataFrame:
    """Read a sample sheet, checked row by row.

    Args:
        path: Tab-separated text with a header; lines that start with # are comments.
        schema: Of a row.
        key: Columns that tell rows apart.

    Returns:
        All as text, None where a cell is empty; the columns `key` first.

    Raises:
        InputError: The first problem found.
    """
    if not Path(path).exists():
        refuse(path, "no such sample sheet", SHEETS)
    try:
        with Path(path).open(encoding="utf-8-sig") as lines:
            table = csv.reader(
                (line for line in lines if not line.startswith("#")),
                delimiter="\t",
                quoting=csv.QUOTE_NONE,  # quotes are part of a path
            )
            header, *rows = [row for row in table if any(row)] or [[]]
    except UnicodeDecodeError:
        refuse(path, "not a text file in UTF-8", "save it as that, tab-separated")
    except (ValueError, OSError, csv.Error):
        refuse(path, "not a tab-separated table", SHEETS)
    rules = yaml.safe_load(schema.read_text(encoding="utf-8"))
    _check_tabs(path, header, rows, rules)
    if not rows or any(len(row) > len(header) for row in rows):
        problem = "more cells in a line than in the header" if rows else "no line but the header"
        refuse(path, problem, SHEETS)
    records = [{k: v for k, v in zip(header, row, strict=False) if v} for row in rows]
    for record in records:
        _validate(record, rules, path, SHEETS)
    columns = list(dict.fromkeys([*key, *rules["properties"], *header]))
    sheet = pd.DataFrame(records, columns=columns, dtype=object)
    sheet = sheet.where(sheet.notna(), None)
    if (again := sheet.duplicated(list(key))).any():
        name = ", ".join(str(x) for x in sheet.loc[again, list(key)].iloc[0] if x)
        refuse(path, f"duplicate sample {name}", f"keep one row for each {' and '.join(key)}")
    return sheet


def _check_tabs(
    path: str, header: Sequence[str], rows: Iterable[Sequence[str]], rules: Mapping[str, Any]
) -> None:
    """Refuse a table whose columns are separated by something other than tabs."""
    wanted = set(rules["required"])
    for row in [header] if wanted - set(header) else (row for row in rows if len(row) == 1):
        for separator, name in SEPARATORS.items():
            cells = [cell.strip() for cell in row[0].split(separator)] if row else []
            if len(row) == 1 and len([cell for cell in cells if cell]) >= len(wanted):
                problem = f"columns separated by {name}, not by tabs: {row[0][:40]}"
                refuse(path, problem, "save it as tab-separated text")


def expand(path: str, where: str) -> str:
    """A path with ~ and $VARIABLES replaced, unless a file is called just so.

    Raises:
        InputError: There is no such variable.
    """
    if "://" in path or Path(path).exists():
        return path
    expanded = os.path.expandvars(os.path.expanduser(path))  # noqa: PTH111 (Path's may raise)
    if unknown := re.search(r"\$\{?\w+\}?", expanded):
        refuse(where, f"{path}: {unknown[0]} is not set", "set it, or write the path in full")
    return expanded


def check_names(kind: str, names: Iterable[str]) -> None:
    """Raise InputError for a name that the workflow has a use of its own for."""
    for name in names:
        if name in RESERVED[kind] or (kind == "cell line" and name.split(".")[-1] in ENDINGS):
            refuse(f"{kind} {name}", "a name that the workflow itself uses", "give it another name")


def nearest(name: str, names: Collection[str]) -> str:
    """The most similar of `names`, in words; nothing where none is."""
    lower = {x.lower(): x for x in names}
    found = get_close_matches(name.lower(), lower, n=1)
    return f"did you mean {lower[found[0]]}?" if found else ""


def match_labels(
    labels: pd.DataFrame, lines: Sequence[str], labels_sheet: str, signals_sheet: str
) -> list[str]:
    """Warnings of rows of labels whose cell line has no signal, and which are left out.

    Args:
        labels: Rows of labels of the study's factor.
        lines: Cell lines with a signal.
        labels_sheet: Path of the sheet of labels.
        signals_sheet: Path of the sheet of signals.

    Raises:
        InputError: No row is left.
    """
    warnings = [
        f"{labels_sheet}: row {line} is left out, for {signals_sheet} has no such cell line; "
        + (nearest(line, lines) or f"it has {', '.join(lines)}")
        for line in labels["cell_line"]
        if line not in lines
    ]
    if len(warnings) == len(labels):
        problem = warnings[0].split(": ", 1)[1] if warnings else "no row is of the study's factor"
        refuse(labels_sheet, problem.replace("; ", ", "), "without labels there is no study")
    return warnings
