"""What people write as they like holds no secret, and nothing that cannot be seen."""

import pytest
from pydantic import JsonValue
from pydantic_core import PydanticCustomError

from domain.codes import Code
from domain.free_text import many_lines, one_line, plain_metadata, repeats_one_of

STRIPE = "sk_" + "live_" + "51Habcdefghijklmnop"


def code_of(refused: pytest.ExceptionInfo[PydanticCustomError]) -> str:
    return refused.value.type


@pytest.mark.parametrize(
    "text",
    [
        STRIPE,
        f"the key is {STRIPE}.",
        "rk_" + "test_" + "51Habcdefghijklmnop",
        "whsec_" + "abcdefghij0123456789",
        "SG." + "abcdefghijklmnop" + "." + "abcdefghijklmnopqrstuv",
        "pbk_" + "abcdefghijklmnopqrstuv",
        "AKIA" + "ABCDEFGHIJKLMNOP",
        "ghp_" + "a" * 36,
        "xoxb-" + "1234567890-abc",
        "eyJ" + "hbGciOiJIUzI1" + ".eyJ" + "zdWIiOiIxMjM0" + ".c2ln",
        "-----BEGIN RSA " + "PRIVATE KEY-----",
    ],
)
def test_what_looks_like_a_secret_is_refused(text: str) -> None:
    with pytest.raises(PydanticCustomError) as refused:
        many_lines(text)
    assert code_of(refused) == Code.SECRET_REFUSED
    assert text not in str(refused.value)


@pytest.mark.parametrize(
    "text", ["Stripe, keys begin with sk_live_", "SG.", "risk_assessment", "Zoë’s account", "字"]
)
def test_what_only_speaks_of_secrets_is_taken(text: str) -> None:
    assert one_line(text) == text


@pytest.mark.parametrize("text", ["a\nb", "a\tb", "a\x7fb", "a\x1b[31mb", "a\u202eb", "a\u2028b"])
def test_one_line_holds_no_control_characters(text: str) -> None:
    with pytest.raises(PydanticCustomError) as refused:
        one_line(text)
    assert code_of(refused) == Code.CONTROL_CHARACTER_REFUSED


def test_a_description_may_have_lines_and_no_other_controls() -> None:
    assert many_lines("a\r\nb\tc\n") == "a\r\nb\tc\n"
    with pytest.raises(PydanticCustomError):
        many_lines("a\x1b[2Jb")


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ({str(n): n for n in range(51)}, Code.INVALID_METADATA),
        ({"a" * 41: 1}, Code.INVALID_METADATA),
        ({"": 1}, Code.INVALID_METADATA),
        ({"a": "x" * 501}, Code.INVALID_METADATA),
        ({"a": {"b": 1}}, Code.INVALID_METADATA),
        ({"a": [1]}, Code.INVALID_METADATA),
        ({"a": 10**501}, Code.INVALID_METADATA),
        ({"a\n": 1}, Code.CONTROL_CHARACTER_REFUSED),
        ({"a": "\x07"}, Code.CONTROL_CHARACTER_REFUSED),
        ({"note": f"key: {STRIPE}"}, Code.SECRET_REFUSED),
        ({STRIPE: 1}, Code.SECRET_REFUSED),
    ],
)
def test_metadata_is_small_flat_and_open_to_read(
    metadata: dict[str, JsonValue], code: Code
) -> None:
    with pytest.raises(PydanticCustomError) as refused:
        plain_metadata(metadata)
    assert code_of(refused) == code


def test_metadata_up_to_its_bounds_is_taken() -> None:
    most: dict[str, JsonValue] = {f"{n:040}": "x" * 500 for n in range(46)}
    most |= {"text": "two\nlines", "number": 1.5, "yes": True, "nothing": None}
    assert plain_metadata(most) == most


def test_a_secret_is_found_where_it_is_repeated_and_a_plain_word_is_not() -> None:
    assert repeats_one_of(["token-0123456789"], ["Main", "my token-0123456789 is this"])
    assert not repeats_one_of(["short1", "Acme Insurance Ltd"], ["short1", "Acme Insurance Ltd"])
