"""Finding card numbers, so that a request which carries one is refused before any log sees it."""

import re

from stdnum import luhn

# 13 to 19 digits, alone or in groups; major networks start with 2 to 6 (ISO/IEC 7812).
_CANDIDATE = re.compile(r"(?<![\w.])[2-6](?:[ -]?\d){12,18}(?![\w.]*\d)")


def carries_card_number(text: str) -> bool:
    return any(
        luhn.is_valid(match.group().replace(" ", "").replace("-", ""))
        for match in _CANDIDATE.finditer(text)
    )
