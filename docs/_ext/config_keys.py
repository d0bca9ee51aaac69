"""The table of a study's keys, from the schemas that check it.

`python docs/_ext/config_keys.py` writes it into config/README.md, between two comments; a test
keeps it up to date. The site includes that file.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "config/README.md"
SCHEMAS = ROOT / "workflow/schemas"

Schema = dict[str, Any]


def load(name: str) -> Schema:
    """The schema of `config`, `decoding`, `signals` or `labels`."""
    return yaml.safe_load((SCHEMAS / f"{name}.schema.yaml").read_text(encoding="utf-8"))


def is_section(rules: Schema) -> bool:
    """Whether a key of the top has keys of its own, which are described one by one."""
    return "properties" in rules


def format_default(default: Any) -> str:
    """What holds where a key is left out, as one writes it in a config; of mappings, the names."""
    if default is None:
        return "none"
    if isinstance(default, dict):
        return ", ".join(f"`{name}`" for name in default) or "none"
    return f"`{default if isinstance(default, str) else json.dumps(default)}`"


def write_rows(schema: Schema, prefix: str = "") -> Iterator[str]:
    """A line of a table for each key of the top that is no section, or of a section."""
    required = schema.get("required", ())
    for key, rules in schema["properties"].items():
        if prefix or not is_section(rules):
            meaning = " ".join(rules["description"].split()).replace("|", "\\|")
            default = "required" if key in required else format_default(rules.get("default"))
            yield f"| `{prefix}{key}` | {meaning} | {default} |"


def write_table(lines: Iterator[str], first: str = "key") -> list[str]:
    """Lines of a Markdown table."""
    return [f"| {first} | meaning | default |", "|---|---|---|", *lines]


def write_keys(schema: Schema, title: str, of: str = "") -> str:
    """All keys of a study: those of the top in one table, then one of each section.

    `of` comes behind the sections' names, where another kind of study has some of the same.
    """
    lines = [f"### {title}", "", *write_table(write_rows(schema))]
    for key, rules in schema["properties"].items():
        if is_section(rules):
            about = " ".join(rules["description"].split())
            lines += [
                "",
                f"### `{key}`{of}",
                "",
                about,
                "",
                *write_table(write_rows(rules, f"{key}.")),
            ]
    return "\n".join(lines)


def write_columns(schema: Schema) -> str:
    """The columns of a sample sheet."""
    about = " ".join(schema["description"].split())
    return "\n".join([about, "", *write_table(write_rows(schema), "column")])


def fill(text: str) -> str:
    """A guide, what stands between its comments written anew from the schemas."""
    parts = {
        "keys": write_keys(load("config"), "Keys of a study"),
        "decoding": write_keys(load("decoding"), "Keys at the top", " of a study that decodes"),
        "signals": write_columns(load("signals")),
        "labels": write_columns(load("labels")),
    }
    for name, content in parts.items():
        begin, end = f"<!-- {name}: from workflow/schemas -->", f"<!-- end of {name} -->"
        pattern = rf"(?<={re.escape(begin)}\n).*?(?={re.escape(end)})"
        text, found = re.subn(pattern, lambda _, c=content: f"\n{c}\n\n", text, flags=re.S)
        if found != 1:
            raise SystemExit(f"error: {GUIDE}: not once: {begin} ... {end}")
    return text


if __name__ == "__main__":
    GUIDE.write_text(fill(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
