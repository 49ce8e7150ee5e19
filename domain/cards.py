"""Recognising card numbers and the security codes that stand beside them."""

import re
from collections.abc import Iterator, Sequence

from stdnum import luhn

SEPARATOR = r"[\s,/_.:|\-\u2010-\u2015]"
_SEPARATORS = re.compile(rf"({SEPARATOR}+)")
_ROW = re.compile(rf"[0-9]+(?:{SEPARATOR}+[0-9]+)*")
_SPACES = re.compile(r"\s+")
# Major networks start with 2 to 6 (ISO/IEC 7812); none with 20, as the years of our time do.
_NETWORK = re.compile(r"2[2-7]|[3-6]")
_SHORTEST, _LONGEST = 13, 19
_SHORTEST_GROUP, _LONGEST_GROUP = 4, 7
# Three or four digits are a security code by the name before them alone. A bare `cid` names none:
# the ids of customers and clients are called so everywhere. A date or an amount follows by chance.
_SECURITY_CODE = re.compile(
    r"""(?<![0-9a-z])
        (?: (?:card)? (?:cv[cv]2? | security[\W_]?code) | (?:card|amex)[\W_]?cid )
        (?: [\W_]{1,9} (?:is|was|of|code|number|no|value) ){0,2}
        [\W_]{0,9} [0-9]{3,4} (?! [0-9] | [.-][0-9] )""",
    re.VERBOSE | re.IGNORECASE,
)


def shows_card_number(plain: str) -> bool:
    return any(
        luhn.is_valid(number)
        for row in _ROW.finditer(plain)
        for number in _numbers(_SEPARATORS.split(row[0]))
    )


def shows_security_code(plain: str) -> bool:
    return _SECURITY_CODE.search(plain) is not None


def _numbers(row: Sequence[str]) -> Iterator[str]:
    """What is as long as a card number and written like one. ``row``: group, gap, group, …"""
    is_part = sum(map(len, row[::2])) > _LONGEST  # then every card number in it is
    for start in range(0, len(row), 2):
        number = ""
        for at in range(start, len(row), 2):
            number += row[at]
            if len(number) > _LONGEST:
                break
            if len(number) >= _SHORTEST and _NETWORK.match(number) and _is_one(row, start, at + 1):
                yield number
            if is_part and len(row[at]) < _SHORTEST_GROUP:
                break  # it could only be the last group; anyone may send half a million of them


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
    if gaps <= {":", "|"} and min(map(len, groups[:-1])) < _SHORTEST_GROUP:
        return False  # moments, addresses of networks, fingerprints
    return len(gaps) == 1 and max(map(len, groups)) <= _LONGEST_GROUP
