"""The tracks that networks see beside the sequence, by name, as a config lists them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from leopard.study.names import check_names, nearest
from leopard.study.recipes import Settings
from leopard.study.refusals import refuse

ACCESSIBILITY = "accessibility"
"""The track of a sheet without the column, and of baselines that look at one."""

AVERAGE = "average."
"""What comes before a track's name where its mean over cell lines is meant. Names have no dot."""


@dataclass(frozen=True)
class Track:
    """One channel beside the four of the bases.

    Attributes:
        name: As the config, models and arrays have it.
        scaling: How the signals of cell lines were made comparable: mean, quantile or none.
        transform: What the network does to the values first, by its name in
            `leopard.models.encoding.TRANSFORMS`.
        average: The track whose mean over cell lines it is, if it is one.
        difference: The track whose difference from that mean it is: of the transformed values.

    Example:
        >>> Track("delta", difference="accessibility").arrays
        ['accessibility', 'average.accessibility']
    """

    name: str
    scaling: str | None = None
    transform: str | None = None
    average: str | None = None
    difference: str | None = None

    @property
    def source(self) -> str:
        """The track of the sample sheet that it is made of, which may be itself."""
        return self.average or self.difference or self.name

    @property
    def arrays(self) -> list[str]:
        """Names of what is read for it: a cell line's own signal, the mean over lines, or both."""
        own = [] if self.average else [self.source]
        return own + [AVERAGE + self.source] * (self.source != self.name)


def list_arrays(tracks: Iterable[Track]) -> list[str]:
    """Names of what is read for several tracks, each once."""
    return list(dict.fromkeys(array for track in tracks for array in track.arrays))


def read_tracks(config: Mapping[str, Any]) -> dict[str, Track]:
    """The tracks that a config has, by name, in its order; transforms only where one is its own.

    Raises:
        InputError: One that cannot be, or a network that is to see one that is not there.
    """
    given = {name: own or {} for name, own in config["tracks"].items()}
    check_names("track", given)
    tracks = {}
    for name, own in given.items():
        track = Track(name, **own)
        _check_source(track, given)
        scaling = given[track.source].get("scaling", config["signal_scaling"])
        tracks[name] = replace(track, scaling=scaling)
    for where, settings in list_settings(config).items():
        for name in settings.get("tracks") or []:
            if name not in tracks:
                remedy = nearest(name, tracks) or f"name some of {', '.join(tracks)}"
                refuse(f"config ({where}.tracks)", f"unknown track {name}", remedy)
    return tracks


def _check_source(track: Track, given: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse what a track is made of if it can be made of no such thing."""
    where, source = f"config (tracks.{track.name})", track.source
    if track.average and track.difference:
        refuse(where, "it has average and difference", "make two tracks of it")
    if source == track.name and (track.average or track.difference):
        refuse(where, "it is made of itself", "name another track")
    if source != track.name and track.scaling:
        refuse(where, f"scaled by itself, and made of {source}", f"put scaling at {source}")
    if source not in given:
        remedy = nearest(source, given) or f"name one of {', '.join(given)}"
        refuse(where, f"made of an unknown track {source}", remedy)
    if set(given[source]) & {"average", "difference"}:
        refuse(where, f"made of {source}, which is no signal itself", "name a track of the sheet")


def list_settings(config: Mapping[str, Any]) -> dict[str, Settings]:
    """Every section of a config that may have keys of `training`, by its path."""
    places = {"training": config["training"]}
    places |= {f"models.{x}": own for x, own in config["models"].items() if own}
    places |= {f"{x}.training": config[x]["training"] for x in ("ablation", "tuning", "scaling")}
    variants = config["ablation"]["variants"]
    return places | {f"ablation.variants.{x}": own for x, own in variants.items()}


def replace_delta(config: Mapping[str, Any]) -> list[str]:
    """Put tracks, in place, where a config has the key `delta` of earlier versions.

    Returns:
        Lines that tell the user what to write instead.

    Raises:
        InputError: A section has both.
    """
    places = list_settings(config)
    asked = {where: own.pop("delta") for where, own in places.items() if "delta" in own}
    if not any(asked.values()):
        return []
    for where in asked:
        if places[where].get("tracks"):
            refuse(f"config ({where})", "it has tracks and delta", "leave delta out")
    derived = {"difference": ACCESSIBILITY}
    if config["tracks"].setdefault("delta", derived) != derived:
        refuse("config (tracks.delta)", "not what delta: true stands for", "leave that key out")
    without = config["training"]["tracks"] or [x for x in config["tracks"] if x != "delta"]
    config["training"]["tracks"] = without
    for where, wanted in asked.items():
        places[where]["tracks"] = [*without, *["delta"] * wanted]
    written = [f"{x}.tracks: [{', '.join(places[x]['tracks'])}]" for x in asked]
    return [
        "config: delta is understood, but now it is a track like others; write tracks: "
        f"{{accessibility: {{}}, delta: {{difference: accessibility}}}} and {'; '.join(written)}"
    ]
