"""What people write as they like: names, reasons, descriptions, metadata. Never a secret in it.

It is shown, logged and kept unsealed; so what looks like a key is refused, whoever's it is. Card
numbers are refused in every request (``domain/payment_data.py``).
"""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, JsonValue, StringConstraints
from pydantic_core import PydanticCustomError

from domain.codes import Code

_MOST_MEMBERS, _LONGEST_NAME, _LONGEST_VALUE = 50, 40, 500  # as Stripe has them
# C0, C1, the separators that end a line, and what turns the direction of the text around it.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_SECRET = re.compile(
    r"""(?<![0-9a-zA-Z])(?:
        (?:sk|rk)_(?:live|test)_[0-9a-zA-Z_]{10,}   # Stripe
        | whsec_[0-9a-zA-Z+/=_]{10,}                # Stripe's webhooks
        | SG\.[0-9a-zA-Z_-]{10,}\.[0-9a-zA-Z_-]{10,}
        | pbk_[0-9a-zA-Z_-]{16,}                    # ours
        | (?:AKIA|ASIA)[0-9A-Z]{16}                 # AWS
        | (?:gh[oprsu]|github_pat)_[0-9a-zA-Z_]{20,}
        | xox[abeprs]-[0-9a-zA-Z-]{10,}             # Slack
        | eyJ[0-9a-zA-Z_-]{10,}\.eyJ[0-9a-zA-Z_-]{10,}\.
    ) | -----BEGIN\ [A-Z ]*PRIVATE\ KEY""",
    re.VERBOSE,
)


def one_line(text: str) -> str:
    """Raises where what is written would not be what is read."""
    if _CONTROL.search(text):
        raise PydanticCustomError(Code.CONTROL_CHARACTER_REFUSED, "must hold no control characters")
    return without_secret(text)


def many_lines(text: str) -> str:
    one_line(text.replace("\r\n", " ").replace("\n", " ").replace("\t", " "))
    return text


def without_secret(text: str) -> str:
    if _SECRET.search(text):
        raise PydanticCustomError(Code.SECRET_REFUSED, "must hold no key, secret or token")
    return text


def plain_metadata(metadata: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    if len(metadata) > _MOST_MEMBERS:
        raise _not_metadata(f"must have at most {_MOST_MEMBERS} members")
    for name, value in metadata.items():
        if not 1 <= len(one_line(name)) <= _LONGEST_NAME:
            raise _not_metadata(f"its names must have 1 to {_LONGEST_NAME} characters")
        if isinstance(value, dict | list):
            raise _not_metadata("its values must be texts, numbers, true, false or null")
        if len(many_lines(str(value))) > _LONGEST_VALUE:
            raise _not_metadata(f"its values must have at most {_LONGEST_VALUE} characters")
    return metadata


def repeats_one_of(secrets: Iterable[str], written: Iterable[str]) -> bool:
    """Whether a credential stands in what is not sealed. A short or a wordy one proves nothing."""
    long = [each for each in secrets if len(each) >= 12 and re.search(r"\d", each)]
    return any(secret in text for secret in long for text in written)


def _not_metadata(why: str) -> PydanticCustomError:
    return PydanticCustomError(Code.INVALID_METADATA, why)


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(one_line),
]
Prose = Annotated[str, AfterValidator(many_lines)]
Reason = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(one_line)]
Metadata = Annotated[
    Mapping[str, JsonValue],
    AfterValidator(plain_metadata),
    Field(
        description="Nothing secret. At most 50 members, names of up to 40 characters, values of "
        "up to 500: texts, numbers, true, false or null."
    ),
]
