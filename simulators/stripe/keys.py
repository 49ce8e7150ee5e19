"""Secret keys: how one is sent, which are let in, and what may be shown of it."""

import base64
import binascii

from simulators.stripe.errors import StripeError

WELL_FORMED = ("sk_test_", "rk_test_")
REVOKED = ("sk_test_revoked", "rk_test_revoked")
SHOWN = 4


def presented(authorization: str) -> str:
    """Bearer, or Basic with the key as the user."""
    scheme, _, credential = authorization.partition(" ")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(credential, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return credential.strip() if scheme.lower() == "bearer" else ""


def shown(key: str) -> str:
    """What logs and faults call the account of a key: never more than this is told of it."""
    return key[-SHOWN:] if key.startswith(WELL_FORMED) else ""


def check(key: str) -> None:
    """A key that begins with `sk_test_revoked` once was good."""
    if not key:
        raise StripeError(
            "You did not provide an API key. You need to provide your API key in the "
            "Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_KEY').",
            401,
        )
    if key.startswith(REVOKED):
        message = f"Expired API Key provided: {_masked(key)}"
        raise StripeError(message, 401, code="api_key_expired")
    if not key.startswith(WELL_FORMED):
        raise StripeError(f"Invalid API Key provided: {_masked(key)}", 401)


def _masked(key: str) -> str:
    return f"{key[:8]}{'*' * 8}{key[-SHOWN:]}" if len(key) > 12 else "********"
