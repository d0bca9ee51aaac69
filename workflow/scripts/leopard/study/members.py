"""Which networks there are: what each is trained and validated on, and which windows it sees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from leopard.study.refusals import refuse


@dataclass(frozen=True)
class Member:
    """One network of each model.

    Attributes:
        train: The cell line it is trained on.
        validation: The one that its epoch is chosen by.
        seed: Of its weights and windows.
        chromosomes: By split.
        windows: The directory of its windows, below the study's.
    """

    train: str
    validation: str
    seed: int
    chromosomes: Mapping[str, Sequence[str]]
    windows: str

    @property
    def name(self) -> str:
        """As in paths."""
        return f"{self.train}-{self.validation}-s{self.seed}"


def list_members(config: Mapping[str, Any]) -> list[Member]:
    """The members as listed, or neighbours in a ring, as a config has them.

    In a ring (Leopard's crisscross), each seed halves the training chromosomes anew: one half to
    train on, one to choose the epoch by.

    Raises:
        InputError: The config has neither, or both, or lists one twice.
    """
    if ("members" in config) == ("crisscross" in config):
        refuse("config", "it needs members or crisscross, and not both", "see config/README.md")
    chromosomes = config["chromosomes"]
    if "members" in config:
        members = [
            Member(**m, chromosomes=chromosomes, windows="windows") for m in config["members"]
        ]
    else:
        members = _list_ring(chromosomes, **config["crisscross"])
    if len({(m.train, m.validation, m.seed) for m in members}) < len(members):
        refuse("config (members)", "a member is listed twice", "give each its own seed")
    names = [m.name for m in members]
    if twice := next((x for x in names if names.count(x) > 1), None):  # a-b with c, a with b-c
        refuse("config (members)", f"two are called {twice}", "rename a cell line without -")
    return members


def _list_ring(
    chromosomes: Mapping[str, Sequence[str]], cell_lines: Sequence[str], seeds: Sequence[int]
) -> list[Member]:
    if len(chromosomes["train"]) < 2:
        refuse("config (chromosomes.train)", "one cannot be halved", "name two at least")
    members = []
    for seed in seeds:
        shuffled = np.random.RandomState(seed).permutation(chromosomes["train"]).tolist()
        half = len(shuffled) // 2
        halves = {"train": shuffled[:half], "validation": shuffled[half:]}
        members += [
            Member(a, b, seed, {**chromosomes, **halves}, f"windows/s{seed}")
            for a, b in zip(cell_lines, [*cell_lines[1:], cell_lines[0]], strict=True)
        ]
    return members
