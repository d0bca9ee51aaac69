# The config, checked; the sample sheets; where each input comes from and each output goes.
# Needs: config, workflow/schemas/*. Makes: the names that the other rule files use.
import csv
import re
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import pandas as pd
from snakemake.exceptions import WorkflowError
from snakemake.utils import validate

SPLITS = ("train", "validation", "test")
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
    sheet = sheet.where(sheet.notna(), None)
    if (again := sheet.duplicated(key)).any():
        name = ", ".join(str(x) for x in sheet.loc[again, key].iloc[0])
        refuse(path, f"duplicate sample {name}", f"keep one row for each {' and '.join(key)}")
    return sheet


validate_or_refuse(config, "config.schema.yaml", "config")
SIGNALS = read_sheet(config["signals"], "signals.schema.yaml", ["cell_line", "replicate"])
LABELS = read_sheet(config["labels"]["sheet"], "labels.schema.yaml", ["cell_line"])

OUT = f"results/{config['study']}"
CELL_LINES = list(dict.fromkeys(SIGNALS["cell_line"]))
LABELLED = [x for x in LABELS["cell_line"] if x in CELL_LINES]
MODELS = list(config["models"])
IMPORTED = {x: own["weights"] for x, own in config["models"].items() if own and "weights" in own}
TRAINED = [x for x in MODELS if x not in IMPORTED]
BASELINES = ["accessibility"] + ["motif"] * (config["motif"] is not None)
CHROMOSOMES = config["chromosomes"]
SPLIT_CHROMOSOMES = [c for s in SPLITS for c in CHROMOSOMES[s]]
DECODED = config["prediction"]["chromosomes"] or SPLIT_CHROMOSOMES
USED_CHROMOSOMES = list(dict.fromkeys([*SPLIT_CHROMOSOMES, *DECODED]))


def check_config():
    """What a schema cannot say."""
    if twice := sorted({c for c in SPLIT_CHROMOSOMES if SPLIT_CHROMOSOMES.count(c) > 1}):
        refuse("config (chromosomes)", f"{twice[0]} is in two splits", "keep it in one")
    if missing := [c for s in ("validation", "test") for c in CHROMOSOMES[s] if c not in DECODED]:
        refuse("config (prediction.chromosomes)", f"without {missing[0]}", "validation needs it")
    if config["signal_scaling"] == "quantile" and config["reference_line"] not in CELL_LINES:
        refuse(
            "config (reference_line)", "names no cell line", f"name one: {', '.join(CELL_LINES)}"
        )
    if config["labels"]["mode"] == "motif" and config["motif"] is None:
        refuse("config (motif)", "missing, and labels.mode is motif", "name a MEME or JASPAR file")


check_config()

DOWNLOADS = {}


def locate(source, role, checksum=None):
    """The local path of an input; one given by URL goes on the list of downloads."""
    url = urlsplit(source)
    if not url.scheme:
        if unfit := re.search(r"[{}\x00-\x1f]", source):
            refuse(repr(source), f"{unfit[0]!r} in a path", "rename the file, or link to it")
        return source
    if url.scheme not in ("http", "https", "ftp"):
        refuse(source, "cannot be downloaded", "give an http, https or ftp URL, or a path")
    name = re.sub(r"^\.+|[^A-Za-z0-9._-]", "_", PurePosixPath(url.path).name) or "file"
    known = DOWNLOADS.setdefault(f"{role}/{name}", {"url": source, "checksum": checksum})
    if known["url"] != source:
        refuse(source, f"has the name of another {role} file", "give one of them by path")
    return f"{OUT}/inputs/{role}/{name}"


# Optional inputs are lists of none or one.
GENOME = locate(config["genome"]["fasta"], "genome", config["genome"]["checksum"])
BLACKLIST = [
    locate(source, "blacklist", config["genome"]["blacklist_checksum"])
    for source in [config["genome"]["blacklist"]]
    if source
]
MOTIF = [locate(source, "motif") for source in [config["motif"]] if source]
RAW_SIGNALS = {
    line: [locate(r.signal, "signal", r.checksum) for r in rows.itertuples()]
    for line, rows in SIGNALS.groupby("cell_line", sort=False)
}
# What is read for accessibility, and what it is still to be divided by.
SIGNAL_FILES, SCALE = RAW_SIGNALS, config["signal_scaling"]
if SCALE == "quantile":
    SIGNAL_FILES, SCALE = {x: [f"{OUT}/signals/{x}.bigWig"] for x in CELL_LINES}, "none"
AVERAGE = f"{OUT}/average_signal.bigWig"
LABEL_FILES = {
    r.cell_line: locate(r.labels, "labels", r.checksum)
    for r in LABELS.itertuples()
    if r.cell_line in CELL_LINES
}


def signals(wildcards):
    return SIGNAL_FILES[wildcards.cell_line]


def label_track(cell_line):
    """The bigWig of 1-bp labels: the input itself, or the one made from peaks."""
    if config["labels"]["mode"] == "bigwig":
        return LABEL_FILES[cell_line]
    return f"{OUT}/labels/{cell_line}.bigWig"


def scores(model, cell_line):
    """The files that a model's or a baseline's scores are read from."""
    if model == "motif":
        return [f"{OUT}/baselines/motif.bigWig"]
    if model == "accessibility":
        return SIGNAL_FILES[cell_line]
    return [f"{OUT}/predictions/{model}/{cell_line}.bigWig"]


def grows(first):
    """A resource of which a job gets more each time it is tried: once, twice, three times as much."""
    return lambda wildcards, attempt: first * attempt


wildcard_constraints:
    cell_line="|".join(map(re.escape, CELL_LINES)),
    model="|".join(map(re.escape, MODELS)),
