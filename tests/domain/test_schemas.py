"""Values held against their schemas, and what is told of those that do not fit."""

import pytest
from pydantic import JsonValue

from domain.connections import JsonObject
from domain.errors import Code, Invalid, InvalidParameters
from domain.schemas import require_match, require_schema

SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "since": {"type": ["string", "null"], "format": "date-time"},
        "to": {"type": ["string", "integer"], "format": "email"},
        "a/b~c": {"type": "integer"},
    },
    "required": ["to"],
    "additionalProperties": False,
}


def faults_of(value: JsonObject) -> dict[str, str]:
    with pytest.raises(InvalidParameters) as refused:
        require_match(value, SCHEMA, "parameters")
    assert refused.value.code == Code.SCHEMA_VIOLATION
    return {fault.pointer: fault.message for fault in refused.value.faults}


def test_each_fault_is_told_by_its_pointer_and_never_by_its_value() -> None:
    told = faults_of({"a/b~c": "a secret", "colour": "blue"})
    assert told == {
        "/to": "is missing",
        "/colour": "is not known here",
        "/a~1b~0c": "must satisfy type: integer",
    }


@pytest.mark.parametrize("moment", ["2026-11-21T06:30:00Z", "2026-11-21t06:30:00.25+08:00", None])
def test_a_moment_has_its_offset(moment: JsonValue) -> None:
    require_match({"to": "wei@example.com", "since": moment}, SCHEMA, "parameters")


@pytest.mark.parametrize(
    "moment", ["yesterday", "2026-11-21", "2026-11-21T06:30:00", "2026-02-30T06:30:00Z"]
)
def test_what_is_no_moment_is_refused(moment: str) -> None:
    told = faults_of({"to": "wei@example.com", "since": moment})
    assert told == {"/since": "must satisfy format: date-time"}


@pytest.mark.parametrize("address", ["wei", "wei@", "@example.com", "a@b@c", "w ei@example.com"])
def test_what_is_no_address_is_refused(address: str) -> None:
    assert faults_of({"to": address}) == {"/to": "must satisfy format: email"}


def test_a_format_speaks_of_strings_alone() -> None:
    require_match({"to": 5}, SCHEMA, "parameters")


def test_without_a_schema_everything_fits() -> None:
    require_match({"any": "thing"}, None, "parameters")


def test_what_is_no_schema_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        require_schema({"properties": {"a": {"type": "number of things"}}}, "parameters_schema")
    assert refused.value.code == Code.INVALID_SCHEMA
    assert "parameters_schema/properties/a" in refused.value.message


def test_a_schema_that_refers_elsewhere_is_refused_unread() -> None:
    with pytest.raises(Invalid) as refused:
        require_match({}, {"$ref": "https://elsewhere.example/schema"}, "parameters")
    assert refused.value.code == Code.INVALID_SCHEMA
