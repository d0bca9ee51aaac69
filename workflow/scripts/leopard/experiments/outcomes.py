"""What came of trials: their records, gains and the best of them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from leopard.errors import InputError

MEASURE = "best_val_pr_auc"


def write_outcome(directory: Path, recipe: Mapping[str, Any], failure: str | None) -> None:
    """Add outcome.json to what a trial wrote: its recipe, and why it failed if it did."""
    record = {"recipe": dict(recipe), "failure": failure}
    if not failure:
        record |= json.loads((directory / "training.json").read_text())
    (directory / "outcome.json").write_text(json.dumps(record, indent=2) + "\n")


def _read_outcome(directory: Path) -> tuple[dict[str, str], dict[str, Any]]:
    """What varied, as the names of the directories tell (value and seed), and what came of it."""
    varied = dict(part.split("~", 1) for part in directory.parts[-2:])
    return varied, json.loads((directory / "outcome.json").read_text())


def read_trials(directories: Sequence[Path]) -> pd.DataFrame:
    """Outcomes of trials, a row each.

    Args:
        directories: Of each trial, ending in value~.../seed~..., with outcome.json in it.

    Returns:
        value and seed (as text), failure (why, if it did), best_epoch, best_val_pr_auc,
        best_val_loss, epochs, training_time (s), windows_per_second, directory.
    """
    columns = ("best_epoch", MEASURE, "best_val_loss", "epochs", "training_time")
    rows = []
    for directory in directories:
        varied, record = _read_outcome(directory)
        kept = {name: record.get(name) for name in (*columns, "windows_per_second")}
        rows.append({**varied, "failure": record["failure"], **kept, "directory": str(directory)})
    return pd.DataFrame(rows)


def set_beside(trials: pd.DataFrame, reference: str) -> pd.DataFrame:
    """Trials with their `difference` in validation PR-AUC to the reference of the same seed.

    Most of what sets seeds apart is common to all values, and drops out.

    Args:
        trials: As from `read_trials`.
        reference: The value to compare with.
    """
    of_reference = trials[trials["value"] == reference].set_index("seed")[MEASURE]
    return trials.assign(difference=trials[MEASURE] - trials["seed"].map(of_reference))


def choose(trials: pd.DataFrame) -> str:
    """The value whose trials have the highest mean validation PR-AUC over seeds.

    A value of which any trial failed is not chosen.

    Raises:
        InputError: Some trial of every value failed.
    """
    failed = trials.loc[trials["failure"].notna(), "value"].unique()
    means = trials[~trials["value"].isin(failed)].groupby("value")[MEASURE].mean()
    if means.empty:
        why = trials["failure"].dropna().iloc[0]
        raise InputError("trials", f"every value failed, one with {why}", "see the trials' logs")
    return means.idxmax()


def read_gpu_types(directories: Sequence[Path], rates: pd.DataFrame) -> pd.DataFrame:
    """Outcomes of the same training on several types of GPU, a row each.

    Args:
        directories: Of each trial, ending in value~{type}/seed~..., with outcome.json in it.
        rates: gpu_type, cpus_per_gpu, and rate in service units for a CPU and hour.

    Returns:
        gpu_type, device, loss, pr_auc, dice_coef, binary_io_u (of the best epoch, on the
        validation windows), epochs, training_time (s), windows_per_second, charge (service units
        of training alone: rate x CPUs x hours; NaN for a type without a rate) and failure.
    """
    measures = ("loss", "pr_auc", "dice_coef", "binary_io_u")
    price = rates.set_index("gpu_type").eval("rate * cpus_per_gpu")
    rows = []
    for directory in directories:
        varied, record = _read_outcome(directory)
        gpu_type = varied["value"]
        seconds = record.get("training_time", np.nan)
        rows.append(
            {
                "gpu_type": gpu_type,
                "device": record.get("device"),
                **{name: record.get(f"best_val_{name}") for name in measures},
                "epochs": record.get("epochs"),
                "training_time": seconds,
                "windows_per_second": record.get("windows_per_second"),
                "charge": price.get(gpu_type, np.nan) * seconds / 3600,
                "failure": record["failure"],
            }
        )
    return pd.DataFrame(rows)
