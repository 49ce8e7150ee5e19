"""What a schema refused has one code, whichever door it came to."""

import pytest

from domain.codes import Code
from domain.refused_fields import code_of_field


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("amount", "missing", Code.MISSING_FIELD),
        ("colour", "extra_forbidden", Code.UNKNOWN_FIELD),
        ("amount", "int_parsing", Code.INVALID_AMOUNT),
        ("minor", "greater_than", Code.INVALID_AMOUNT),
        ("currency", "string_pattern_mismatch", Code.UNKNOWN_CURRENCY),
        ("to", "value_error", Code.INVALID_EMAIL),
        ("customer_email", "value_error", Code.INVALID_EMAIL),
        ("price", "invalid_amount", Code.INVALID_AMOUNT),
        ("amount", "dict_type", Code.INVALID_REQUEST),
        ("notes", "string_too_long", Code.INVALID_REQUEST),
    ],
)
def test_the_code_follows_the_rule_then_the_shape_then_the_field(
    name: str, kind: str, code: Code
) -> None:
    assert code_of_field(name, kind) is code
