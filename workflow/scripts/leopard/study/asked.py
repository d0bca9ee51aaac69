"""What a study's config and sheets ask for: models, members, cell lines, chromosomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from leopard.study.cells import Cells
from leopard.study.members import Member
from leopard.study.splits import SPLITS
from leopard.study.tracks import Track


@dataclass(frozen=True)
class Asked(Cells):
    """What a config and its sheets ask for, beside what every study has.

    Attributes:
        labelled: Cell lines with labels.
        members: The networks of each model, by name.
        tracks: What networks may see beside the sequence, by name.
    """

    labelled: list[str]
    members: dict[str, Member]
    tracks: dict[str, Track]

    @property
    def tf(self) -> str:
        """The transcription factor."""
        return self.config["tf"]

    @property
    def factor_label(self) -> dict[str, str]:
        """First of each result's labels in a report of several factors."""
        return {"factor": self.tf} if self.out != self.shared else {}

    @property
    def models(self) -> list[str]:
        """Names of the models."""
        return list(self.config["models"])

    @property
    def imported(self) -> dict[str, str]:
        """Where the weights of models that are not trained are, by model."""
        models = self.config["models"].items()
        return {name: own["weights"] for name, own in models if own and "weights" in own}

    @property
    def trained(self) -> list[str]:
        """Models that are trained."""
        return [x for x in self.models if x not in self.imported]

    @property
    def calibrated(self) -> list[str]:
        """Models whose probabilities are calibrated."""
        choices = {None: self.trained, True: self.models, False: []}
        return choices[self.config["prediction"]["calibrate"]]

    @property
    def member_list(self) -> list[Member]:
        """The members, in order."""
        return list(self.members.values())

    @property
    def window_sets(self) -> dict[str, Mapping[str, Sequence[str]]]:
        """Chromosomes by split, by directory of windows."""
        return {m.windows: m.chromosomes for m in self.member_list}

    @property
    def trained_on(self) -> list[str]:
        """Cell lines that networks are trained on."""
        return list(dict.fromkeys(m.train for m in self.member_list))

    @property
    def validation_lines(self) -> list[str]:
        """Cell lines that epochs and thresholds are chosen by."""
        return list(dict.fromkeys(m.validation for m in self.member_list))

    @property
    def member_lines(self) -> list[str]:
        """Cell lines of either kind."""
        return list(dict.fromkeys([*self.trained_on, *self.validation_lines]))

    @property
    def roles(self) -> dict[str, str]:
        """What each labelled cell line served for in training."""
        lines = {"training": self.trained_on, "validation": self.validation_lines}
        return {
            line: ", ".join(x for x in lines if line in lines[x]) or "never trained on"
            for line in self.labelled
        }

    def title(self, cell_line: str) -> str:
        """Of a figure of a labelled cell line."""
        return f"{self.tf} in {cell_line} ({self.roles[cell_line]})"

    @property
    def chromosomes(self) -> dict[str, list[str]]:
        """By split."""
        return self.config["chromosomes"]

    @cached_property
    def split_chromosomes(self) -> list[str]:
        """Those of all splits."""
        return [c for split in SPLITS for c in self.chromosomes[split]]

    @property
    def decoded(self) -> list[str]:
        """Those that are predicted."""
        return self.config["prediction"]["chromosomes"] or self.split_chromosomes

    @property
    def used_chromosomes(self) -> list[str]:
        """Those that anything is done with."""
        return list(dict.fromkeys([*self.split_chromosomes, *self.decoded]))
