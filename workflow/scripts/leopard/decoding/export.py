"""A model of a study made into a bundle."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile, ZipInfo

import pandas as pd

import leopard
from leopard.decoding.bundle_file import (
    CARD,
    EXCLUDED,
    average_file,
    member_file,
    reference_file,
    write_bundle,
)
from leopard.decoding.calibration import Calibration
from leopard.decoding.card import write_card
from leopard.genome.formats import read_table
from leopard.inputs.signals import read_measures
from leopard.models import load


def export_model(
    path: Path,
    described: Mapping[str, Any],
    networks: Mapping[str, Path],
    excluded: Path,
    sizes: Mapping[str, int],
    threshold: float,
    calibration: Calibration | None,
    summary: pd.DataFrame,
    measures: Mapping[str, Mapping[str, Path]],
    references: Mapping[str, Path],
    averages: Mapping[str, Path],
    motif: Mapping[str, Any] | None = None,
    portraits: Mapping[str, Any] | None = None,
) -> str:
    """Write the bundle of a model.

    Args:
        path: The zip.
        described: As from `leopard.study.exported.describe_bundle`.
        networks: Saved networks by member.
        excluded: BED of bases that count nowhere.
        sizes: Lengths of the genome's chromosomes.
        threshold: Least probability of a called base.
        calibration: The map of its probabilities, if they are calibrated.
        summary: Rows of evaluation/summary.tsv of the model and of what it is held against.
        measures: By track and cell line, tables as from `leopard.inputs.signals.measure_signal`.
        references: By track, sampled values of the reference line (.npy).
        averages: By track, the mean over cell lines (bigWig).
        motif: Of the factor, as the schema has it.
        portraits: What the cell lines trained on are like, as the schema has it.

    Returns:
        Its SHA-256.
    """
    tracks = {
        name: own
        | {"measures": {line: read_measures(x).to_dict() for line, x in measures[name].items()}}
        for name, own in described["tracks"].items()
    }
    rows = summary.astype(object).where(summary.notna(), None)
    manifest = {
        "software": {"leopard-decode": leopard.__version__, "keras": version("keras")},
        **{key: described[key] for key in ("model", "tf", "members", "decoding")},
        "genome": {"assembly": described["assembly"], "chromosomes": dict(sizes)},
        "tracks": tracks,
        "calibration": asdict(calibration) if calibration else None,
        "threshold": threshold,
        "measures": rows.to_dict("records"),
        "motif": motif,
        "portraits": portraits or {},
        **{key: described[key] for key in ("licence", "citation")},
    }
    files = {
        EXCLUDED: excluded,
        **{reference_file(name): reference for name, reference in references.items()},
        **{average_file(name): average for name, average in averages.items()},
    }
    with TemporaryDirectory(prefix="leopard-", dir=path.parent) as directory:
        files[CARD] = Path(directory) / CARD
        files[CARD].write_text(write_card(manifest), encoding="utf-8")
        for name, network in networks.items():
            files[member_file(name)] = Path(directory) / f"{name}.keras"
            strip_network(network, files[member_file(name)])
        return write_bundle(path, manifest, files)


def strip_network(source: Path, target: Path) -> None:
    """Save a network anew, without what only training needs; the same one gives the same bytes."""
    saved = target.with_suffix(".saved.keras")
    load(source).save(saved)
    with ZipFile(saved) as old, ZipFile(target, "w") as new:
        for name in sorted(old.namelist()):
            content = old.read(name)
            if name == "metadata.json":
                content = json.dumps({"keras_version": version("keras")}).encode()
            new.writestr(ZipInfo(name), content)
    saved.unlink()


def read_summary(path: Path, model: str, baselines: list[str]) -> pd.DataFrame:
    """Rows of evaluation/summary.tsv of a model and of the baselines."""
    table = read_table(path)
    return table[table["model"].isin([model, *baselines])]
