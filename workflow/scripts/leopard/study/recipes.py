"""What networks are trained with, as the config has it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

Settings = dict[str, Any]

ARCHITECTURES = sorted(
    x.stem for x in (Path(__file__).parents[1] / "models/architectures").glob("[a-z]*.py")
)
"""The networks that there are, known by their modules: Keras need not be imported for it."""

ENCODING = ("architecture", "base_order")
"""What an imported network is built with, beside its tracks, and its weights do not say."""

OTHERS = ("fresh_windows", "enriched", "weights", "signal_transform")
"""Settings that are no fields of the library's `Recipe`."""


def merge_settings(
    config: Mapping[str, Any], model: str, *changes: Mapping[str, Any] | None
) -> Settings:
    """How a model trains: the training section, changed by the model's own keys, then others."""
    settings = {"architecture": model, **config["training"]}
    for change in (config["models"].get(model), *changes):
        settings |= change or {}
    return settings
