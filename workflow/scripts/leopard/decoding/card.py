"""The card of a bundle: what its manifest says, for people, in Markdown."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

SCALINGS = {
    "mean": "divided by its mean over the chromosomes below, without excluded bases",
    "quantile": "given the quantiles of the reference cell line",
    "none": "as it is",
}

LIMITS = (
    "It was judged on the chromosomes and cell lines above, and nowhere else. It cannot know "
    "binding that neither sequence nor the tracks it sees tell of, such as that of a factor that "
    "is not expressed. Another assay, another way of counting reads, or a genome of another "
    "species is outside of what it was made for. Where the tracks of a new cell line are unlike "
    "those it was trained on, its probabilities may be too."
)


def write_card(manifest: Mapping[str, Any]) -> str:
    """What people should know before they use a bundle, as Markdown.

    Args:
        manifest: As `bundle.schema.json` has it.
    """
    tf, model = manifest["tf"], manifest["model"]
    genome, members = manifest["genome"], manifest["members"]
    parts = [
        f"# {tf}: where it binds, by the model {model}",
        f"{len(members)} network{'s' * (len(members) > 1)} that give the probability that each "
        f"base of a genome is bound by {tf}, from sequence and {_list(manifest['tracks'])}. A base "
        f"is called from a probability of {manifest['threshold']:.3g} on, which was chosen on "
        "validation chromosomes. "
        + (
            "Probabilities are calibrated: they add up to about as many bases as are bound."
            if manifest["calibration"]
            else "Probabilities are as the networks say them, not calibrated."
        ),
        "## What it needs",
        f"A genome: {genome['assembly'] or 'of an assembly that was not named'}, with "
        f"{len(genome['chromosomes'])} sequences of known lengths. For a cell line:",
        _table(
            ["track", "assay", "how it is made comparable"],
            [
                [name, own["assay"] or "not said", SCALINGS[own["scaling"]]]
                for name, own in manifest["tracks"].items()
            ],
        ),
        "## What it was made from",
        _table(
            ["network", "trained on", "chosen on", "training chromosomes", "validation"],
            [
                [
                    name,
                    own["train"],
                    own["validation"],
                    ", ".join(own["chromosomes"]["train"]),
                    ", ".join(own["chromosomes"]["validation"]),
                ]
                for name, own in members.items()
            ],
        ),
        "## How good it is",
        _measures(manifest),
        "## Limits",
        LIMITS,
        "## Licence and citation",
        f"Licence: {manifest['licence'] or 'not stated; ask whoever made it'}.",
        manifest["citation"] or "The method: Li & Guan, *Genome Research* 31:721-731 (2021).",
        "## How to use it",
        "```sh\nleopard decode THIS.zip --genome genome.fa --signal signal.bigWig -o out/\n```",
        "Made with "
        + ", ".join(f"{name} {version}" for name, version in manifest["software"].items())
        + f"; bundle format {manifest.get('format', 1)}.",
    ]
    return "\n\n".join(parts) + "\n"


def _list(names: Iterable[str]) -> str:
    *rest, last = names
    return f"{', '.join(rest)} and {last}" if rest else last


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _measures(manifest: Mapping[str, Any]) -> str:
    """Average precision beside the strongest baseline's, by cell line."""
    own = [row for row in manifest["measures"] if row["model"] == manifest["model"]]
    if not own:
        return "It was not judged: no labels, or no test chromosomes, were given."
    test = _list(next(iter(manifest["members"].values()))["chromosomes"]["test"])
    rows = []
    for row in own:
        others = [
            other
            for other in manifest["measures"]
            if other["cell_line"] == row["cell_line"] and other["model"] != row["model"]
        ]
        best = max(others, key=lambda x: x["average_precision"] or 0, default=None)
        beside = f"{best['average_precision']:.3f} ({best['model']})" if best else "none"
        rows.append(
            [
                str(row["cell_line"]),
                *(_number(row.get(key)) for key in ("positive_rate", "average_precision")),
                beside,
                *(_number(row.get(key)) for key in ("auroc", "dice_best", "calibration")),
            ]
        )
    header = [
        *("cell line", "share of bases bound", "average precision", "strongest other model"),
        *("AUROC", "Dice at the threshold", "sum of probabilities over bound bases"),
    ]
    return f"On {test}, on which nothing was chosen:\n\n{_table(header, rows)}"


def _number(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value if value is not None else "")
