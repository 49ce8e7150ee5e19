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


def faults_of(value: JsonObject, schema: JsonObject = SCHEMA) -> dict[str, str]:
    with pytest.raises(InvalidParameters) as refused:
        require_match(value, schema, "parameters")
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


ADDRESS: JsonObject = {"type": "object", "required": ["city"]}


@pytest.mark.parametrize(
    ("value", "schema", "told"),
    [
        ({}, {"required": ["a", "b"]}, {"/a": "is missing", "/b": "is missing"}),
        (
            {"town": {}},
            {"properties": {"town": ADDRESS}},
            {"/town/city": "is missing"},
        ),
        (
            {"card": "s3cret"},
            {"dependentRequired": {"card": ["name"], "bank": ["iban"]}},
            {"/name": "is missing"},
        ),
        (
            {"x-a": 1, "b": "s3cret", "c": "s3cret", "d": 1},
            {
                "additionalProperties": False,
                "properties": {"d": {}},
                "patternProperties": {"^x-": {}},
            },
            {"/b": "is not known here", "/c": "is not known here"},
        ),
        (
            {"list": [1, "s3cret", "s3cret"]},
            {"properties": {"list": {"uniqueItems": True}}},
            {"/list": "must satisfy uniqueItems: True"},
        ),
        (
            {"x-a": "s3cret", "b": "s3cret"},
            {"patternProperties": {"^x-": {"type": "integer"}}},
            {"/x-a": "must satisfy type: integer"},
        ),
        (
            {"x-a": 1, "b": "s3cret"},
            {
                "additionalProperties": {"type": "integer"},
                "patternProperties": {"^x-": {"type": "integer"}},
            },
            {"/b": "must satisfy type: integer"},
        ),
        ({"a": "s3cret"}, {"properties": {"a": False}}, {"": "must not be here"}),
        (
            {"list": [1, "s3cret"]},
            {"properties": {"list": {"items": {"type": "integer"}}}},
            {"/list/1": "must satisfy type: integer"},
        ),
        (
            {"a": "s3cret"},
            {"properties": {"a": {"enum": ["x", "y"]}}},
            {"/a": "must satisfy enum: ['x', 'y']"},
        ),
        (
            {"a": "s3cret"},
            {"properties": {"a": {"pattern": "^sk_", "maxLength": 3}}},
            {"/a": "must satisfy maxLength: 3"},
        ),
        (
            {"a": "s3cret"},
            {"properties": {"a": {"not": {"type": "string"}}}},
            {"/a": "must satisfy not: {'type': 'string'}"},
        ),
        ({"s3cret": 1}, {"maxProperties": 0}, {"": "must satisfy maxProperties: 0"}),
    ],
)
def test_every_kind_of_fault_has_its_place_and_repeats_no_value(
    value: JsonObject, schema: JsonObject, told: dict[str, str]
) -> None:
    faults = faults_of(value, schema)
    assert {pointer: faults.get(pointer) for pointer in told} == told
    assert "s3cret" not in str(faults)


def test_a_long_rule_and_many_faults_are_cut_short() -> None:
    choices: JsonObject = {"properties": {"a": {"enum": [f"choice {n}" for n in range(500)]}}}
    assert len(faults_of({"a": 1}, choices)["/a"]) == 200
    assert len(faults_of({f"member {n}": n for n in range(500)})) == 50


def test_without_a_schema_everything_fits() -> None:
    require_match({"any": "thing"}, None, "parameters")


def test_what_is_no_schema_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        require_schema({"properties": {"a": {"type": "number of things"}}}, "parameters_schema")
    assert refused.value.code == Code.INVALID_SCHEMA
    assert "parameters_schema/properties/a" in refused.value.message


ELSEWHERE = "https://elsewhere.example/schema"


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": ELSEWHERE},
        {"properties": {"a": {"items": {"anyOf": [{"$ref": ELSEWHERE}]}}}},
        {"$ref": "#/$defs/nobody"},
        {"$dynamicRef": "#nobody"},
        {"$schema": ELSEWHERE},
        {"$schema": "http://json-schema.org/draft-07/schema#"},
        {"$ref": "#"},
        {"pattern": "("},
        {"pattern": "^(?=a)"},
        {"patternProperties": {r"(a)\1": True}},
        {"pattern": "(.{0,200}a){4}"},
        {"unevaluatedProperties": False},
        {"properties": {"a": {"unevaluatedItems": False}}},
        {"enum": ["a" * 40_000]},
    ],
)
def test_a_schema_that_needs_more_than_itself_is_refused_unread(schema: JsonObject) -> None:
    with pytest.raises(Invalid) as refused:
        require_schema(schema, "parameters_schema")
    assert refused.value.code == Code.INVALID_SCHEMA


def test_a_schema_may_refer_to_its_own_parts_and_hold_values_that_look_like_references() -> None:
    schema: JsonObject = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$defs": {"city": {"$anchor": "town", "type": "string"}},
        "properties": {
            "from": {"$ref": "#/$defs/city"},
            "to": {"allOf": [{"$ref": "#town"}, {"maxLength": 100}]},
            "$ref": {"const": {"$ref": ELSEWHERE}},
            "unevaluatedItems": {"type": "string", "pattern": "^a"},
            "pattern": {"type": "string"},
        },
    }
    require_schema(schema, "parameters_schema")
    assert faults_of({"from": 1, "to": 2}, schema).keys() == {"/from", "/to"}


def test_a_schema_that_came_past_the_door_and_refers_elsewhere_is_refused_unread() -> None:
    with pytest.raises(Invalid) as refused:
        require_match({}, {"$ref": ELSEWHERE}, "parameters")
    assert refused.value.code == Code.INVALID_SCHEMA


def test_a_value_too_deep_for_a_schema_that_repeats_itself_is_refused() -> None:
    deep: dict[str, JsonValue] = {}
    for _ in range(3000):
        deep = {"a": deep}
    with pytest.raises(Invalid) as refused:
        require_match(deep, {"properties": {"a": {"$ref": "#"}}}, "parameters")
    assert refused.value.code == Code.INVALID_SCHEMA


@pytest.mark.parametrize("amount", [100.0, 100.5, True, "100"])
def test_an_amount_is_whole_as_it_is_written(amount: JsonValue) -> None:
    schema: JsonObject = {"properties": {"amount": {"type": "integer", "minimum": 1}}}

    require_match({"amount": 100}, schema, "parameters")
    with pytest.raises(InvalidParameters, match="parameters/amount: must satisfy type: integer"):
        require_match({"amount": amount}, schema, "parameters")


@pytest.mark.parametrize("key", ["sk_test_1\n", "sk_test_1 ", "\nsk_test_1"])
def test_a_pattern_ends_where_the_value_does(key: str) -> None:
    schema: JsonObject = {"properties": {"key": {"type": "string", "pattern": "^sk_[a-z0-9_]+$"}}}

    require_match({"key": "sk_test_1"}, schema, "credentials")
    with pytest.raises(InvalidParameters, match="credentials/key: must satisfy pattern"):
        require_match({"key": key}, schema, "credentials")


def test_a_pattern_that_could_be_tried_for_years_is_decided_at_once() -> None:
    schema: JsonObject = {
        "patternProperties": {"^(a+)+$": {"pattern": "^(a+)+$"}},
        "additionalProperties": False,
    }
    require_schema(schema, "parameters_schema")
    long = "a" * 1000
    require_match({long: long}, schema, "parameters")
    assert faults_of({long: f"{long}!", f"{long}!": 1}, schema) == {
        f"/{long}": "must satisfy pattern: ^(a+)+$",
        f"/{long}!": "is not known here",
    }


def test_a_value_that_no_text_holds_matches_no_pattern() -> None:
    assert faults_of({"a": "\ud800"}, {"properties": {"a": {"pattern": "^a$"}}}).keys() == {"/a"}


TOO_MUCH = {"": "is too much to be held against its schema"}
MANY: JsonValue = list(range(50_000))
BOMB: JsonObject = {
    "$ref": "#/$defs/0",
    "$defs": {
        **{str(n): {"allOf": [{"$ref": f"#/$defs/{n + 1}"}] * 2} for n in range(30)},
        "30": {},
    },
}


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (MANY, {"items": {"type": "integer"}}),
        (MANY, {"items": True, "allOf": [{"items": True}] * 500}),
        (MANY, {"uniqueItems": True}),
        (MANY, {"allOf": [{"type": "string"}] * 500}),
        ([{}] * 5000, {"items": {"properties": {str(n): {} for n in range(200)}}}),
        ([[n] * 50 for n in range(500)], {"items": {"enum": [[n] * 50 for n in range(99)]}}),
        ("ab" * 100_000, {"pattern": "[ab]*a[ab]{900}$"}),
        ({str(n): 1 for n in range(5000)}, {"patternProperties": {str(n): {} for n in range(9)}}),
        (10**400, {"multipleOf": 0.01}),
    ],
)
def test_what_would_keep_everybody_waiting_is_too_much(value: JsonValue, rule: JsonValue) -> None:
    schema: JsonObject = {"properties": {"a": rule}}
    require_schema(schema, "parameters_schema")
    assert faults_of({"a": value}, schema) == TOO_MUCH


def test_a_schema_that_doubles_at_each_step_is_refused_and_bounded() -> None:
    with pytest.raises(Invalid, match="too much to hold anything against") as refused:
        require_schema(BOMB, "parameters_schema")
    assert refused.value.code == Code.INVALID_SCHEMA
    assert faults_of({}, BOMB) == TOO_MUCH


def test_a_schema_may_be_so_deep_and_no_deeper() -> None:
    schema: dict[str, JsonValue] = {}
    for _ in range(23):
        schema = {"not": schema}
    require_schema(schema, "parameters_schema")
    for _ in range(5000):
        schema = {"not": schema}
    with pytest.raises(Invalid, match="24 levels deep"):
        require_schema(schema, "parameters_schema")


@pytest.mark.parametrize(
    "items", [[1, True, "1", None, [1], {"a": 1}], [0, False, "", [], {}], [1.5, 1, [True]]]
)
def test_items_of_different_kinds_are_not_the_same(items: list[JsonValue]) -> None:
    schema: JsonObject = {"properties": {"a": {"uniqueItems": True}, "b": {"uniqueItems": False}}}
    require_match({"a": items, "b": [1, 1]}, schema, "parameters")
    require_match({"a": "of no items"}, schema, "parameters")


@pytest.mark.parametrize(
    "items", [[1, 1.0], [{"a": 1, "b": [2]}, {"b": [2.0], "a": 1}], ["a", "a"]]
)
def test_items_are_the_same_by_their_value(items: list[JsonValue]) -> None:
    schema: JsonObject = {"properties": {"a": {"uniqueItems": True}}}
    assert faults_of({"a": items}, schema) == {"/a": "must satisfy uniqueItems: True"}


@pytest.mark.parametrize("rule", [{"pattern": "(?=a)"}, {"unevaluatedItems": False}])
def test_a_rule_that_came_past_the_door_and_cannot_be_bounded_is_refused(rule: JsonValue) -> None:
    with pytest.raises(Invalid) as refused:
        require_match({"a": "a"}, {"properties": {"a": rule}}, "parameters")
    assert refused.value.code == Code.INVALID_SCHEMA
