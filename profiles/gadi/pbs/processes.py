"""Processes of this host, by /proc."""

import os
import re
from pathlib import Path
from typing import List


def birth(pid: int) -> str:
    """When a process started, in ticks of the kernel's clock; empty if it is dead."""
    try:
        # After the name, which may hold anything, in parentheses: state, ..., starttime.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if fields[0] == "Z" else fields[19]


def find_head() -> int:
    """The process of the Snakemake that called this command, by way of a shell or not."""
    parent = os.getppid()
    words = Path(f"/proc/{parent}/cmdline").read_bytes().split(b"\0")
    if words[1:2] == [b"-c"] and words[0].endswith(b"sh"):
        status = Path(f"/proc/{parent}/status").read_text()
        parent = int(re.findall(r"^PPid:\s*(\d+)", status, re.M)[0])
    return parent


def open_files(pid: int) -> List[Path]:
    """The files that a process has open."""
    found = []
    for link in Path(f"/proc/{pid}/fd").glob("*"):
        try:
            found.append(Path(os.readlink(str(link))))
        except OSError:
            continue
    return found
