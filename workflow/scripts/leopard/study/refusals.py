"""How problems are told: in one line, without what may be secret."""

import os
import re
from pathlib import Path
from typing import NoReturn

from leopard.errors import InputError


def public(text: object) -> str:
    """A text without user names, passwords and queries of URLs, any of which may be secret."""
    text = re.sub(r"(?<=://)[^/\s\"]*@", "", str(text))
    return re.sub(r"(://[^\s\"?]*)\?[^\s\"]*", r"\1", text)


def refuse(where: object, problem: object, remedy: str) -> NoReturn:
    """Raise InputError, without what may be secret."""
    raise InputError(public(where), public(problem), remedy)


def expand(path: str, where: str) -> str:
    """A path with ~ and $VARIABLES replaced, unless a file is called just so.

    Raises:
        InputError: There is no such variable.
    """
    if "://" in path or Path(path).exists():
        return path
    expanded = os.path.expandvars(os.path.expanduser(path))  # noqa: PTH111 (Path's may raise)
    if unknown := re.search(r"\$\{?\w+\}?", expanded):
        refuse(where, f"{path}: {unknown[0]} is not set", "set it, or write the path in full")
    return expanded
