"""Trials of the first model for the first member, each with something changed."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from leopard.study.members import Member
from leopard.study.recipes import Settings, merge_settings

FACTORS = {"none": lambda n: 1, "sqrt": lambda n: n**0.5, "linear": lambda n: n}
"""By rule, of the learning rate on n devices."""


class Experiments:
    """What is tried.

    Args:
        config: The study's.
        member: Whose windows and seed they have.
    """

    def __init__(self, config: Mapping[str, Any], member: Member) -> None:
        self.config, self.member = config, member
        self.model = next(iter(config["models"]))
        self.tuning, self.scaling = config["tuning"], config["scaling"]
        self.variants = {"default": {}, **config["ablation"]["variants"]}
        self.budgets = {
            "ablation": config["ablation"],
            "batch_size": self.tuning,
            "learning_rate": self.tuning,
            "scaling": self.scaling,
            "gpu_type": {"seeds": [member.seed], "training": {}},
        }

    @cached_property
    def changes(self) -> dict[str, dict[str, Settings]]:
        """What each value of an experiment changes of the recipe."""
        of_rule = ((r, n) for r in self.scaling["rules"] for n in self.scaling["devices"])
        return {
            "ablation": self.variants,
            "batch_size": {str(x): {"batch_size": x} for x in self.tuning["batch_sizes"]},
            "learning_rate": {str(x): {"learning_rate": x} for x in self.tuning["learning_rates"]},
            "scaling": {f"{rule}-{n}": self._scale(rule, n) for rule, n in of_rule},
            "gpu_type": {x: {} for x in self.config["gpu_types"]},
        }

    @property
    def trials(self) -> list[dict[str, Any]]:
        """The experiment, value and seed of every trial."""
        return [
            {"experiment": experiment, "value": value, "seed": seed}
            for experiment, changes in self.changes.items()
            for value in changes
            for seed in self.budgets[experiment]["seeds"]
        ]

    @property
    def default(self) -> Settings:
        """How the model trains."""
        return merge_settings(self.config, self.model)

    @property
    def tuned(self) -> Settings:
        """How it trains where its settings are searched."""
        return merge_settings(self.config, self.model, self.tuning["training"])

    @property
    def stored(self) -> Settings:
        """The default on stored windows."""
        return merge_settings(self.config, self.model, {"fresh_windows": False})

    def settings(self, experiment: str, value: str) -> Settings:
        """How a trial trains, but for the batch size that an earlier experiment chose."""
        budget = self.budgets[experiment]["training"]
        return merge_settings(self.config, self.model, budget, self.changes[experiment][value])

    def devices(self, experiment: str, value: str) -> int:
        """How many devices a trial trains on."""
        return int(value.split("-")[1]) if experiment == "scaling" else 1

    def _scale(self, rule: str, n: int) -> Settings:
        """The global batch of n devices, and the learning rate that a rule gives it."""
        base = merge_settings(self.config, self.model, self.scaling["training"])
        return {
            "batch_size": base["batch_size"] * n,
            "learning_rate": base["learning_rate"] * FACTORS[rule](n),
        }
