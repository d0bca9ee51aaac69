"""What the documents say is so: keys as the schemas have them, files that exist, code that runs."""

import importlib.util
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from leopard import metrics

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "config").glob("*.md"),
        *(x for x in (ROOT / "docs").rglob("*.md") if "api" not in x.parts),
    ]
)
OURS = r"(?:benchmarks|config|docs|envs|profiles|resources|tests|workflow)/[\w./-]*\w"
# What a user makes.
MADE = ("docs/_build/", "config/mine", "workflow/scripts/leopard/models/wide.py")


def load_keys():
    spec = importlib.util.spec_from_file_location("keys", ROOT / "docs/_ext/config_keys.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


config_keys = load_keys()


def test_tables_of_keys_are_those_of_the_schemas():
    text = config_keys.GUIDE.read_text()
    assert config_keys.fill(text) == text, "run make keys"


def find_keys(schema, prefix=""):
    for key, rules in schema["properties"].items():
        yield prefix + key, rules
        if not prefix and "properties" in rules:
            yield from find_keys(rules, f"{key}.")


@pytest.mark.parametrize("name", ["config", "decoding", "signals", "labels"])
def test_every_key_is_described_with_its_choices(name):
    for key, rules in find_keys(config_keys.load(name)):
        about = rules.get("description", "")
        assert about.endswith("."), key
        for choice in rules.get("enum", []):
            assert f"`{choice}`" in about, f"{key}: {choice}"


def test_a_table_tells_what_is_required_and_what_is_left_out():
    schema = {
        "required": ["a"],
        "properties": {
            "a": {"description": "One | two."},
            "b": {"description": "Three\n  four.", "default": [1, 2]},
            "c": {"description": "Five.", "default": {"x": {}, "y": {}}},
            "d": {"description": "Six.", "default": None},
            "e": {"description": "Seven.", "default": True},
            "f": {"properties": {}},
        },
    }
    assert list(config_keys.write_rows(schema)) == [
        r"| `a` | One \| two. | required |",
        "| `b` | Three four. | `[1, 2]` |",
        "| `c` | Five. | `x`, `y` |",
        "| `d` | Six. | none |",
        "| `e` | Seven. | `true` |",
    ]


def test_the_changelog_is_of_this_version():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    versions = re.findall(
        r"^## ([\d.]+) - \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text(), re.M
    )
    assert versions[0] == version
    assert versions == sorted(versions, key=lambda x: [int(y) for y in x.split(".")], reverse=True)


@pytest.mark.parametrize("page", PAGES, ids=lambda x: str(x.relative_to(ROOT)))
def test_what_a_page_names_exists(page):
    text = page.read_text()
    for path in re.findall(
        rf"`({OURS})`", re.sub("`workflow/test_", "`tests/workflow/test_", text)
    ):
        if not path.startswith(MADE):
            assert (ROOT / path).exists(), path
    for path in re.findall(
        r"`((?:unit|workflow|studies|faults|cluster)/[\w/]*test_\w+\.py)`", text
    ):
        assert (ROOT / "tests" / path).exists(), path
    for path in re.findall(r"\]\(([\w./-]+\.\w+)(?:#[\w-]*)?\)", text):
        if "/api/" not in path:
            assert (page.parent / path).exists(), path
    for target in re.findall(r"`make ([a-z-]+)", text):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M), target


def read_block(page):
    return re.search(r"^ *```python\n(.*?)^ *```$", (ROOT / page).read_text(), re.M | re.S)[1]


def test_the_network_of_the_how_to_can_be_trained_and_decoded(device, monkeypatch):
    from leopard import models
    from leopard.models.reach import derive_reach

    names = {}
    exec(read_block("docs/howto/own_model.md"), names)
    monkeypatch.setitem(models.BUILDERS, "wide", names["build"])
    model = models.build("wide", prior=0.01)
    assert derive_reach(model).halo == 7 + 7 * 8
    codes = np.zeros((1, 64), np.uint8)
    said = model.predict_on_batch([codes, np.zeros((1, 64), np.float32)])
    np.testing.assert_allclose(said[0, 32], 0.01, rtol=0.9)


def test_the_measure_of_the_how_to():
    block = re.sub(r"^   ", "", read_block("docs/howto/own_metric.md"), flags=re.M)
    names = dict(vars(metrics))
    exec(block, names)
    counts = metrics.ScoreCounts()
    counts.update(np.uint8([[1, 1, 0, 1]]), np.float32([[0.9, 0.8, 0.7, 0.6]]))
    assert names["recall_at_precision"](counts, 0.9) == pytest.approx(2 / 3)
    assert names["recall_at_precision"](counts, 0.7) == 1
