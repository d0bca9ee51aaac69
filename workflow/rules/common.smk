# The sample sheets; where each input comes from and each output goes.
# Needs: the config as schema.smk leaves it. Makes: the names that the other rule files use.
import re
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from leopard.study.splits import SPLITS

SIGNALS = read_sheet(
    config["signals"], "signals.schema.yaml", ["cell_line", "replicate"], "config (signals)"
)
LABELS_SHEET = config["labels"]["sheet"]
LABELS = read_sheet(
    LABELS_SHEET, "labels.schema.yaml", ["tf", "cell_line"], "config (labels.sheet)"
)
LABELS = LABELS[LABELS["tf"].isin([None, config["tf"]])]
if LABELS["cell_line"].duplicated().any():
    refuse(LABELS_SHEET, "a cell line has two rows", "keep one of each factor")

# Where outputs go: those that depend on the factor, and those that several factors can share.
SHARED = f"results/{config['study']}"
OUT = f"{SHARED}/{config['tf']}" if "factors" in config else SHARED
FACTOR = {"factor": config["tf"]} if OUT != SHARED else {}  # first of each result's labels
SHARED_INPUTS = ["genome", "blacklist", "exclude", "regions", "signal"]
OWN_INPUTS = ["motif", "labels", "weights"]
CELL_LINES = list(dict.fromkeys(SIGNALS["cell_line"]))
LABELLED = [x for x in LABELS["cell_line"] if x in CELL_LINES]
MODELS = list(config["models"])
IMPORTED = {x: own["weights"] for x, own in config["models"].items() if own and "weights" in own}
TRAINED = [x for x in MODELS if x not in IMPORTED]
# A motif may be the id of a matrix in JASPAR: the base id, then the version.
JASPAR_ID = re.fullmatch(r"([A-Z]{2}\d{4})(\.\d+)?", config["motif"] or "")
# Baselines: those that learn nothing, and those fitted on what the networks are trained on.
HAS_MOTIF = config["motif"] is not None
FITTED = ["motif_accessibility"] * HAS_MOTIF + ["trees"]
BASELINES = ["accessibility"] + ["motif"] * HAS_MOTIF + FITTED
CHROMOSOMES = config["chromosomes"]
SPLIT_CHROMOSOMES = [c for s in SPLITS for c in CHROMOSOMES[s]]
DECODED = config["prediction"]["chromosomes"] or SPLIT_CHROMOSOMES
USED_CHROMOSOMES = list(dict.fromkeys([*SPLIT_CHROMOSOMES, *DECODED]))


def check_config():
    """What a schema cannot say."""
    with one_line():
        check_names("model", MODELS)
        check_names("cell line", CELL_LINES)
        check_names("chromosome", USED_CHROMOSOMES)
        check_names("variant", config["ablation"]["variants"])
        warnings = match_labels(LABELS, CELL_LINES, LABELS_SHEET, config["signals"])
    for line in warnings:
        warn(line)
    if twice := sorted({c for c in SPLIT_CHROMOSOMES if SPLIT_CHROMOSOMES.count(c) > 1}):
        refuse("config (chromosomes)", f"{twice[0]} is in two splits", "keep it in one")
    if missing := [c for s in ("validation", "test") for c in CHROMOSOMES[s] if c not in DECODED]:
        refuse("config (prediction.chromosomes)", f"without {missing[0]}", "validation needs it")
    if config["signal_scaling"] == "quantile" and config["reference_line"] not in CELL_LINES:
        refuse(
            "config (reference_line)", "names no cell line", f"name one: {', '.join(CELL_LINES)}"
        )
    if config["labels"]["mode"] == "motif" and config["motif"] is None:
        refuse("config (motif)", "missing, and labels.mode is motif", "name a JASPAR id or a file")
    if JASPAR_ID and not JASPAR_ID[2]:
        refuse(
            "config (motif)",
            f"{JASPAR_ID[1]} without a version, which is what makes it one matrix",
            f"name one, such as {JASPAR_ID[1]}.1",
        )


check_config()

DOWNLOADS = {}
GIVEN = {}  # where each input that is a path is named


def locate(source, role, where, checksum=None):
    """The local path of an input; one given by URL goes on the list of downloads."""
    url = urlsplit(source)
    if not url.scheme:
        with one_line():
            path = refusals.expand(source, where)
        if unfit := re.search(r"[{}\x00-\x1f]", path):
            refuse(repr(path), f"{unfit[0]!r} in a path", "rename the file, or link to it")
        GIVEN[path] = where
        return path
    if url.scheme not in ("http", "https", "ftp"):
        refuse(source, "cannot be downloaded", "give an http, https or ftp URL, or a path")
    name = re.sub(r"^\.+|[^A-Za-z0-9._-]", "_", PurePosixPath(url.path).name) or "file"
    top = SHARED if role in SHARED_INPUTS else OUT
    path = f"{top}/inputs/{role}/{name}"
    known = DOWNLOADS.setdefault(path, {"url": source, "checksum": checksum})
    if known["url"] != source:
        refuse(source, f"has the name of another {role} file", "give one of them by path")
    return path


def present(paths):
    """An input function of inputs that are there, or that some rule makes."""

    def find(wildcards):
        found = paths(wildcards) if callable(paths) else paths
        for path in found:
            if path not in GIVEN or Path(path).exists():
                continue
            if not any(x.is_producer(path) for x in workflow.rules):
                refuse(path, f"no such file, named in {GIVEN[path]}", "correct the path")
        return found

    return find


# By path, not by rule: of several factors, only the first has the rules of what they share.
FASTA, FAI = f"{SHARED}/genome/genome.fa", f"{SHARED}/genome/genome.fa.fai"
USABLE = f"{SHARED}/windows/usable.tsv"
# What each check finds; and all together, of a factor and of what is shared.
GENOME_CHECK, MOTIF_CHECK = f"{SHARED}/checks/genome.tsv", f"{OUT}/checks/motif.tsv"
SIGNAL_CHECK = f"{SHARED}/checks/{{cell_line}}.signal.tsv"
LABELS_CHECK = f"{OUT}/checks/{{cell_line}}.labels.tsv"
SHARED_CHECKS = [GENOME_CHECK, *collect(SIGNAL_CHECK, cell_line=CELL_LINES)]
CHECKED, SHARED_CHECKED = f"{OUT}/inputs.tsv", f"{SHARED}/inputs.tsv"
# For all that reads data: the genome, and that everything is checked. Ancient: to be checked again
# makes nothing out of date.
CHECKED_GENOME = {"fasta": FASTA, "fai": FAI, "checked": ancient(CHECKED)}
SHARED_GENOME = {"fasta": FASTA, "fai": FAI, "checked": ancient(SHARED_CHECKED)}
# Optional inputs are lists of none or one.
GENOME = locate(
    config["genome"]["fasta"], "genome", "config (genome.fasta)", config["genome"]["checksum"]
)
BLACKLIST = [
    locate(source, "blacklist", "config (genome.blacklist)", checksum)
    for source, checksum in [
        (config["genome"]["blacklist"], config["genome"]["blacklist_checksum"])
    ]
    if source
]
EXCLUSIONS = BLACKLIST + [
    locate(x, "exclude", "config (genome.exclude)") for x in config["genome"]["exclude"]
]
REGIONS = [
    locate(x, "regions", "config (evaluation.regions)")
    for x in [config["evaluation"]["regions"]]
    if x
]
# Bases that count nowhere; and, where only some regions are judged, what lies outside besides.
EXCLUDED = f"{SHARED}/genome/excluded.bed"
UNJUDGED = f"{SHARED}/genome/unjudged.bed" if REGIONS else EXCLUDED
MOTIF = [
    f"{OUT}/inputs/jaspar/{source}.meme" if JASPAR_ID else locate(source, "motif", "config (motif)")
    for source in [config["motif"]]
    if source
]
RAW_SIGNALS = {
    line: [
        locate(r.signal, "signal", f"{config['signals']}, cell line {line}", r.checksum)
        for r in rows.itertuples()
    ]
    for line, rows in SIGNALS.groupby("cell_line", sort=False)
}
# What is read for accessibility, and what it is still to be divided by.
SIGNAL_FILES, SCALE = RAW_SIGNALS, config["signal_scaling"]
if SCALE == "quantile":
    SIGNAL_FILES, SCALE = {x: [f"{SHARED}/signals/{x}.bigWig"] for x in CELL_LINES}, "none"
AVERAGE = f"{SHARED}/average_signal.bigWig"
MEASURES = f"{SHARED}/signals/{{cell_line}}.measures.tsv"
LABEL_FILES = {
    r.cell_line: locate(r.labels, "labels", f"{LABELS_SHEET}, cell line {r.cell_line}", r.checksum)
    for r in LABELS.itertuples()
    if r.cell_line in CELL_LINES
}


def signals(wildcards):
    return SIGNAL_FILES[wildcards.cell_line]


def scale_of(cell_line):
    """What a cell line's scale is read from, if it has one."""
    return collect(MEASURES, cell_line=cell_line) if SCALE == "mean" else []


def scale(wildcards):
    return scale_of(wildcards.cell_line)


def label_track(cell_line):
    """The bigWig of 1-bp labels: the input itself, or the one made from peaks."""
    if config["labels"]["mode"] == "bigwig":
        return LABEL_FILES[cell_line]
    return f"{OUT}/labels/{cell_line}.bigWig"


def calibrations(*models):
    """The maps of those models that are calibrated."""
    return [f"{OUT}/models/{model}/calibration.json" for model in models if model in CALIBRATED]


def scores(model, cell_line):
    """The files that a model's or a baseline's scores are read from."""
    if model == "motif":
        return [f"{OUT}/baselines/motif.bigWig"]
    if model == "accessibility":
        return SIGNAL_FILES[cell_line]
    if model in FITTED:
        return [f"{OUT}/baselines/{model}/{cell_line}.bigWig"]
    return [f"{OUT}/predictions/{model}/{cell_line}.bigWig"]


def grows(first):
    """A resource of which a job gets more each time it is tried: once, twice, three times as much."""
    return lambda wildcards, attempt: first * attempt


wildcard_constraints:
    cell_line="|".join(map(re.escape, CELL_LINES)),
    model="|".join(map(re.escape, MODELS)),
