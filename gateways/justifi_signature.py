"""Whether JustiFi signed an event: HMAC-SHA256 over its timestamp, a dot and the raw body.

The timestamp is signed as it stands: it is published as a date, and seen as seconds. Where it is
neither there is no age to check, and what is sent twice is known by the event's id alone.

JustiFi sends an event again for 24 hours, and says nowhere whether each try is signed anew. So one
that old is believed: it acts once, being known by its id, and only has the provider read again.
"""

import hashlib
import hmac
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from domain.errors import Code, Invalid

SIGNATURE_HEADER = "justifi-signature"
TIMESTAMP_HEADER = "justifi-timestamp"
OLDEST = timedelta(hours=25)
CLOCKS_DIFFER = timedelta(seconds=300)


def require_signature(body: bytes, headers: Mapping[str, str], secret: str) -> None:
    """``secret`` holds one, or several with commas between while they are rolled over."""
    named = {name.lower(): value for name, value in headers.items()}
    signature, timestamp = named.get(SIGNATURE_HEADER), named.get(TIMESTAMP_HEADER)
    if not signature or not timestamp:
        missing = "the headers JUSTIFI-SIGNATURE and JUSTIFI-TIMESTAMP are not both there"
        raise Invalid(Code.SIGNATURE_MISSING, missing)
    secrets = [part.strip() for part in secret.split(",") if part.strip()]
    if not any(is_signed(body, timestamp, signature, each) for each in secrets):
        raise Invalid(Code.INVALID_SIGNATURE, "no signature matches")


def is_signed(body: bytes, timestamp: str, signature: str, secret: str) -> bool:
    told = timestamp.encode(errors="surrogateescape") + b"." + body
    expected = hmac.digest(secret.encode(), told, hashlib.sha256).hex()
    return hmac.compare_digest(expected.encode(), signature.encode(errors="surrogateescape"))


def require_recent(headers: Mapping[str, str]) -> None:
    """Of a signature that holds: it was made lately, as far as its timestamp tells."""
    named = {name.lower(): value for name, value in headers.items()}
    signed_at = moment_of(named[TIMESTAMP_HEADER])
    if signed_at is None:
        return
    age = datetime.now(UTC) - signed_at
    if age > OLDEST:
        raise Invalid(Code.SIGNATURE_TOO_OLD, "the event was signed more than 25 h ago")
    if age < -CLOCKS_DIFFER:
        raise Invalid(Code.INVALID_SIGNATURE, "the event is signed by a clock far ahead of ours")


def moment_of(timestamp: str) -> datetime | None:
    """In ISO 8601 or in seconds since the epoch; None where it is neither."""
    with suppress(ValueError, OverflowError, OSError):
        if timestamp.isdecimal():
            return datetime.fromtimestamp(int(timestamp), UTC)
        moment = datetime.fromisoformat(timestamp)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None
