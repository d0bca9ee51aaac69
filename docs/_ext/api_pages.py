"""Pages of the library's modules, one for each folder of it, in the order of the data.

They are written into reference/api/ before Sphinx looks for documents, and only if they changed.
"""

import ast
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from leopard import STAGES
from sphinx.application import Sphinx

LIBRARY = Path(__file__).resolve().parents[2] / "workflow/scripts/leopard"


def say(path: Path) -> str:
    """The docstring of a module."""
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def list_folders() -> list[Path]:
    """Stages in the order of the data, then what all of them share."""
    folders = [x.parent for x in LIBRARY.glob("*/__init__.py")]

    def place(folder: Path) -> tuple[int, str]:
        name = folder.name
        return (STAGES.index(name) if name in STAGES else len(STAGES), name)

    return sorted(folders, key=place)


def head(text: str, mark: str = "=") -> list[str]:
    """A heading in reStructuredText, which autodoc speaks."""
    return [text, mark * len(text), ""]


def automodule(name: str) -> list[str]:
    """A module with everything public in it."""
    return [*head(f"``{name}``", "-"), f".. automodule:: {name}", ""]


def write_folder(folder: Path) -> str:
    """The page of a stage or of a shared package: its modules."""
    package = f"leopard.{folder.name}"
    modules = sorted(x for x in folder.rglob("*.py") if x.name != "__init__.py")
    lines = head(folder.name)
    own = ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))
    if any(isinstance(x, ast.FunctionDef | ast.ClassDef) for x in own.body):
        lines += automodule(package)
    else:
        lines += [say(folder / "__init__.py"), ""]
    for path in modules:
        inside = path.relative_to(folder).with_suffix("").parts
        lines += automodule(".".join([package, *inside]))
    return "\n".join(lines)


def write_rest() -> str:
    """The page of the modules that are in no folder."""
    lines = [*head("shared modules"), "What every stage uses.", ""]
    for path in sorted(LIBRARY.glob("*.py")):
        if path.name != "__init__.py":
            lines += automodule(f"leopard.{path.stem}")
    return "\n".join(lines)


def write_index(names: Iterable[str]) -> str:
    """The page that lists the others."""
    about = (
        "The library ``leopard`` knows nothing of Snakemake and can be used alone. A folder of it "
        "is a stage of the workflow; all stages share ``study``, ``genome`` and ``models``."
    )
    tree = [".. toctree::", "   :maxdepth: 2", "", *(f"   {name}" for name in names)]
    return "\n".join([*head("The library"), about, "", *tree, ""])


def write_pages(app: Sphinx) -> None:
    """Write every page that is not as it should be, and remove those of folders that are gone."""
    target = Path(app.srcdir) / "reference/api"
    target.mkdir(exist_ok=True)
    pages = {x.name: write_folder(x) for x in list_folders()} | {"modules": write_rest()}
    pages["index"] = write_index(list(pages))
    for name, text in pages.items():
        path = target / f"{name}.rst"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    for path in target.iterdir():
        if path.suffix != ".rst" or path.stem not in pages:
            path.unlink()


PLAIN: dict[str, list[str]] = {}
"""Docstrings of constants, by name, while Napoleon looks at them."""


def mark_returns(lines: list[str]) -> list[str]:
    """Headings of what is returned, made fields as Sphinx has them; what is below is indented."""
    return [f":{line.lower()}" if line in ("Returns:", "Yields:") else line for line in lines]


def before_napoleon(
    app: Sphinx, what: str, name: str, obj: object, options: Any, lines: list[str]
) -> None:
    """Keep from Napoleon what has a colon in it: it takes what stands before one for a type."""
    if what in ("data", "attribute"):
        PLAIN[name] = list(lines)
    else:
        lines[:] = mark_returns(lines)


def after_napoleon(
    app: Sphinx, what: str, name: str, obj: object, options: Any, lines: list[str]
) -> None:
    """Put back what was kept from it."""
    if name in PLAIN:
        lines[:] = PLAIN.pop(name)


def setup(app: Sphinx) -> dict[str, bool]:
    """What Sphinx calls."""
    app.connect("builder-inited", write_pages)
    app.connect("autodoc-process-docstring", before_napoleon, priority=400)
    app.connect("autodoc-process-docstring", after_napoleon, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
