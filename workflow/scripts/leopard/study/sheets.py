"""Sample sheets: tab-separated text, checked row by row."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from leopard.study.config import read_schema, validate
from leopard.study.refusals import refuse

SHEETS = "see config/README.md for its format"
SEPARATORS = {",": "commas", ";": "semicolons", " ": "spaces"}


def read_sheet(path: str, schema: Path, key: Sequence[str]) -> list[dict[str, str | None]]:
    """Read a sample sheet, checked row by row.

    Args:
        path: Tab-separated text with a header; lines that start with # are comments.
        schema: Of a row.
        key: Columns that tell rows apart.

    Returns:
        By row, all as text; where a cell is empty, the schema's default or None.

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
    rules = read_schema(schema)
    _check_tabs(path, header, rows, rules)
    if not rows or any(len(row) > len(header) for row in rows):
        problem = "more cells in a line than in the header" if rows else "no line but the header"
        refuse(path, problem, SHEETS)
    records = [{k: v for k, v in zip(header, row, strict=False) if v} for row in rows]
    for record in records:
        validate(record, rules, path, SHEETS)
    columns = dict.fromkeys([*key, *rules["properties"], *header])
    defaults = {column: own.get("default") for column, own in rules["properties"].items()}
    sheet = [
        {column: record.get(column, defaults.get(column)) for column in columns}
        for record in records
    ]
    seen = set()
    for row in sheet:
        sample = tuple(row[column] for column in key)
        if sample in seen:
            name = ", ".join(x for x in sample if x)
            refuse(path, f"duplicate sample {name}", f"keep one row for each {' and '.join(key)}")
        seen.add(sample)
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
