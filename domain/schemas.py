"""JSON Schema 2020-12: whether a schema is one, and where a value departs from it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain, islice
from typing import cast

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import extend
from pydantic import JsonValue
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from domain.connections import JsonObject
from domain.errors import Code, Invalid, InvalidParameters, SchemaFault

_NOTHING_FROM_ELSEWHERE: Registry[JsonValue] = Registry()  # a schema names no address to load from
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_NAMES_NOTHING = {"const", "default", "enum", "examples"}  # in them stand values
_MOST_FAULTS = 50
_LONGEST_RULE = 200
_FORMATS = FormatChecker(())  # those below: the draft itself leaves them to whoever validates
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


def _is_whole(_: object, value: object) -> bool:
    """Not 100.00, which the draft takes for an integer: whoever writes it means a hundred dollars,
    and not as many minor units."""
    return isinstance(value, int) and not isinstance(value, bool)


def _has_pattern(_: object, pattern: str, value: object, __: object) -> Iterator[ValidationError]:
    """As ECMA-262 has it, where `$` is the very end; Python's may stand before a line end."""
    if pattern.endswith("$") and not pattern.endswith("\\$"):
        pattern = pattern[:-1] + r"\Z"
    if isinstance(value, str) and re.search(pattern, value) is None:
        yield ValidationError("it does not match")


_Validator = extend(
    Draft202012Validator,
    validators={"pattern": _has_pattern},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_whole),
)


def require_schema(schema: JsonObject, field: str) -> None:
    """Raises ``Invalid`` where ``schema`` itself is none, or needs anything but itself."""
    if schema.get("$schema", _DRAFT) != _DRAFT:
        raise Invalid(Code.INVALID_SCHEMA, f"{field}/$schema must be {_DRAFT}")
    try:
        Draft202012Validator.check_schema(dict(schema))
    except SchemaError as error:
        at = pointer_of(error.absolute_path)
        raise Invalid(Code.INVALID_SCHEMA, f"{field}{at} is no JSON Schema 2020-12") from None
    resolver = _NOTHING_FROM_ELSEWHERE.resolver_with_root(DRAFT202012.create_resource(schema))
    for reference in _references(schema):
        try:
            resolver.lookup(reference)
        except Unresolvable:
            raise Invalid(
                Code.INVALID_SCHEMA, f"{field} refers to {reference}, which it does not hold"
            ) from None
    tuple(_faults({}, schema))  # one that leads in a circle shows it at once


def require_match(
    value: JsonObject,
    schema: JsonObject | None,
    what: str,
    code: Code = Code.SCHEMA_VIOLATION,
) -> None:
    """Raises ``InvalidParameters`` with each fault and its JSON pointer (RFC 6901)."""
    faults = () if schema is None else tuple(islice(_faults(value, schema), _MOST_FAULTS))
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


_FORMATS.checks("date-time", ValueError)(_is_moment)
_FORMATS.checks("email")(_is_address)


def pointer_of(path: Iterable[str | int]) -> str:
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def _references(part: object) -> Iterator[str]:
    if isinstance(part, list):
        for each in part:
            yield from _references(each)
    if isinstance(part, Mapping):
        for name, within in part.items():
            if name in ("$ref", "$dynamicRef") and isinstance(within, str):
                yield within
            elif name not in _NAMES_NOTHING:
                yield from _references(within)


def _faults(value: JsonObject, schema: JsonObject) -> Iterator[SchemaFault]:
    validator = _Validator(dict(schema), registry=_NOTHING_FROM_ELSEWHERE, format_checker=_FORMATS)
    try:
        errors = sorted(validator.iter_errors(dict(value)), key=lambda error: error.json_path)
    except Unresolvable as missing:
        raise Invalid(Code.INVALID_SCHEMA, f"the schema refers to {missing.ref}") from None
    except RecursionError:
        raise Invalid(
            Code.INVALID_SCHEMA, "the schema leads in a circle, or too deep for this value"
        ) from None
    for error in errors:
        words = _words_of(error)
        # What is missing or too much is told at its own place: there the asker has to look.
        members = tuple(_members(error))
        places = [(*error.absolute_path, member) for member in members] or [error.absolute_path]
        yield from (SchemaFault(pointer=pointer_of(place), message=words) for place in places)


def _words_of(error: ValidationError) -> str:
    """Never the value itself: it may be a secret, or about a person."""
    match error.validator:
        case "required" | "dependentRequired":
            return "is missing"
        case "additionalProperties" | "unevaluatedProperties":
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
            schema = cast(Mapping[str, Mapping[str, JsonValue]], error.schema)
            known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
            for name in error.instance:
                if name not in known and not any(re.search(each, name) for each in patterns):
                    yield name


def _named_in(error: ValidationError, names: Iterable[str]) -> set[str]:
    """There is one error for each missing member, whose message begins with its name."""
    return {name for name in names if error.message.startswith(f"{name!r} is ")}
