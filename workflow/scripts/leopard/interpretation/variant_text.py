"""Files of text that are whole before they get their names; VCFs bgzipped and indexed."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import pysam

from leopard.genome.formats import new_file


class _Blocks(io.RawIOBase):
    """A bgzip file as a stream of bytes, for text to be written to."""

    def __init__(self, path: Path) -> None:
        self._file = pysam.BGZFile(str(path), "w", None)

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, content: Any) -> int:
        """Write bytes; how many."""
        self._file.write(bytes(content))
        return len(content)

    def close(self) -> None:
        """Write the end."""
        if not self.closed:
            self._file.close()
        super().close()


@contextmanager
def new_text(path: Path) -> Iterator[TextIO]:
    """A file of text to write, whole before it gets its name; bgzipped and indexed if .gz."""
    with new_file(path) as unfinished:
        if path.suffix != ".gz":
            with unfinished.open("w", encoding="utf-8") as file:
                yield file
            return
        with io.TextIOWrapper(io.BufferedWriter(_Blocks(unfinished)), encoding="utf-8") as file:
            yield file
        # A tabix index ends at 2^29 bases; where a chromosome goes on, it cannot be made.
        index = Path(pysam.tabix_index(str(unfinished), preset="vcf", keep_original=True))
        index.with_name(f"{index.name}.tbi").replace(path.with_name(f"{path.name}.tbi"))
