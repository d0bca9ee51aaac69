"""Which tracks a study's networks see, and the files that they are read from."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from leopard.study.located import Located
from leopard.study.recipes import Settings, merge_settings
from leopard.study.tracks import ACCESSIBILITY, AVERAGE, Track, list_arrays, list_settings

EXPERIMENTS = ("ablation", "tuning", "scaling")
"""Sections of settings that trials alone have."""


@dataclass(frozen=True)
class Signals(Located):
    """What is asked for, its inputs located, and the signals made of them.

    A wildcard stays one where neither cell line nor track is given.
    """

    def seen(self, settings: Settings) -> list[Track]:
        """The tracks that a network with these settings sees, in the order of its channels."""
        names = settings["tracks"] or self.tracks
        usual = settings["signal_transform"]
        tracks = (self.tracks[name] for name in names)
        return [replace(track, transform=track.transform or usual) for track in tracks]

    def arrays(self, model: str) -> list[str]:
        """Names of what is read for a model."""
        return list_arrays(self.seen(merge_settings(self.config, model)))

    @cached_property
    def signal_tracks(self) -> list[str]:
        """Tracks of the sample sheet that any network sees, `main` first, then as configured."""
        asked = [merge_settings(self.config, model)["tracks"] for model in self.models]
        places = list_settings(self.config).items()
        trials = (own.get("tracks") for where, own in places if where.startswith(EXPERIMENTS))
        asked += [x for x in trials if x]
        names = {name for x in asked for name in (x or self.tracks)}
        sources = {self.tracks[name].source for name in names}
        return sorted((x for x in self.tracks if x in sources), key=ACCESSIBILITY.__ne__)

    @property
    def main(self) -> str:
        """The track of baselines, figures and other systems that look at one only."""
        return self.signal_tracks[0]

    @property
    def shared_checks(self) -> list[str]:
        """What the checks of the genome and of all signals found."""
        signals = [
            self.signal_check(line, x) for x in self.signal_tracks for line in self.cell_lines
        ]
        return [self.genome_check, *signals]

    @property
    def signal_checks(self) -> list[str]:
        """The same of all tracks of one cell line."""
        return [self.signal_check(track=track) for track in self.signal_tracks]

    def measures(self, cell_line: str = "{cell_line}", track: str = "{track}") -> str:
        """What a cell line's signal is like."""
        return f"{self.shared}/signals/{cell_line}.{track}.measures.tsv"

    def sample(self, cell_line: str = "{cell_line}", track: str = "{track}") -> str:
        """Values of a cell line's signal, to normalise it by."""
        return f"{self.shared}/signals/{cell_line}.{track}.sample.npy"

    def normalised(self, cell_line: str = "{cell_line}", track: str = "{track}") -> str:
        """A cell line's signal with the quantiles of the reference line."""
        return f"{self.shared}/signals/{cell_line}.{track}.bigWig"

    def average(self, track: str = "{track}") -> str:
        """The mean of a signal over cell lines."""
        return f"{self.shared}/signals/{AVERAGE}{track}.bigWig"

    def signal_files(self, cell_line: str, track: str) -> list[str]:
        """The bigWigs that are read for a cell line's signal, to be summed."""
        if self.tracks[track].scaling == "quantile":
            return [self.normalised(cell_line, track)]
        return self.raw_signals[cell_line][track]

    def scale(self, cell_line: str, track: str) -> list[str]:
        """What the scale of a cell line's signal is read from, if it has one."""
        mean = self.tracks[track].scaling == "mean"
        return [self.measures(cell_line, track)] if mean else []

    def signals(
        self, cell_line: str, arrays: Iterable[str]
    ) -> dict[str, tuple[list[str], list[str]]]:
        """By array, its bigWigs and what its scale is read from."""
        return {
            array: ([self.average(array.removeprefix(AVERAGE))], [])
            if array.startswith(AVERAGE)
            else (self.signal_files(cell_line, array), self.scale(cell_line, array))
            for array in arrays
        }

    def signal_inputs(self, cell_lines: Iterable[str], arrays: Iterable[str]) -> list[str]:
        """All files of the same, of several cell lines."""
        wanted = list(arrays)
        found = [self.signals(line, wanted).values() for line in cell_lines]
        return list(dict.fromkeys(x for line in found for pair in line for y in pair for x in y))

    def window_array(self, windows: str, array: str, cell_line: str = "{cell_line}") -> str:
        """The stored windows of an array."""
        name = array if array.startswith(AVERAGE) else f"{cell_line}.{array}"
        return f"{self.shared}/{windows}/{name}.npy"

    @property
    def measured(self) -> list[str]:
        """Labelled cell lines whose accessibility may be out of the range of the others'."""
        return [] if self.tracks[self.main].scaling == "quantile" else self.labelled

    def unit(self, track: str) -> str:
        """Of a signal, as models see it."""
        units = {
            "mean": "\N{MULTIPLICATION SIGN} genome mean",
            "none": "signal",
            "quantile": f"normalised to {self.config['reference_line']}",
        }
        return units[self.tracks[track].scaling or "none"]
