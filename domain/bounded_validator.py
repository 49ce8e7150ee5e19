"""A validator of JSON Schema 2020-12 that nobody can keep busy, by a schema or by a value.

A schema may refer to itself, twice in each place, and a value may be half a megabyte: without a
bound their product is what the event loop is blocked for. So each keyword costs steps, as many
however fast the machine is, and a value has so many and no more.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from pydantic import JsonValue

from domain.patterns import cost_of, is_found

_MOST_STEPS = 20_000  # of some ten microseconds each
_DEEPEST = 100  # keywords within keywords
_REFERENCES = {"$ref", "$dynamicRef"}
_OF_A_REFERENCE = 4  # steps: it is looked up
# Which members are evaluated is found by walking through all schemas again at each level.
UNBOUNDED = {"unevaluatedItems", "unevaluatedProperties"}
_COMPARED_WHOLE = {"enum", "const", "dependentRequired"}
# A step takes as long as so many characters of a message, or so many instructions of a pattern.
_CHARACTERS, _INSTRUCTIONS = 1_000, 2_000

Rule = Callable[..., Iterable[ValidationError] | None]


class TooMuchWork(Exception): ...


class TooDeep(Exception):
    """Told before Python runs out of stack: that may happen in a library which cannot bear it."""


class UnboundedKeyword(Exception):
    """One of ``UNBOUNDED`` in a schema that came past the door."""


class _Steps:
    left = _MOST_STEPS
    depth = 0

    def spend(self, steps: int) -> None:
        self.left -= steps
        if self.left < 0:
            raise TooMuchWork

    @contextmanager
    def deeper(self) -> Iterator[None]:
        if self.depth == _DEEPEST:
            raise TooDeep
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1


_STEPS: ContextVar[_Steps] = ContextVar("steps")


@contextmanager
def bounded_work() -> Iterator[None]:
    """Raises ``TooMuchWork`` or ``TooDeep`` out of a validation within."""
    before = _STEPS.set(_Steps())
    try:
        yield
    finally:
        _STEPS.reset(before)


def unknown_members(names: Iterable[str], schema: Mapping[str, JsonValue]) -> Iterator[str]:
    """Those that neither ``properties`` nor ``patternProperties`` speaks of."""
    properties, patterns = schema.get("properties"), schema.get("patternProperties")
    known = properties if isinstance(properties, Mapping) else {}
    sources = tuple(patterns) if isinstance(patterns, Mapping) else ()
    return (
        name
        for name in names
        if name not in known and not any(_is_found(source, name) for source in sources)
    )


def _is_found(pattern: str, text: str) -> bool:
    _STEPS.get().spend(1 + cost_of(pattern, text) // _INSTRUCTIONS)
    return is_found(pattern, text)


def _pattern(
    _: Validator, pattern: str, value: JsonValue, __: JsonValue
) -> Iterator[ValidationError]:
    if isinstance(value, str) and not _is_found(pattern, value):
        yield ValidationError("it does not match")


def _pattern_properties(
    validator: Validator, rule: Mapping[str, JsonValue], value: JsonValue, _: JsonValue
) -> Iterator[ValidationError]:
    for pattern, schema in rule.items():
        for name, member in value.items() if isinstance(value, dict) else ():
            if _is_found(pattern, name):
                yield from validator.descend(member, schema, path=name, schema_path=pattern)


def _additional_properties(
    validator: Validator, rule: JsonValue, value: JsonValue, schema: Mapping[str, JsonValue]
) -> Iterator[ValidationError]:
    members = value if isinstance(value, dict) else {}
    unknown = tuple(unknown_members(members, schema))
    if rule is False and unknown:
        yield ValidationError("it has more")
    for name in unknown if rule is not False else ():
        yield from validator.descend(members[name], rule, path=name)


def _unique_items(
    _: Validator, rule: bool, value: JsonValue, __: JsonValue
) -> Iterator[ValidationError]:
    if rule and isinstance(value, list):
        _STEPS.get().spend(_size_of(value) // 2)
        if len({json.dumps(_as_compared(each), sort_keys=True) for each in value}) < len(value):
            yield ValidationError("an item is there twice")


def _as_compared(value: JsonValue) -> JsonValue:
    """1.0 is 1, and true is neither."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_as_compared(each) for each in value]
    if isinstance(value, dict):
        return {name: _as_compared(each) for name, each in value.items()}
    return value


def _size_of(value: JsonValue) -> int:
    match value:
        case list():
            return 1 + sum(map(_size_of, value))
        case dict():
            return 1 + sum(map(_size_of, value.values()))
        case str():
            return 1 + len(value) // _CHARACTERS
        case _:
            return 1


def _breadth_of(value: JsonValue) -> int:
    return len(value) if isinstance(value, list | dict) else 1


def _counted(keyword: str, holds: Rule) -> Rule:
    def counted(
        validator: Validator, rule: JsonValue, value: JsonValue, schema: JsonValue
    ) -> Iterator[ValidationError]:
        if keyword in UNBOUNDED:
            raise UnboundedKeyword(keyword)
        steps = _STEPS.get()
        size = _size_of(rule) if keyword in _COMPARED_WHOLE else _breadth_of(rule)
        steps.spend(_OF_A_REFERENCE if keyword in _REFERENCES else 1)
        steps.spend((size + _breadth_of(value)) // 8)
        with steps.deeper():
            for error in holds(validator, rule, value, schema) or ():
                steps.spend(1 + len(error.message) // _CHARACTERS)  # it repeats the value
                yield error

    return counted


_OURS: Mapping[str, Rule] = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "uniqueItems": _unique_items,
}


def _is_whole(_: object, value: object) -> bool:
    """Not 100.00, which the draft takes for an integer: whoever writes it means a hundred dollars,
    and not as many minor units."""
    return isinstance(value, int) and not isinstance(value, bool)


BoundedValidator = extend(
    Draft202012Validator,
    validators={
        keyword: _counted(keyword, holds)
        for keyword, holds in {**Draft202012Validator.VALIDATORS, **_OURS}.items()
    },
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_whole),
)
