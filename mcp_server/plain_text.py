"""Text that others wrote is data for the model: it arrives short and without control characters."""

import unicodedata

from pydantic import JsonValue

# Controls, formats (bidirectional overrides among them), surrogates, private use, unassigned.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_JOINERS = frozenset("\u200c\u200d")  # several scripts cannot be written without these
LONGEST = 300
LONGEST_WITHIN = 4000


def plain(text: str, longest: int = LONGEST) -> str:
    seen = "".join(
        character
        if character in _JOINERS or unicodedata.category(character) not in _UNSEEN
        else " "
        for character in text
    )
    line = " ".join(seen.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def plain_or_none(text: str | None, longest: int = LONGEST) -> str | None:
    return None if text is None else plain(text, longest)


def plain_json(value: JsonValue) -> JsonValue:
    """A provider's words within what it answered; addresses of pages stay whole."""
    if isinstance(value, str):
        return plain(value, LONGEST_WITHIN)
    if isinstance(value, list):
        return [plain_json(each) for each in value]
    if isinstance(value, dict):
        return {plain(name): plain_json(each) for name, each in value.items()}
    return value
