"""What networks are trained with, as the config has it."""

from collections.abc import Mapping
from typing import Any

from leopard.study.members import Member

Settings = dict[str, Any]

ENCODING = ("architecture", "base_order", "signal_transform", "delta")
"""All that an imported network is built with and its weights do not say."""

OTHERS = ("fresh_windows", "enriched", "weights")
"""Settings that are no fields of the library's `Recipe`."""


def merge_settings(
    config: Mapping[str, Any], model: str, *changes: Mapping[str, Any] | None
) -> Settings:
    """How a model trains: the training section, changed by the model's own keys, then others."""
    settings = {"architecture": model, **config["training"]}
    for change in (config["models"].get(model), *changes):
        settings |= change or {}
    return settings


def make_recipe(settings: Settings, seed: int) -> dict[str, Any]:
    """The fields of `leopard.training.recipe.Recipe`."""
    return {k: v for k, v in settings.items() if k not in OTHERS} | {"seed": seed}


def choose_draw(
    settings: Settings, member: Member, windows: Mapping[str, Any]
) -> dict[str, Any] | None:
    """How fresh training windows are drawn; None for stored ones.

    Args:
        settings: As from `merge_settings`.
        member: Whose.
        windows: The config's section of that name.
    """
    fresh = settings["fresh_windows"]
    if not fresh:
        return None
    return {
        "chromosomes": member.chromosomes["train"],
        "n": windows["train"] if fresh is True else fresh,
        "length": windows["length"],
        "enriched": settings["enriched"],
    }
