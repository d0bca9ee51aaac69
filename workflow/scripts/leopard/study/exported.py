"""What a bundle tells of the study that it came from, and the files that go into it."""

from typing import Any

from leopard.study.study import Study
from leopard.study.tracks import AVERAGE


def list_sources(study: Study, model: str) -> list[str]:
    """Tracks of the sample sheet that a model sees, itself or something made of them."""
    return list(dict.fromkeys(x.removeprefix(AVERAGE) for x in study.arrays(model)))


def describe_bundle(study: Study, model: str) -> dict[str, Any]:
    """The manifest of a model's bundle, but for what only its files tell.

    What a signal is like in each cell line is left to be read; see `list_measures`.
    """
    config = study.config
    rows = [row for row in study.sheets["signals"] if row["cell_line"] in study.trained_on]
    tracks: dict[str, dict[str, Any]] = {}
    for name in list_sources(study, model):
        scaling = study.tracks[name].scaling or "none"
        quantile = scaling == "quantile"
        assays = {row["assay"] for row in rows if row["track"] == name and row["assay"]}
        tracks[name] = {
            "scaling": scaling,
            "measured": study.used_chromosomes if quantile else study.split_chromosomes,
            "assay": ", ".join(sorted(map(str, assays))) or None,
            "reads": config["reads"],
        }
        if quantile:
            tracks[name]["seed"] = config["windows"]["seed"]
    return {
        "model": model,
        "tf": study.tf,
        "assembly": config["genome"]["assembly"],
        "tracks": tracks,
        "members": {
            name: {
                "train": member.train,
                "validation": member.validation,
                "seed": member.seed,
                "chromosomes": {split: list(x) for split, x in member.chromosomes.items()},
            }
            for name, member in study.members.items()
        },
        "decoding": {
            key: config["prediction"][key]
            for key in ("reverse_complement", "background", "tile_length", "batch_size")
        },
        **config["export"],
    }


def list_measures(study: Study, model: str) -> dict[str, dict[str, str]]:
    """Tables of what the signals are like in the cell lines trained on, by track and line."""
    return {
        track: {line: study.measures(line, track) for line in study.trained_on}
        for track in list_sources(study, model)
    }


def list_references(study: Study, model: str) -> dict[str, str]:
    """Sampled values of the reference line, by track that is normalised to it."""
    tracks = [x for x in list_sources(study, model) if study.tracks[x].scaling == "quantile"]
    return {track: study.sample(study.config["reference_line"], track) for track in tracks}


def list_averages(study: Study, model: str) -> dict[str, str]:
    """Means over cell lines that a model sees, by track."""
    arrays = [x for x in study.arrays(model) if x.startswith(AVERAGE)]
    return {x.removeprefix(AVERAGE): study.average(x.removeprefix(AVERAGE)) for x in arrays}
