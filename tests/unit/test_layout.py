"""The folders tell the way of the data, and no module looks ahead on it."""

import ast
from pathlib import Path

import pytest
from leopard import STAGES

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "workflow/scripts/leopard"
SHARED = ("study", "genome", "models")
ORDER = (*SHARED, *STAGES)
LONGEST = 300
MODULES = sorted(x for x in LIBRARY.rglob("*.py"))


def imported(path):
    """Modules of the library that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "leopard":
                yield from (x.name for x in node.names)
            elif node.module.startswith("leopard."):
                yield node.module.removeprefix("leopard.")
        elif isinstance(node, ast.Import):
            yield from (x.name.removeprefix("leopard.") for x in node.names if "leopard." in x.name)


@pytest.mark.parametrize("path", MODULES, ids=lambda x: str(x.relative_to(LIBRARY)))
def test_no_module_imports_from_a_stage_behind_its_own(path):
    own = path.relative_to(LIBRARY).parts[0]
    for module in imported(path):
        stage = module.split(".")[0]
        if own in ORDER and stage in ORDER:
            assert ORDER.index(stage) <= ORDER.index(own), module


@pytest.mark.parametrize("path", MODULES, ids=lambda x: str(x.relative_to(LIBRARY)))
def test_modules_are_short_and_say_what_they_are(path):
    text = path.read_text()
    assert len(text.splitlines()) <= LONGEST
    assert ast.get_docstring(ast.parse(text))


def test_a_stage_has_one_name_wherever_it_appears():
    folders = {x.name for x in LIBRARY.iterdir() if x.is_dir() and x.name != "__pycache__"}
    assert folders == set(ORDER)
    for stage in STAGES:
        assert (ROOT / f"workflow/rules/{stage}.smk").exists()
        assert list((ROOT / f"workflow/scripts/{stage}").glob("*.py"))
        assert list((ROOT / f"tests/unit/{stage}").glob("test_*.py"))
    captions = {x.name for x in (ROOT / "workflow/report").iterdir() if x.is_dir()}
    assert captions <= set(STAGES)


def test_every_script_is_of_a_rule_of_its_stage():
    for script in (ROOT / "workflow/scripts").glob("*/*.py"):
        stage = script.parent.name
        if stage in STAGES and script.name != "print_headline.py":
            rules = [x.read_text() for x in (ROOT / "workflow/rules").glob(f"{stage}*.smk")]
            assert any(f'"../scripts/{stage}/{script.name}"' in x for x in rules), script
