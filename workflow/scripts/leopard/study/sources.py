"""Where inputs are: paths as given, and the local paths of what is to be downloaded."""

import re
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from leopard.study.refusals import expand, refuse

SHARED_ROLES = (
    *("genome", "blacklist", "exclude", "regions", "signal", "barcodes", "variants", "sites"),
    "motif_database",
)
"""Inputs that several factors of a study share."""

OWN_ROLES = ("motif", "labels", "weights", "bundle")
"""Inputs of one factor."""


class Sources:
    """Inputs by the paths at which rules find them.

    Args:
        shared: Directory of what factors share.
        out: Directory of the study's factor.

    Attributes:
        downloads: By local path, the url and checksum of what is downloaded.
        given: By path, where in config or sheets it is named.
    """

    def __init__(self, shared: str, out: str) -> None:
        self.shared, self.out = shared, out
        self.downloads: dict[str, dict[str, str | None]] = {}
        self.given: dict[str, str] = {}

    def locate(
        self,
        source: str,
        role: str,
        where: str,
        checksum: str | None = None,
        name: str | None = None,
    ) -> str:
        """The local path of an input; one given by URL goes on the list of downloads.

        Args:
            source: A path or URL.
            role: One of `SHARED_ROLES` or `OWN_ROLES`.
            where: The key or row that names it.
            checksum: Of the file, if given.
            name: Of the download; by default the URL's last.

        Raises:
            InputError: It is neither, or two URLs have one name.
        """
        url = urlsplit(source)
        if not url.scheme:
            path = expand(source, where)
            if unfit := re.search(r"[{}\x00-\x1f]", path):
                refuse(repr(path), f"{unfit[0]!r} in a path", "rename the file, or link to it")
            self.given[path] = where
            return path
        if url.scheme not in ("http", "https", "ftp"):
            refuse(source, "cannot be downloaded", "give an http, https or ftp URL, or a path")
        last = re.sub(r"^\.+|[^A-Za-z0-9._-]", "_", PurePosixPath(url.path).name) or "file"
        top = self.shared if role in SHARED_ROLES else self.out
        path = f"{top}/inputs/{role}/{name or last}"
        known = self.downloads.setdefault(path, {"url": source, "checksum": checksum})
        if known["url"] != source:
            refuse(source, f"has the name of another {role} file", "give one of them by path")
        return path
