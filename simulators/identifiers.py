"""Identifiers as the providers make them: a prefix that names the kind, then random letters."""

import random
import string

_LETTERS = string.ascii_letters + string.digits
_SYSTEM = random.SystemRandom()


def new_id(prefix: str, length: int = 24) -> str:
    return prefix + "".join(_SYSTEM.choices(_LETTERS, k=length))
