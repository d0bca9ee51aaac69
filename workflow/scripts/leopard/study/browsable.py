"""What a genome browser is to show of a study, and what is copied so that all can be moved."""

from typing import NamedTuple

from leopard.study.study import Study


class Browsable(NamedTuple):
    """A track of a browser.

    Attributes:
        cell_line: Whose.
        kind: signal, labels, prediction or calls.
        name: As the browser shows it.
        path: Where it lies.
    """

    cell_line: str
    kind: str
    name: str
    path: str


def list_browsable(study: Study) -> tuple[list[Browsable], dict[str, str]]:
    """Every track in order, and what is to be copied to hub/tracks/: the source by name."""
    tracks, copied = [], {}
    for line in study.cell_lines:
        found = [
            ("signal", f"{track} {n}", path)
            for track in study.signal_tracks
            for n, path in enumerate(study.signal_files(line, track), 1)
        ]
        if line in study.labelled:
            found.append(("labels", "labels", study.label_track(line)))
        found += [("prediction", m, study.prediction(m, line)) for m in study.models]
        found += [("calls", f"calls of {m}", study.calls(m, line)) for m in study.models]
        for kind, name, path in found:
            if not path.startswith(f"{study.shared}/"):
                copy = f"{line}.{name.replace(' ', '.')}.bigWig"
                copied[copy], path = path, f"{study.out}/hub/tracks/{copy}"
            tracks.append(Browsable(line, kind, name, path))
    return tracks, copied
