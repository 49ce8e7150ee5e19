"""Recognising bank account numbers: the international ones, whose check digits give them away."""

import re
from functools import cache
from string import ascii_uppercase

from stdnum import iban, numdb

from domain.cards import SEPARATOR

# A word may stand before one, as in `IBAN:DE89…`; other letters that touch it make it no IBAN.
# Looked ahead for, because one may begin within what only begins like another.
_CANDIDATE = re.compile(
    rf"""(?<![0-9A-Za-z]) (?:[Ii][Bb][Aa][Nn])?
        (?=( [A-Za-z]{{2}} [0-9]{{2}} (?:{SEPARATOR}{{0,3}}[0-9A-Za-z]){{11,30}} ))""",
    re.VERBOSE,
)
_SEPARATORS = re.compile(SEPARATOR)
_PART = re.compile(r"([0-9]+)!")
_IN_DIGITS = str.maketrans({letter: str(10 + at) for at, letter in enumerate(ascii_uppercase)})


def shows_iban(plain: str) -> bool:
    return any(_begins_with_one(_SEPARATORS.sub("", at[1])) for at in _CANDIDATE.finditer(plain))


def _begins_with_one(characters: str) -> bool:
    upper = characters.upper()
    number = upper[: _length(upper[:2])]
    if number == "":
        return False
    # First what the library does at a tenth of the speed: anyone may send thousands. Not asked for
    # are the rules of single countries: they refuse accounts of banks that their tables lack.
    digits = (number[4:] + number[:4]).translate(_IN_DIGITS)
    return int(digits) % 97 == 1 and iban.is_valid(number, check_country=False)


@cache
def _length(country: str) -> int:
    """By the registry's structure of its accounts, as in `8!n10!n`; 0 where it has none."""
    structure = numdb.get("iban").info(country)[0][1].get("bban")
    return 4 + sum(map(int, _PART.findall(structure))) if structure else 0
