"""Finding what must never come in, so that its request is refused before any log sees it."""

import json
import re
import unicodedata
from urllib.parse import unquote_plus

from domain.accounts import shows_iban
from domain.cards import shows_card_number, shows_security_code
from domain.codes import Code
from domain.identifiers import OURS

# What was seen, for a sentence that must not repeat it.
NAMES = {
    Code.CARD_NUMBER_REFUSED: "card number",
    Code.SECURITY_CODE_REFUSED: "card security code",
    Code.BANK_ACCOUNT_REFUSED: "bank account number",
}
_FINDERS = {
    Code.CARD_NUMBER_REFUSED: shows_card_number,
    Code.SECURITY_CODE_REFUSED: shows_security_code,
    Code.BANK_ACCOUNT_REFUSED: shows_iban,
}
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
        | (?:acct|cs|ch|cus|dp|du|evt|in|pi|pk|pm|po|py|pyr|re|req|rk|seti|sk|sub|txn|whsec)
          (?:_test|_live)?
          _(?=[0-9]*[a-zA-Z])[0-9a-zA-Z]{{24,}}
        | (?i:[0-9a-f]{{8}}-[0-9a-f]{{4}}-[1-8][0-9a-f]{{3}}-[89ab][0-9a-f]{{3}}-[0-9a-f]{{12}})
        | (?i:(?=[0-9]*[a-f])[0-9a-f]{{24,}})
    )(?![0-9a-zA-Z])""",
    re.VERBOSE,
)


def payment_data_in(text: str) -> Code | None:
    """What stands in it as it is, in JSON's escapes, in percent signs or in other digits."""
    if "\\" in text:
        text = _JSON_ESCAPES.sub(lambda escapes: str(json.loads(f'"{escapes[0]}"')), text)
    found = _shown_in(text)
    if found is None and ("%" in text or "+" in text):
        return _shown_in(unquote_plus(text))
    return found


def _shown_in(text: str) -> Code | None:
    plain = _OPAQUE.sub("x", text if text.isascii() else _in_ascii_digits(text))
    return next((code for code, shows in _FINDERS.items() if shows(plain)), None)


def _in_ascii_digits(text: str) -> str:
    """Without what no reader sees; full-width digits and the like by Unicode's own equivalence."""
    seen = _UNSEEN.sub("", unicodedata.normalize("NFKC", text))
    return _DIGIT.sub(lambda digit: str(int(digit[0])), seen)
