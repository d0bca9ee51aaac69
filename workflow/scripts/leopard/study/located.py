"""Where a study's inputs are; optional ones are lists of none or one."""

import re
from dataclasses import dataclass
from functools import cached_property

from leopard.study.asked import Asked
from leopard.study.members import Member
from leopard.study.refusals import expand, refuse

JASPAR_ID = re.compile(r"([A-Z]{2}\d{4})(\.\d+)?")
"""A matrix in JASPAR: the base id, then the version."""


@dataclass(frozen=True)
class Located(Asked):
    """What is asked for, its inputs located."""

    def locate_inputs(self) -> None:
        """Locate all inputs, so that what is wrong with any of them is refused now.

        Raises:
            InputError: The first problem found.
        """
        _ = self.genome, self.exclusions, self.regions, self.motif
        _ = self.raw_signals, self.label_files, self.weights, self.variants, self.sites
        _ = self.motif_database

    @cached_property
    def exclusions(self) -> list[str]:
        """BED files of bases that count nowhere."""
        given = self.config["genome"]
        blacklist, checksum = given["blacklist"], given["blacklist_checksum"]
        listed = [
            self._locate(x, "blacklist", "genome.blacklist", checksum) for x in [blacklist] if x
        ]
        return listed + [self._locate(x, "exclude", "genome.exclude") for x in given["exclude"]]

    @cached_property
    def regions(self) -> list[str]:
        """A BED file of what is judged, where that is not all."""
        given = self.config["evaluation"]["regions"]
        return [self._locate(x, "regions", "evaluation.regions") for x in [given] if x]

    @property
    def jaspar_id(self) -> re.Match[str] | None:
        """The motif, if it is named by its id in JASPAR."""
        return JASPAR_ID.fullmatch(self.config["motif"] or "")

    @cached_property
    def motif(self) -> list[str]:
        """The motif's file."""
        if self.jaspar_id:
            return [f"{self.out}/inputs/jaspar/{self.config['motif']}.meme"]
        return [self._locate(x, "motif", "motif") for x in [self.config["motif"]] if x]

    @property
    def fitted(self) -> list[str]:
        """Baselines that are fitted on what the networks are trained on."""
        return ["motif_accessibility"] * len(self.motif) + ["trees"]

    @property
    def baselines(self) -> list[str]:
        """All baselines, those that learn nothing first."""
        return ["accessibility", *["motif"] * len(self.motif), *self.fitted]

    @property
    def labels_sheet(self) -> str:
        """Path of the sheet of labels."""
        return self.config["labels"]["sheet"]

    @cached_property
    def label_files(self) -> dict[str, str]:
        """Labels as given, by cell line."""
        return {
            str(row["cell_line"]): self.sources.locate(
                str(row["labels"]),
                "labels",
                f"{self.labels_sheet}, cell line {row['cell_line']}",
                row["checksum"],
            )
            for row in self.sheets["labels"]
        }

    @cached_property
    def weights(self) -> dict[tuple[str, str], str]:
        """Published weights, by model and member."""
        return {
            (model, name): self._locate_weights(model, member)
            for model in self.imported
            for name, member in self.members.items()
        }

    def _locate_weights(self, model: str, member: Member) -> str:
        """The file of a member's weights; those of factors may differ in the directory alone."""
        where, pattern = f"config (models.{model}.weights)", self.imported[model]
        if "factors" in self.config and "{tf}" not in pattern:
            refuse(where, "one file for all factors", "put {tf} in it, as in data/{tf}/weights.h5")
        names = {"train": member.train, "validation": member.validation, "seed": member.seed}
        names["tf"] = self.tf
        try:
            path = expand(pattern, where).format(**names)
        except (LookupError, ValueError, AttributeError):
            listed = ", ".join(f"{{{name}}}" for name in names)
            refuse(where, "other braces than those of its names", f"use {listed}")
        return self.sources.locate(path, "weights", where)
