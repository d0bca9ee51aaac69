"""A config made into a study: completed, its sheets read, or refused in one line."""

from collections.abc import Collection
from pathlib import Path

from leopard.study.cells import Config
from leopard.study.config import complete_config, read_schema
from leopard.study.decoded import DecodingStudy, has_bundles
from leopard.study.members import Member, list_members
from leopard.study.names import check_names, match_labels, match_tracks
from leopard.study.recipes import ARCHITECTURES
from leopard.study.refusals import expand, refuse
from leopard.study.sheets import read_sheet
from leopard.study.sources import Sources
from leopard.study.study import Study
from leopard.study.tracks import read_tracks, replace_delta


def choose_factor(config: Config, schema: Path) -> None:
    """Complete and check a config, in place, as that of the factor it names, if it has several.

    Args:
        config: As it was read.
        schema: Of a study that trains. That of one that decodes lies beside it.

    Raises:
        InputError: The first problem found.
    """
    if has_bundles(config):
        _complete_decoding(config, schema.with_name("decoding.schema.yaml"), schema)
        return
    complete_config(config, schema)
    check_names("factor", config.get("factors", ()))
    if "tf" in config and "factors" in config:
        if config["tf"] not in config["factors"]:
            refuse("config (tf)", f"{config['tf']} is none of the factors", "name one of them")
        config |= config["factors"][config["tf"]] or {}
    if "tf" not in config and "factors" not in config:
        refuse("config", "it has neither tf nor factors", "name the transcription factor")


def _complete_decoding(config: Config, schema: Path, training: Path) -> None:
    """Complete and check a config with bundles; what only others may have is told as such."""
    own, others = (read_schema(x)["properties"] for x in (schema, training))
    if odd := [key for key in config if key in others and key not in own]:
        problem = "a study with bundles decodes; it trains nothing"
        refuse(f"config ({odd[0]})", problem, "leave that key out")
    complete_config(config, schema)


def open_decoding(config: Config, schemas: Path) -> DecodingStudy:
    """The study of a config with bundles, its sheet read.

    Args:
        config: As `choose_factor` leaves it.
        schemas: Directory of the sheets' schemas.

    Raises:
        InputError: The first problem found.
    """
    rows = _read_signals(config, schemas)
    labels, warnings = _read_given_labels(config, schemas, {str(row["cell_line"]) for row in rows})
    out = f"results/{config['study']}"
    study = DecodingStudy(
        config=config,
        shared=out,
        out=out,
        leads=True,
        cell_lines=list(dict.fromkeys(str(row["cell_line"]) for row in rows)),
        sources=Sources(out, out),
        sheets={"signals": rows, "labels": labels},
        warnings=warnings,
    )
    check_names("model", study.models)
    check_names("cell line", study.cell_lines)
    check_names("chromosome", study.decoded)
    if config["regions"] and study.decoded:
        refuse("config", "it has regions and chromosomes", "leave one of them out")
    study.locate_inputs()
    return study


def _read_given_labels(
    config: Config, schemas: Path, cell_lines: Collection[str]
) -> tuple[list[dict[str, str | None]], list[str]]:
    """Rows of the sheet of labels of a study with bundles, if it has one, and warnings."""
    if config["labels"] is None:
        return [], []
    sheet, models = config["labels"]["sheet"], list(config["models"])
    path = expand(sheet, "config (labels.sheet)")
    rows = read_sheet(path, schemas / "labels.schema.yaml", ["tf", "cell_line"])
    for row in rows:
        if row["tf"] not in (None, *models):
            refuse(sheet, f"tf {row['tf']} is no bundle", f"name one: {', '.join(models)}")
    lines = [str(row["cell_line"]) for row in rows]
    for line in lines:
        if lines.count(line) > 1 and any(
            row["tf"] is None for row in rows if row["cell_line"] == line
        ):
            problem = f"cell line {line} has rows for all bundles and for one"
            refuse(sheet, problem, "name a bundle in each, in a column tf")
    warnings = match_labels(lines, cell_lines, sheet, config["signals"])
    return [row for row in rows if row["cell_line"] in cell_lines], warnings


def _read_signals(config: Config, schemas: Path) -> list[dict[str, str | None]]:
    """Rows of the sheet of signals."""
    path = expand(config["signals"], "config (signals)")
    return read_sheet(path, schemas / "signals.schema.yaml", ["cell_line", "replicate", "track"])


def open_study(config: Config, schemas: Path, leads: bool = True) -> Study:
    """The study of a config, all of its sheets read.

    Args:
        config: As `choose_factor` leaves it, of one factor.
        schemas: Directory of the sheets' schemas.
        leads: Whether it makes what it shares with the studies of other factors.

    Raises:
        InputError: The first problem found.
    """
    warnings = replace_delta(config)
    tracks = read_tracks(config)
    given = [name for name, track in tracks.items() if track.source == name]
    where, sheet = "config (labels.sheet)", config["labels"]["sheet"]
    signals = _read_signals(config, schemas)
    labels = read_sheet(expand(sheet, where), schemas / "labels.schema.yaml", ["tf", "cell_line"])
    labels = [row for row in labels if row["tf"] in (None, config["tf"])]
    labelled = [str(row["cell_line"]) for row in labels]
    if len(set(labelled)) < len(labelled):
        refuse(sheet, "a cell line has two rows", "keep one of each factor")
    cell_lines = list(dict.fromkeys(str(row["cell_line"]) for row in signals))
    shared = f"results/{config['study']}"
    out = f"{shared}/{config['tf']}" if "factors" in config else shared
    study = Study(
        config=config,
        shared=shared,
        out=out,
        leads=leads,
        cell_lines=cell_lines,
        labelled=[x for x in labelled if x in cell_lines],
        members={x.name: x for x in _choose_members(config)},
        tracks=tracks,
        sources=Sources(shared, out),
        sheets={
            "signals": [row for row in signals if row["track"] in given],
            "labels": [row for row in labels if row["cell_line"] in cell_lines],
        },
        warnings=warnings,
    )
    _check_names(study)
    study.warnings.extend(match_labels(labelled, cell_lines, sheet, config["signals"]))
    study.warnings.extend(match_tracks(signals, given, config["signals"]))
    _check_choices(study)
    study.locate_inputs()
    _check_signals(study)
    return study


def _choose_members(config: Config) -> list[Member]:
    """Those of the config, or of its first seed where that is to do."""
    members = list_members(config)
    if config["prediction"]["ensemble"] == "fast":
        return [m for m in members if m.seed == members[0].seed]
    return members


def _check_names(study: Study) -> None:
    check_names("model", study.models)
    check_names("cell line", study.cell_lines)
    check_names("chromosome", study.used_chromosomes)
    check_names("variant", study.config["ablation"]["variants"])


def _check_choices(study: Study) -> None:
    """What a schema cannot say."""
    config, decoded, every = study.config, study.decoded, study.split_chromosomes
    if twice := sorted({c for c in every if every.count(c) > 1}):
        refuse("config (chromosomes)", f"{twice[0]} is in two splits", "keep it in one")
    judged = [c for s in ("validation", "test") for c in study.chromosomes[s]]
    if missing := [c for c in judged if c not in decoded]:
        refuse("config (prediction.chromosomes)", f"without {missing[0]}", "validation needs it")
    for model in study.models:
        wanted = study.settings(model)["architecture"]
        if wanted not in ARCHITECTURES:
            remedy = f"name one: architecture: {' or '.join(ARCHITECTURES)}"
            refuse(f"config (models.{model})", f"no network is called {wanted}", remedy)
    lines = study.cell_lines
    scalings = {study.tracks[track].scaling for track in study.signal_tracks}
    if "quantile" in scalings and config["reference_line"] not in lines:
        refuse("config (reference_line)", "names no cell line", f"name one: {', '.join(lines)}")
    if config["labels"]["mode"] == "motif" and config["motif"] is None:
        refuse("config (motif)", "missing, and labels.mode is motif", "name a JASPAR id or a file")
    if (found := study.jaspar_id) and not found[2]:
        problem = f"{found[1]} without a version, which is what makes it one matrix"
        refuse("config (motif)", problem, f"name one, such as {found[1]}.1")
    for line in study.member_lines:
        for sheet, known in ((config["signals"], lines), (study.labels_sheet, study.labelled)):
            if line not in known:
                remedy = f"name one of those in {sheet}: {', '.join(known)}"
                refuse("config (members)", f"unknown cell line {line}", remedy)


def _check_signals(study: Study) -> None:
    """Refuse a cell line that lacks a track which networks see."""
    for line, signals in study.raw_signals.items():
        for track in study.signal_tracks:
            if track not in signals:
                remedy = "add a row for it, or leave the track or the cell line out"
                problem = f"cell line {line} has no track {track}"
                refuse(study.config["signals"], problem, remedy)
