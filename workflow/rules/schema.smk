# The config, checked, and how sample sheets are: each problem is told in one line.
# Needs: config, workflow/schemas/*. Makes: the config with its defaults, and functions.
import csv
import re
from pathlib import Path

import pandas as pd
from snakemake.exceptions import WorkflowError
from snakemake.utils import validate

NO_NAME = r"does not match '.*A-Za-z0-9\._-.*"  # what a schema says of a name with anything else


def public(text):
    """A text without user names, passwords and queries of URLs, any of which may be secret."""
    text = re.sub(r"(?<=://)[^/\s\"]*@", "", str(text))
    return re.sub(r"(://[^\s\"?]*)\?[^\s\"]*", r"\1", text)


def refuse(where, problem, remedy):
    raise WorkflowError(f"{public(where)}: {public(problem)}; {remedy}")


def validate_or_refuse(data, schema, where):
    """Snakemake's validation, with its error in one line."""
    try:
        validate(data, schema=f"../schemas/{schema}")
    except WorkflowError as error:
        text = str(error)
        problem = re.search(r"ValidationError: (.*)", text)
        at = re.search(r"On instance((?:\[[^]]+\])*)", text)
        key = re.sub(r"[]['\"]+", " ", at[1]).strip().replace(" ", ".") if at else ""
        refuse(
            f"{where}{f' ({key})' if key else ''}",
            (
                re.sub(NO_NAME, "is no name: letters, digits, . _ -", problem[1])
                if problem
                else text.splitlines()[0]
            ),
            "see config/README.md for every key",
        )


def read_sheet(path, schema, key):
    """A sample sheet, checked row by row, each key in it once."""
    if not Path(path).exists():
        refuse(path, "no such sample sheet", "see config/README.md for its format")
    try:
        with Path(path).open(encoding="utf-8") as lines:
            table = csv.reader(
                (line for line in lines if not line.startswith("#")),
                delimiter="\t",
                quoting=csv.QUOTE_NONE,  # quotes are part of a path
            )
            header, *rows = [row for row in table if any(row)] or [[]]
    except (ValueError, OSError, csv.Error):
        refuse(path, "not a tab-separated table", "see config/README.md for its format")
    if not rows or any(len(row) > len(header) for row in rows):
        problem = "more cells in a line than in the header" if rows else "no line but the header"
        refuse(path, problem, "see config/README.md for its format")
    rows = [dict.fromkeys(header) | {k: v for k, v in zip(header, row) if v} for row in rows]
    sheet = pd.DataFrame(rows, columns=list(dict.fromkeys(header)), dtype=object)
    validate_or_refuse(sheet, schema, path)
    sheet = sheet.reindex(columns=[*dict.fromkeys([*key, *sheet.columns])])
    sheet = sheet.where(sheet.notna(), None)
    if (again := sheet.duplicated(key)).any():
        name = ", ".join(str(x) for x in sheet.loc[again, key].iloc[0] if x)
        refuse(path, f"duplicate sample {name}", f"keep one row for each {' and '.join(key)}")
    return sheet


validate_or_refuse(config, "config.schema.yaml", "config")
if "tf" in config and "factors" in config:
    if config["tf"] not in config["factors"]:
        refuse("config (tf)", f"{config['tf']} is none of the factors", "name one of them")
    config |= config["factors"][config["tf"]] or {}
if "tf" not in config and "factors" not in config:
    refuse("config", "it has neither tf nor factors", "name the transcription factor")
