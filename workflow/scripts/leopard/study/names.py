"""Names of models, cell lines and chromosomes: what none may be called, what was meant."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches

from leopard.study.refusals import refuse

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
    "track": {"labels"},
    "variant": {"default"},
}
"""Names of the workflow's own: beside theirs, files or rows of that name would be mixed up."""

ENDINGS = ("curves", "distances", "calibration", "reliability", "tsv", "bigWig", "npy", "npz")
"""What ends no cell line's name, for it tells the files of one line apart: a.curves.tsv is a's."""


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
    labelled: Sequence[str], lines: Collection[str], labels_sheet: str, signals_sheet: str
) -> list[str]:
    """Warnings of rows of labels whose cell line has no signal, and which are left out.

    Args:
        labelled: Cell lines with labels of the study's factor, as its sheet has them.
        lines: Cell lines with a signal.
        labels_sheet: Path of the sheet of labels.
        signals_sheet: Path of the sheet of signals.

    Raises:
        InputError: No row is left.
    """
    warnings = [
        f"{labels_sheet}: row {line} is left out, for {signals_sheet} has no such cell line; "
        + (nearest(line, lines) or f"it has {', '.join(lines)}")
        for line in labelled
        if line not in lines
    ]
    if len(warnings) == len(labelled):
        problem = warnings[0].split(": ", 1)[1] if warnings else "no row is of the study's factor"
        refuse(labels_sheet, problem.replace("; ", ", "), "correct the names in one of them")
    return warnings


def match_tracks(
    rows: Sequence[Mapping[str, str | None]], tracks: Collection[str], sheet: str
) -> list[str]:
    """Warnings of rows of signals that are left out, for the config has no such track.

    Args:
        rows: Of the sheet of signals.
        tracks: Those of the config that are no mean over others, nor a difference from one.
        sheet: Path of the sheet.
    """
    unknown = dict.fromkeys(str(row["track"]) for row in rows if row["track"] not in tracks)
    return [
        f"{sheet}: rows of track {track} are left out, for the config has no such track; "
        + (nearest(track, tracks) or f"it has {', '.join(tracks)}")
        for track in unknown
    ]
