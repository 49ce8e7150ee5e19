"""Finding card numbers, so that a request which carries one is refused before any log sees it."""

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from urllib.parse import unquote_plus

from stdnum import luhn

from domain.identifiers import OURS

# Characters as JSON may write them, one or many, so that the halves of a pair stay together.
_JSON_ESCAPES = re.compile(r"(?:\\(?:u[0-9a-fA-F]{4}|[bfnrt/]))+")
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]"
)
_DIGIT = re.compile(r"\d")
# Long runs of digits may stand in these by chance: ids of ours and of the providers, UUIDs and
# hexadecimal digests. Nothing else is let off: `card_4242…` and `visa4242…` are card numbers.
_OPAQUE = re.compile(
    rf"""(?<![0-9a-zA-Z])(?:
        {OURS}
        | (?:acct|cs|ch|cus|dp|du|evt|in|pi|pm|po|py|pyr|re|req|seti|sub|txn)(?:_test|_live)?
          _(?=[0-9]*[a-zA-Z])[0-9a-zA-Z]{{24,}}
        | (?i:[0-9a-f]{{8}}-[0-9a-f]{{4}}-[1-8][0-9a-f]{{3}}-[89ab][0-9a-f]{{3}}-[0-9a-f]{{12}})
        | (?i:(?=[0-9]*[a-f])[0-9a-f]{{24,}})
    )(?![0-9a-zA-Z])""",
    re.VERBOSE,
)
_SEPARATORS = re.compile(r"([\s,/_.\-\u2010-\u2015]+)")
_ROW = re.compile(rf"[0-9]+(?:{_SEPARATORS.pattern}[0-9]+)*")
_SPACES = re.compile(r"\s+")
# Major networks start with 2 to 6 (ISO/IEC 7812); none with 20, as the years of our time do.
_NETWORK = re.compile(r"2[2-7]|[3-6]")
_SHORTEST, _LONGEST = 13, 19
_SHORTEST_GROUP, _LONGEST_GROUP = 4, 7


def carries_card_number(text: str) -> bool:
    """Whether one stands in it as it is, in JSON's escapes, in percent signs or in other digits."""
    if "\\" in text:
        text = _JSON_ESCAPES.sub(lambda escapes: str(json.loads(f'"{escapes[0]}"')), text)
    if _shows_card_number(text):
        return True
    return ("%" in text or "+" in text) and _shows_card_number(unquote_plus(text))


def _shows_card_number(text: str) -> bool:
    plain = _OPAQUE.sub("x", text if text.isascii() else _in_ascii_digits(text))
    return any(
        luhn.is_valid(number)
        for row in _ROW.finditer(plain)
        for number in _numbers(_SEPARATORS.split(row[0]))
    )


def _in_ascii_digits(text: str) -> str:
    """Without what no reader sees; full-width digits and the like by Unicode's own equivalence."""
    seen = _UNSEEN.sub("", unicodedata.normalize("NFKC", text))
    return _DIGIT.sub(lambda digit: str(int(digit[0])), seen)


def _numbers(row: Sequence[str]) -> Iterator[str]:
    """What is as long as a card number and written like one. ``row``: group, gap, group, …"""
    for start in range(0, len(row), 2):
        for end in range(start + 1, len(row) + 1, 2):
            number = "".join(row[start:end:2])
            if len(number) > _LONGEST:
                break
            if len(number) >= _SHORTEST and _NETWORK.match(number) and _is_one(row, start, end):
                yield number


def _is_one(row: Sequence[str], start: int, end: int) -> bool:
    """Two dates, a fraction or a list of amounts are no card number for having its length.

    A code or a day of expiry may stand beside one, which then has groups of a card's size.
    """
    groups, gaps = row[start:end:2], {_SPACES.sub(" ", gap) for gap in row[start + 1 : end : 2]}
    if len(groups) == 1:
        return start == 0 or row[start - 1] != "."
    if len(groups) * 2 - 1 < len(row) and min(map(len, groups[:-1])) < _SHORTEST_GROUP:
        return False
    if set().union(*gaps) <= {" ", "-"}:
        return True
    return len(gaps) == 1 and max(map(len, groups)) <= _LONGEST_GROUP
