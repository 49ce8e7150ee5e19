"""Finding card numbers, so that a request which carries one is refused before any log sees it."""

import re
import unicodedata

from stdnum import luhn

# 13 to 19 digits, alone or in groups; major networks start with 2 to 6 (ISO/IEC 7812).
_CANDIDATE = re.compile(r"(?<![\w.])[2-6](?:[\s,/_\-\u2010-\u2015.]?\d){12,18}(?![\w.]*\d)")
_NO_DIGIT = re.compile(r"\D")
_LONGEST_GROUP = 7


def carries_card_number(text: str) -> bool:
    """Full-width digits and the like are read as digits (Unicode's compatibility form)."""
    plain = unicodedata.normalize("NFKC", text)
    return any(
        _is_grouped_like_one(match.group()) and luhn.is_valid(_NO_DIGIT.sub("", match.group()))
        for match in _CANDIDATE.finditer(plain)
    )


def _is_grouped_like_one(number: str) -> bool:
    """Two dates, or an interval of them, are no card number for standing beside each other."""
    separators = set(_NO_DIGIT.findall(number))
    if separators <= {" ", "-"}:
        return True
    return len(separators) == 1 and max(map(len, _NO_DIGIT.split(number))) <= _LONGEST_GROUP
