"""What of a body or an answer may stand in the log: no secret, and no number but a test's."""

import json

from simulators.justifi.cards import TEST_NUMBERS

MASK = "[redacted]"
SECRET = {"client_secret", "access_token", "verification"}
NUMBERS = {"number", "account_number", "routing_number"}


def redacted(body: str) -> str:
    try:
        read = json.loads(body) if body else None
    except ValueError:
        return MASK  # nobody knows what it holds
    return json.dumps(_clean(read)) if body else ""


def _clean(value: object) -> object:
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {key: _shown(key, item) for key, item in value.items()}
    return value


def _shown(key: str, value: object) -> object:
    if key in SECRET or (key in NUMBERS and value not in TEST_NUMBERS):
        return MASK
    return _clean(value)
