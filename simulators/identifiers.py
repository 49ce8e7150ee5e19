"""Identifiers as the providers make them: a prefix that names the kind, then random letters."""

import os
import string

_LETTERS = (string.ascii_letters + string.digits).encode()
_LETTER_OF_BYTE = bytes(_LETTERS[byte % len(_LETTERS)] for byte in range(256))


def new_id(prefix: str, length: int = 24) -> str:
    return prefix + os.urandom(length).translate(_LETTER_OF_BYTE).decode()
