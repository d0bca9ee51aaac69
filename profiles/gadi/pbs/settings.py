"""A site's settings: an environment variable of a setting's name in capitals comes first."""

import configparser
import os
import re
from pathlib import Path

from pbs.errors import RefusedError

PROFILE = Path(__file__).resolve().parents[1]
STATE = Path(".snakemake/pbs")


def settings_file() -> Path:
    """The site's settings: those of this profile, or those that $LEOPARD_SITE names."""
    return Path(os.environ.get("LEOPARD_SITE") or PROFILE / "settings.ini").absolute()


def setting(name: str) -> str:
    """A setting by its name; what the site's file lacks is as in this profile's.

    Raises:
        RefusedError: The site has no file.
    """
    file = configparser.ConfigParser(interpolation=None)
    if len(file.read([str(PROFILE / "settings.ini"), str(settings_file())])) < 2:
        raise RefusedError(f"{settings_file()}: no such file; correct LEOPARD_SITE")
    return os.environ.get(name.upper()) or file.get("site", name)


def setting_path(name: str) -> Path:
    """A setting that is a file, relative to the file of settings that names it."""
    path = settings_file().parent / setting(name)
    return path if path.exists() else PROFILE / setting(name)


def seconds_of(name: str, unit: float = 60) -> float:
    """A setting in minutes, or another unit, as seconds."""
    try:
        return float(setting(name)) * unit
    except ValueError:
        raise RefusedError(f"{name} {setting(name)!r}; give a number") from None


def find_project() -> str:
    """The project to charge; empty where the site has none."""
    project = setting("project")
    if project == "none":
        return ""
    if not re.fullmatch(r"\w[\w.-]*", project):
        problem = f"project {project!r} is not one" if project else "no project"
        raise RefusedError(
            problem + "; export PROJECT=ab12, or set it in profiles/gadi/settings.ini"
        )
    return project


def find_storage(*used: Path) -> str:
    """The filesystems to mount, checked against the paths that every job needs."""
    project = find_project()
    storage = setting("storage")
    if storage == "none":
        return ""
    storage = storage or f"scratch/{project}+gdata/{project}"
    if not re.fullmatch(r"(scratch|gdata)/\w+(\+(scratch|gdata)/\w+)*", storage):
        raise RefusedError(f"storage {storage!r}; give it as scratch/ab12+gdata/ab12")
    for path in used:
        found = re.match(r"/(scratch|g/data)/(\w+)/", f"{path}/")
        if found:
            filesystem = "{}/{}".format(found[1].replace("g/data", "gdata"), found[2])
            if filesystem not in storage.split("+"):
                raise RefusedError(
                    f"{path} would not be mounted; add {filesystem} to STORAGE, now {storage}"
                )
    return storage
