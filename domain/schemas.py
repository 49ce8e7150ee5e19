"""JSON Schema 2020-12: whether a schema is one, and where a value departs from it."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import cast

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError, ValidationError
from pydantic import JsonValue
from referencing import Registry
from referencing.exceptions import Unresolvable

from domain.connections import JsonObject
from domain.errors import Code, Invalid, InvalidParameters, SchemaFault

_NOTHING_FROM_ELSEWHERE: Registry[JsonValue] = Registry()  # a schema names no address to load from
_FORMATS = FormatChecker(())  # those below: the draft itself leaves them to whoever validates
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


def require_schema(schema: JsonObject, field: str) -> None:
    """Raises ``Invalid`` where ``schema`` itself is none."""
    try:
        Draft202012Validator.check_schema(dict(schema))
    except SchemaError as error:
        at = pointer_of(error.absolute_path)
        raise Invalid(Code.INVALID_SCHEMA, f"{field}{at} is no JSON Schema 2020-12") from None


def require_match(
    value: JsonObject,
    schema: JsonObject | None,
    what: str,
    code: Code = Code.SCHEMA_VIOLATION,
) -> None:
    """Raises ``InvalidParameters`` with each fault and its JSON pointer (RFC 6901)."""
    faults = () if schema is None else tuple(_faults(value, schema))
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


def _faults(value: JsonObject, schema: JsonObject) -> Iterable[SchemaFault]:
    validator = Draft202012Validator(
        dict(schema), registry=_NOTHING_FROM_ELSEWHERE, format_checker=_FORMATS
    )
    try:
        errors = sorted(validator.iter_errors(dict(value)), key=lambda error: error.json_path)
    except Unresolvable as missing:
        raise Invalid(Code.INVALID_SCHEMA, f"the schema refers to {missing.ref}") from None
    for error in errors:
        yield SchemaFault(pointer=_place_of(error), message=_words_of(error))


def _place_of(error: ValidationError) -> str:
    """Of a member that is missing or too much, its own place: there the asker has to look."""
    members = _members(error)
    path = [*error.absolute_path, *members[:1]]
    return pointer_of(path)


def _words_of(error: ValidationError) -> str:
    """Never the value itself: it may be a secret, or about a person."""
    match error.validator:
        case "required":
            return "is missing"
        case "additionalProperties" | "unevaluatedProperties":
            return "is not known here"
        case _:
            return f"must satisfy {error.validator}: {error.validator_value}"


def _members(error: ValidationError) -> Sequence[str]:
    instance = error.instance
    if error.validator == "required":
        wanted = cast(Sequence[str], error.validator_value)
        # one error for each missing member, named first in its message
        return [name for name in wanted if name not in instance and repr(name) in error.message]
    if error.validator == "additionalProperties" and isinstance(error.schema, dict):
        known = error.schema.get("properties", {})
        return [name for name in instance if name not in known]
    return []
