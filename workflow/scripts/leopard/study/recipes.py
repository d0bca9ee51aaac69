"""What networks are trained with, as the config has it."""

from collections.abc import Mapping
from typing import Any

Settings = dict[str, Any]

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
