"""JSON Schema 2020-12: whether a schema is one, and where a value departs from it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain, islice
from typing import cast

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError, ValidationError
from pydantic import JsonValue
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from domain.bounded_validator import (
    UNBOUNDED,
    BoundedValidator,
    TooDeep,
    TooMuchWork,
    UnboundedKeyword,
    bounded_work,
    unknown_members,
)
from domain.connections import JsonObject
from domain.errors import Code, Invalid, InvalidParameters, SchemaFault
from domain.money import is_currency
from domain.patterns import PatternRefused, pattern_of

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_NAMES_NOTHING = {"const", "default", "enum", "examples"}  # in them stand values
_NAMES_SCHEMAS = {"$defs", "dependentSchemas", "patternProperties", "properties"}
_PATTERNS = {"pattern", "patternProperties"}
_REFERENCES = {"$ref", "$dynamicRef"}
_DEEPEST, _LARGEST = 24, 32_768
_MOST_FAULTS = 50
_LONGEST_RULE = 200
_FORMATS = FormatChecker(())  # those below: the draft itself leaves them to whoever validates
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


def require_schema(schema: JsonObject, field: str) -> None:
    """Raises ``Invalid`` where ``schema`` is none, is too large, or needs anything but itself."""
    if schema.get("$schema", _DRAFT) != _DRAFT:
        raise Invalid(Code.INVALID_SCHEMA, f"{field}/$schema must be {_DRAFT}")
    _require_bounds(schema, field)
    try:
        # Patterns are held against the engine that will match them, below.
        Draft202012Validator.check_schema(dict(schema), format_checker=FormatChecker(()))
    except SchemaError as error:
        at = pointer_of(error.absolute_path)
        raise Invalid(Code.INVALID_SCHEMA, f"{field}{at} is no JSON Schema 2020-12") from None
    _require_rules(schema, field)
    try:
        _faults({}, schema)  # one that leads in a circle shows it at once
    except TooMuchWork:
        raise Invalid(
            Code.INVALID_SCHEMA, f"{field} is too much to hold anything against"
        ) from None


def _require_rules(schema: JsonObject, field: str) -> None:
    resolver = _registry_of(schema).resolver()
    for keyword, rule in _rules(schema):
        try:
            if keyword in _REFERENCES:
                resolver.lookup(rule)
            elif keyword in _PATTERNS:
                pattern_of(rule)
        except Unresolvable:
            raise Invalid(
                Code.INVALID_SCHEMA, f"{field} refers to {rule}, which it does not hold"
            ) from None
        except PatternRefused:
            raise Invalid(
                Code.INVALID_SCHEMA,
                f"{field} holds the pattern {rule[:_LONGEST_RULE]}, which RE2 does not take",
            ) from None
        if keyword in UNBOUNDED:
            raise Invalid(Code.INVALID_SCHEMA, f"{field} holds {keyword}, which is not known here")


def _require_bounds(schema: JsonObject, field: str) -> None:
    """Before anything walks through it by calling itself."""
    size, level, depth = 0, [cast(JsonValue, schema)], 0
    while level:
        depth += 1
        members = [each for part in level for each in _parts_of(part)]
        size += len(members) + sum(len(each) for each in members if isinstance(each, str))
        if depth > _DEEPEST or size > _LARGEST:
            raise Invalid(
                Code.INVALID_SCHEMA,
                f"{field} is more than {_DEEPEST} levels deep, or {_LARGEST} characters long",
            )
        level = members


def _parts_of(part: JsonValue) -> Iterator[JsonValue]:
    if isinstance(part, list):
        yield from part
    if isinstance(part, Mapping):
        yield from chain(part.keys(), part.values())


def require_match(
    value: JsonObject,
    schema: JsonObject | None,
    what: str,
    code: Code = Code.SCHEMA_VIOLATION,
) -> None:
    """Raises ``InvalidParameters`` with each fault and its JSON pointer (RFC 6901)."""
    try:
        faults = () if schema is None else _faults(value, schema)
    except (TooMuchWork, OverflowError):  # or a number that no double holds
        faults = (SchemaFault(pointer="", message="is too much to be held against its schema"),)
    if faults:
        first = faults[0]
        message = f"{what}{first.pointer}: {first.message}"
        raise InvalidParameters(code, message, faults)


def _is_moment(value: object) -> bool:
    """With its offset, as RFC 3339 has it."""
    if not isinstance(value, str):
        return True  # a format speaks of strings alone
    return bool(_MOMENT.fullmatch(value) and datetime.fromisoformat(value))


def _is_address(value: object) -> bool:
    return not isinstance(value, str) or _ADDRESS.fullmatch(value) is not None


def _is_currency(value: object) -> bool:
    return not isinstance(value, str) or is_currency(value)


_FORMATS.checks("iso-4217")(_is_currency)  # ours: a schema would have to list them all
_FORMATS.checks("date-time", ValueError)(_is_moment)
_FORMATS.checks("email")(_is_address)


def pointer_of(path: Iterable[str | int]) -> str:
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def _rules(part: object) -> Iterator[tuple[str, str]]:
    """Each keyword that must be looked at, with its word; for values stand no rules."""
    if isinstance(part, list):
        for each in part:
            yield from _rules(each)
    if isinstance(part, Mapping):
        for keyword, rule in part.items():
            if keyword == "patternProperties" and isinstance(rule, Mapping):
                yield from ((keyword, each) for each in rule)
            if isinstance(rule, str) or keyword in UNBOUNDED:
                yield keyword, str(rule)
            elif keyword in _NAMES_SCHEMAS and isinstance(rule, Mapping):
                yield from _rules([*rule.values()])
            elif keyword not in _NAMES_NOTHING:
                yield from _rules(rule)


def _registry_of(schema: JsonObject) -> Registry[JsonValue]:
    """It holds nothing from elsewhere: a schema names no address to load from.

    Its anchors and ids are found beforehand: each reference would look through all of it.
    """
    resource = DRAFT202012.create_resource(cast(JsonValue, dict(schema)))
    registry: Registry[JsonValue] = Registry()
    crawled: Registry[JsonValue] = registry.with_resource(resource.id() or "", resource).crawl()
    return crawled


def _faults(value: JsonObject, schema: JsonObject) -> tuple[SchemaFault, ...]:
    """At most ``_MOST_FAULTS`` of them, by their places."""
    validator = BoundedValidator(
        dict(schema), registry=_registry_of(schema), format_checker=_FORMATS
    )
    try:
        with bounded_work():
            errors = sorted(validator.iter_errors(dict(value)), key=lambda error: error.json_path)
            return tuple(islice(chain.from_iterable(map(_told, errors)), _MOST_FAULTS))
    except Unresolvable as missing:
        raise Invalid(Code.INVALID_SCHEMA, f"the schema refers to {missing.ref}") from None
    except PatternRefused:
        raise Invalid(Code.INVALID_SCHEMA, "the schema holds a pattern not for RE2") from None
    except UnboundedKeyword as unbounded:
        raise Invalid(Code.INVALID_SCHEMA, f"{unbounded} is not known here") from None
    except (TooDeep, RecursionError):
        raise Invalid(
            Code.INVALID_SCHEMA, "the schema leads in a circle, or too deep for this value"
        ) from None


def _told(error: ValidationError) -> Iterator[SchemaFault]:
    """What is missing or too much is told at its own place: there the asker has to look."""
    words = _words_of(error)
    members = tuple(_members(error))
    for place in [(*error.absolute_path, member) for member in members] or [error.absolute_path]:
        yield SchemaFault(pointer=pointer_of(place), message=words)


def _words_of(error: ValidationError) -> str:
    """Never the value itself: it may be a secret, or about a person."""
    match error.validator:
        case "required" | "dependentRequired":
            return "is missing"
        case "additionalProperties":
            return "is not known here"
        case None:  # the schema false, which nothing satisfies
            return "must not be here"
        case _:
            return f"must satisfy {error.validator}: {error.validator_value}"[:_LONGEST_RULE]


def _members(error: ValidationError) -> Iterator[str]:
    match error.validator:
        case "required":
            yield from _named_in(error, cast(Iterable[str], error.validator_value))
        case "dependentRequired":
            rule = cast(Mapping[str, Iterable[str]], error.validator_value)
            yield from _named_in(error, chain.from_iterable(rule.values()))
        case "additionalProperties":
            schema = cast(Mapping[str, JsonValue], error.schema)
            yield from unknown_members(cast(Iterable[str], error.instance), schema)


def _named_in(error: ValidationError, names: Iterable[str]) -> set[str]:
    """There is one error for each missing member, whose message begins with its name."""
    return {name for name in names if error.message.startswith(f"{name!r} is ")}
