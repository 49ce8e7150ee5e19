"""Our ids: a short prefix and 22 characters of base32, never a provider's prefix."""

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from typing import TypeVar

LENGTH = 22  # 110 bits
OURS = r"(?:pur|quo|pol|lnk|ref|eml|evt|key|ten|exe|pyo|opn)_[a-z2-7]{22}"
_ID = re.compile(OURS)
Value = TypeVar("Value")
# Under these our ids stand in providers' metadata, and what is found under them is ours.
METADATA_NAMES = frozenset(
    {"purchase_id", "tenant_id", "quote_id", "refund_id", "execution_id", "operation_id"}
)


def new_id(prefix: str) -> str:
    """A random id. Never call it from workflow code: it would differ on replay."""
    return f"{prefix}_{_base32(secrets.token_bytes(14))}"


def derived_id(prefix: str, *parts: str | int) -> str:
    """The same id for the same parts, so that two concurrent starts meet in one workflow."""
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()
    return f"{prefix}_{_base32(digest)}"


def is_ours(value: str) -> bool:
    return _ID.fullmatch(value) is not None


def without_our_names(metadata: Mapping[str, Value]) -> Mapping[str, Value]:
    """As others give it to be kept at a provider: what it says of ours would be believed."""
    taken = sorted(METADATA_NAMES & metadata.keys())
    if taken:
        raise ValueError(f"these names in metadata are Paybind's own: {', '.join(taken)}")
    return metadata


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode().lower()[:LENGTH]
