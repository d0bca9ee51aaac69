"""A study that only decodes: bundles, a genome and cell lines. Nothing is trained."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from leopard.study.cells import Cells, Config


def has_bundles(config: Mapping[str, Any]) -> bool:
    """Whether a config, which need not be checked yet, is that of a study that only decodes."""
    models = config.get("models")
    given = models.values() if isinstance(models, Mapping) else ()
    return any(isinstance(own, Mapping) and "bundle" in own for own in given)


@dataclass(frozen=True)
class DecodingStudy(Cells):
    """What is decoded with which bundle, and what is made of it.

    Some of it is there because the rules of what every study has ask for it, and is of no use.

    Attributes:
        exclusions: Files of bases that count nowhere: none, for a bundle brings its own.
        motif: A file of the factor's: none, for a bundle may bring one.
        chromosomes: By split: none.
        factor_label: First of a result's labels in a report: none, as models tell factors apart.
        window_length: Bases that a chromosome must have.
    """

    exclusions: ClassVar[list[str]] = []
    motif: ClassVar[list[str]] = []
    chromosomes: ClassVar[dict[str, list[str]]] = {}
    factor_label: ClassVar[dict[str, str]] = {}
    window_length: ClassVar[int] = 0

    def locate_inputs(self) -> None:
        """Locate all inputs, so that what is wrong with any of them is refused now.

        Raises:
            InputError: The first problem found.
        """
        _ = self.genome, self.bundles, self.regions, self.raw_signals, self.label_files
        _ = self.variants, self.sites, self.motif_database

    @property
    def models(self) -> list[str]:
        """Names of the models."""
        return list(self.config["models"])

    @cached_property
    def bundles(self) -> dict[str, str]:
        """Their files."""
        return {
            name: self.sources.locate(
                own["bundle"],
                "bundle",
                f"config (models.{name}.bundle)",
                own["checksum"],
                f"{name}.zip",
            )
            for name, own in self.config["models"].items()
        }

    @property
    def checksums(self) -> dict[str, str | None]:
        """SHA-256 of each, where the config has it."""
        return {name: own["checksum"] for name, own in self.config["models"].items()}

    @property
    def counting(self) -> Config:
        """How reads are counted, as far as `counted_as` does not say it."""
        return self.config["reads"]

    @property
    def counted_as(self) -> list[str]:
        """The bundle that says how reads are counted: the first; another one counts none anew."""
        return list(self.bundles.values())[:1]

    @cached_property
    def regions(self) -> list[str]:
        """A BED file of what is decoded, where that is not all."""
        given = self.config["regions"]
        return [self._locate(x, "regions", "regions") for x in [given] if x]

    @property
    def decoded(self) -> list[str]:
        """Chromosomes to decode; none stand for those that the genome's names tell."""
        return self.config["chromosomes"] or []

    @property
    def used_chromosomes(self) -> list[str]:
        """Those that anything is done with, as `decoded` has them."""
        return self.decoded

    @property
    def other_genome(self) -> bool:
        """Whether the genome is meant to be another one than a bundle's."""
        return self.config["genome"]["other"]

    @property
    def signal_tracks(self) -> list[str]:
        """Tracks of the sheet."""
        return list(dict.fromkeys(track for own in self.raw_signals.values() for track in own))

    def shown(self, cell_line: str) -> dict[str, tuple[list[str], list[str]]]:
        """The track that figures show of a cell line, its first, as `Signals.signals` has it."""
        track, files = next(iter(self.raw_signals[cell_line].items()))
        return {track: (files, [])}

    def shown_label(self, cell_line: str) -> str:
        """Of its axis."""
        (track,) = self.shown(cell_line)
        return f"{track}\n(as given)"

    def drawn_variants(self, model: str = "{model}", cell_line: str = "{cell_line}") -> list[str]:
        """What figures draw of variants: a directory, as chromosomes are not known beforehand."""
        return [f"{self.out}/variants/{model}/{cell_line}.drawn"]

    def subject(self, model: str, cell_line: str) -> str:
        """What figures of a model in a cell line are titled with."""
        return f"{model} in {cell_line}"

    def carried(self, model: str) -> list[str]:
        """What a model may bring a motif in: its bundle."""
        return [self.bundles[model]]

    @property
    def shared_checks(self) -> list[str]:
        """What the checks of the genome and of all signals found."""
        samples = ((line, x) for line, own in self.raw_signals.items() for x in own)
        return [self.genome_check, *(self.signal_check(line, x) for line, x in samples)]

    def bundle_check(self, model: str = "{model}") -> str:
        """What the check of a bundle found."""
        return f"{self.out}/checks/{model}.bundle.tsv"

    def labels_check(self, model: str = "{model}", cell_line: str = "{cell_line}") -> str:
        """What the check of labels found."""
        return f"{self.out}/checks/{model}.{cell_line}.labels.tsv"

    @property
    def checks(self) -> list[str]:
        """What all checks found."""
        labels = (self.labels_check(*pair) for pair in self.label_files)
        return [*self.shared_checks, *map(self.bundle_check, self.models), *labels]

    @cached_property
    def label_files(self) -> dict[tuple[str, str], str]:
        """Labels as given, by model and cell line."""
        return {
            (model, str(row["cell_line"])): self.sources.locate(
                str(row["labels"]),
                "labels",
                f"{self.config['labels']['sheet']}, cell line {row['cell_line']}",
                row["checksum"],
            )
            for row in self.sheets["labels"]
            for model in self.models
            if row["tf"] in (None, model)
        }

    def label_track(self, model: str, cell_line: str) -> str:
        """The bigWig of 1-bp labels: the input itself, or the one made from peaks."""
        if self.config["labels"]["mode"] == "bigwig":
            return self.label_files[model, cell_line]
        return f"{self.out}/labels/{model}/{cell_line}.bigWig"

    def judged(self, model: str = "{model}", cell_line: str = "{cell_line}") -> dict[str, str]:
        """What labels say of a track, by kind of table."""
        name = f"{self.out}/evaluation/{model}/{cell_line}"
        kinds = {"metrics": "judged", "curves": "curves", "reliability": "reliability"}
        return {kind: f"{name}.{ending}.tsv" for kind, ending in kinds.items()}

    def measures(self, model: str = "{model}", cell_line: str = "{cell_line}") -> str:
        """What the signals of a cell line are like where a bundle measures them."""
        return f"{self.out}/predictions/{model}/{cell_line}.measures.tsv"

    def region_table(self, model: str = "{model}", cell_line: str = "{cell_line}") -> str:
        """What was found in each region."""
        return f"{self.out}/predictions/{model}/{cell_line}.regions.tsv"

    def painted(self, model: str = "{model}", cell_line: str = "{cell_line}") -> str:
        """What the signals are like around a motif."""
        return f"{self.out}/evaluation/{model}/{cell_line}.painted.json"

    def likeness(self, model: str = "{model}", cell_line: str = "{cell_line}") -> str:
        """Whether the signals are like those that the networks were trained on."""
        return f"{self.out}/evaluation/{model}/{cell_line}.likeness.tsv"

    @property
    def kinds(self) -> list[str]:
        """Endings of the results of a model in a cell line."""
        return ["bigWig", "narrowPeak", *["regions.tsv"] * len(self.regions)]
