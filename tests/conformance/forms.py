"""Stripe's form encoding, undone: brackets into nested fields, text into what the schema says."""

import re
from collections.abc import Callable
from urllib.parse import parse_qsl

from pydantic import JsonValue

Tree = dict[str, JsonValue]
Fits = Callable[[JsonValue, JsonValue], bool]

_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_TYPED: dict[str, tuple[re.Pattern[str], Callable[[str], JsonValue]]] = {
    "integer": (re.compile(r"-?\d+"), int),
    "number": (re.compile(r"-?\d+(\.\d+)?"), float),
    "boolean": (re.compile(r"true|false"), lambda text: text == "true"),
}


def decoded(form: str) -> Tree:
    """``a=1&b[0][c]=2`` is ``{"a": "1", "b": {"0": {"c": "2"}}}``. Raises ValueError."""
    tree: Tree = {}
    for key, text in parse_qsl(form, keep_blank_values=True, strict_parsing=bool(form)):
        parts = _KEY.fullmatch(key)
        if parts is None:
            raise ValueError(f"{key}: malformed key")
        path = [parts[1], *re.findall(r"\[([^\[\]]*)\]", parts[2])]
        _put(tree, path, text, key)
    return tree


def _put(tree: Tree, path: list[str], text: str, key: str) -> None:
    for step in path[:-1]:
        branch = tree.setdefault(step, {})
        if not isinstance(branch, dict):
            raise ValueError(f"{key}: both a value and a group")
        tree = branch
    last = path[-1] or str(len(tree))  # ``list[]=a&list[]=b``
    if last in tree:
        raise ValueError(f"{key}: given twice")
    tree[last] = text


def typed(value: JsonValue, schema: JsonValue, fits: Fits) -> JsonValue:
    """What cannot be typed stays as it is, and then does not fit the schema."""
    if not isinstance(schema, dict):
        return value
    choices = schema.get("anyOf")
    if isinstance(choices, list):
        return _typed_by_choice(value, choices, fits)
    if isinstance(value, str):
        return _typed_text(value, schema)
    if not isinstance(value, dict):
        return value
    if schema.get("type") == "array" and all(place.isdecimal() for place in value):
        ordered = sorted(value, key=int)
        return [typed(value[place], schema.get("items"), fits) for place in ordered]
    properties = schema.get("properties", {})
    others = schema.get("additionalProperties")
    assert isinstance(properties, dict)
    return {name: typed(item, properties.get(name, others), fits) for name, item in value.items()}


def _typed_text(text: str, schema: Tree) -> JsonValue:
    pattern, convert = _TYPED.get(str(schema.get("type")), (None, None))
    return convert(text) if pattern and convert and pattern.fullmatch(text) else text


def _typed_by_choice(value: JsonValue, choices: list[JsonValue], fits: Fits) -> JsonValue:
    """By the first choice that fits; by one of the same shape where none does."""
    grouped = isinstance(value, dict)
    attempts = [(typed(value, choice, fits), choice) for choice in choices]
    for attempt, choice in attempts:
        if fits(attempt, choice):
            return attempt
    same_shape = [attempt for attempt, choice in attempts if _is_grouped(choice) is grouped]
    return same_shape[0] if same_shape else value


def _is_grouped(schema: JsonValue) -> bool:
    return isinstance(schema, dict) and schema.get("type") in ("object", "array")
