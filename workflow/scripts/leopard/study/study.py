"""A study: its config and sheets as one frozen object that rule files ask."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from leopard.study.cells import Config
from leopard.study.experiments import Experiments
from leopard.study.members import Member
from leopard.study.recipes import ENCODING, OTHERS, Settings, merge_settings
from leopard.study.signals import Signals
from leopard.study.tracks import list_arrays


@dataclass(frozen=True)
class Study(Signals):
    """What is asked for, where its inputs are, and what is made of them.

    Paths, not rules: of several factors, only the first has the rules of what they share. A
    wildcard stays one where none is given.
    """

    @property
    def excluded(self) -> str:
        """BED of bases that count nowhere."""
        return f"{self.shared}/genome/excluded.bed"

    @property
    def unjudged(self) -> str:
        """The same, and where only some regions are judged, what lies outside."""
        return f"{self.shared}/genome/unjudged.bed" if self.regions else self.excluded

    @property
    def usable(self) -> str:
        """Where windows may start."""
        return f"{self.shared}/windows/usable.tsv"

    @property
    def test_windows(self) -> str:
        """Windows of which those of the test chromosomes are the same in every set."""
        return f"{self.shared}/{self.member_list[0].windows}/windows.tsv"

    @property
    def motif_check(self) -> str:
        """What the check of the motif found."""
        return f"{self.out}/checks/motif.tsv"

    def labels_check(self, cell_line: str = "{cell_line}") -> str:
        """What the check of a cell line's labels found."""
        return f"{self.out}/checks/{cell_line}.labels.tsv"

    @property
    def checks(self) -> list[str]:
        """What all checks found; of several factors, those of one, and what all share."""
        shared = self.shared_checks if self.out == self.shared else [self.shared_checked]
        labels = map(self.labels_check, self.labelled)
        return [*shared, *labels, *[self.motif_check] * len(self.motif)]

    @property
    def window_length(self) -> int:
        """Bases of a window."""
        return self.config["windows"]["length"]

    @property
    def counting(self) -> Config:
        """How reads are counted."""
        return self.config["reads"]

    @property
    def counted_as(self) -> list[str]:
        """The bundle that says so instead: none."""
        return []

    def label_track(self, cell_line: str) -> str:
        """The bigWig of 1-bp labels: the input itself, or the one made from peaks."""
        if self.config["labels"]["mode"] == "bigwig":
            return self.label_files[cell_line]
        return f"{self.out}/labels/{cell_line}.bigWig"

    def label_tracks(self, cell_lines: Iterable[str]) -> list[str]:
        """Those of several cell lines."""
        return [self.label_track(line) for line in cell_lines]

    def others(self, cell_line: str) -> list[str]:
        """The other labelled cell lines."""
        return [line for line in self.labelled if line != cell_line]

    @property
    def planted(self) -> str:
        """What a model says of motifs that are set into random sequences."""
        return f"{self.out}/interpretation/{{model}}/planted.tsv"

    def shown(self, cell_line: str) -> dict[str, tuple[list[str], list[str]]]:
        """The track that figures show of a cell line, as `signals` has it."""
        return self.signals(cell_line, [self.main])

    def shown_label(self, cell_line: str) -> str:
        """Of its axis."""
        return f"{self.main}\n({self.unit(self.main)})"

    def subject(self, model: str, cell_line: str) -> str:
        """What figures of a model in a cell line are titled with."""
        return f"{self.tf} in {cell_line}, {model}"

    def carried(self, model: str) -> list[str]:
        """What a model may bring a motif in: nothing."""
        return []

    def drawn_variants(self, model: str = "{model}", cell_line: str = "{cell_line}") -> list[str]:
        """What figures draw of variants, by chromosome."""
        name = f"{self.out}/variants/{model}/{cell_line}"
        return [f"{name}/{chrom}.drawn.npz" for chrom in self.used_chromosomes]

    def scores(self, model: str, cell_line: str) -> list[str]:
        """The files that a model's or a baseline's scores are read from."""
        if model == "motif":
            return [f"{self.out}/baselines/motif.bigWig"]
        if model == "accessibility":
            return self.signal_files(cell_line, self.main)
        if model in self.fitted:
            return [f"{self.out}/baselines/{model}/{cell_line}.bigWig"]
        return [self.prediction(model, cell_line)]

    def calibrations(self, models: Iterable[str]) -> list[str]:
        """The maps of those models that are calibrated."""
        return [
            f"{self.out}/models/{model}/calibration.json"
            for model in models
            if model in self.calibrated
        ]

    # How networks are trained.

    def settings(self, model: str) -> Settings:
        """How a model trains."""
        return merge_settings(self.config, model)

    def recipe(self, settings: Settings, seed: int) -> dict[str, Any]:
        """The fields of `leopard.training.recipe.Recipe`."""
        fields = {k: v for k, v in settings.items() if k not in OTHERS}
        return fields | {"tracks": [asdict(x) for x in self.seen(settings)], "seed": seed}

    def encoding(self, model: str) -> dict[str, Any]:
        """What an imported network is built with: all that its weights do not say."""
        settings = self.settings(model)
        tracks = [asdict(x) for x in self.seen(settings)]
        return {key: settings[key] for key in ENCODING} | {"tracks": tracks}

    def draw(self, settings: Settings, member: Member) -> dict[str, Any] | None:
        """How fresh training windows are drawn; None for stored ones."""
        fresh, windows = settings["fresh_windows"], self.config["windows"]
        if not fresh:
            return None
        return {
            "chromosomes": member.chromosomes["train"],
            "n": windows["train"] if fresh is True else fresh,
            "length": windows["length"],
            "enriched": settings["enriched"],
            "signals": self.signals(member.train, list_arrays(self.seen(settings))),
        }

    def window_files(self, member: Member, settings: Settings) -> dict[str, Any]:
        """What a member's windows are read from, by the library's names."""
        stored, labels = f"{self.shared}/{member.windows}", f"{self.out}/{member.windows}"
        arrays = list_arrays(self.seen(settings))
        files: dict[str, Any] = {
            "windows": f"{stored}/windows.tsv",
            "sequence": f"{stored}/sequence.npy",
        }
        for role, line in (("training", member.train), ("validation", member.validation)):
            files |= {
                f"{role}_signals": [self.window_array(member.windows, x, line) for x in arrays],
                f"{role}_labels": f"{labels}/{line}.labels.npy",
            }
        if settings["fresh_windows"]:
            files |= {
                "usable": self.usable,
                "fasta": self.fasta,
                "fai": self.fai,
                "signals": self.signal_inputs([member.train], arrays),
                "labels": self.label_track(member.train),
                "excluded": self.excluded,
            }
        return files

    @property
    def records(self) -> list[str]:
        """What is recorded of every training."""
        return [
            f"{self.out}/models/{model}/{member}/training.json"
            for model in self.trained
            for member in self.members
        ]

    @property
    def motif_hits(self) -> list[str]:
        """Where the motif's hits have their middles, for what is compared."""
        return [f"{self.out}/comparison/motif_hits.bigWig"] * len(self.motif)

    @property
    def many_to_one(self) -> list[str]:
        """Systems to compare with that score one window at a time."""
        return ["factornet", *["anchor"] * len(self.motif)]

    @cached_property
    def experiments(self) -> Experiments:
        """What is tried with the first model."""
        return Experiments(self.config, self.member_list[0])
