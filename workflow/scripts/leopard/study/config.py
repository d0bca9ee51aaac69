"""The config, completed with defaults and checked against its schema."""

import re
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from leopard.study.refusals import refuse

KEYS = "see config/README.md for every key"
QUOTE = "put it in quotes, for it is a name"
NO_NAME = r"does not match '.*A-Za-z0-9\._-.*"  # what a schema says of a name with anything else


def read_schema(path: Path) -> dict[str, Any]:
    """A schema, by libyaml where PyYAML has it: ten times as fast."""
    return yaml.load(path.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def complete_config(config: dict[str, Any], schema: Path) -> None:
    """Check a config against its schema, and put in, in place, what it leaves out.

    Whole numbers are taken for the names they stand for, as YAML has 1 for a chromosome's name.

    Raises:
        InputError: The first problem found.
    """
    rules = read_schema(schema)
    _complete(config, rules, [])
    validate(config, rules, "config", KEYS)


def _complete(data: Any, schema: Mapping[str, Any], path: list[str]) -> Any:
    """What `data` is with the schema's defaults, and with numbers as text where text is wanted."""
    if isinstance(data, dict):
        items = {str(key) if type(key) is int else key: value for key, value in data.items()}
        for key in items:
            if not isinstance(key, str):
                refuse(f"config ({'.'.join(path)})", f"{key!r} is no text", QUOTE)
        properties = schema.get("properties", {})
        for key, rules in properties.items():
            if "default" in rules:
                items.setdefault(key, deepcopy(rules["default"]))
        data.clear()
        for key, value in items.items():
            rules = properties.get(key, schema.get("additionalProperties"))
            known = rules if isinstance(rules, dict) else {}
            data[key] = _complete(value, known, [*path, key])
    elif isinstance(data, list):
        return [_complete(x, schema.get("items", {}), path) for x in data]
    elif type(data) is int and _is_text(schema):
        return str(data)
    return data


def _is_text(schema: Mapping[str, Any]) -> bool:
    """Whether text is wanted, and no number."""
    kinds = schema.get("type", ())
    return "string" in ([kinds] if isinstance(kinds, str) else kinds)


def validate(data: object, schema: Mapping[str, Any], where: object, remedy: str) -> None:
    """Raise InputError, with this remedy, for the first thing that a schema does not allow."""
    error = best_match(Draft202012Validator(schema).iter_errors(data))
    if error is None:
        return
    key = ".".join(map(str, error.absolute_path))
    problem = re.sub(NO_NAME, "is no name: letters, digits, . _ -", error.message)
    scalar = not isinstance(error.instance, dict | list | None)
    if error.validator == "type" and scalar and _is_text(error.schema):
        remedy = QUOTE
    refuse(f"{where} ({key})" if key else where, problem, remedy)
