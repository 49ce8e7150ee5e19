"""Client credentials and access tokens: which are let in, and what may be shown of them."""

import hashlib

from simulators.justifi.errors import JustifiError

WELL_FORMED = "test_"
REVOKED = "test_revoked"
SHOWN = 4


def shown(client_id: str) -> str:
    """What logs and faults call a platform: never more than this is told of its client id."""
    return client_id[-SHOWN:] if client_id.startswith(WELL_FORMED) else ""


def check(client_id: str, client_secret: str) -> None:
    """A client id or secret that begins with `test_revoked` once was good."""
    for credential in (client_id, client_secret):
        if not credential.startswith(WELL_FORMED) or credential.startswith(REVOKED):
            raise not_authenticated()


def platform_id(client_id: str) -> str:
    """It follows from the client id, so that the client id itself need not be kept."""
    return f"acc_{digest(client_id)[:22]}"


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def presented(authorization: str) -> str:
    scheme, _, credential = authorization.partition(" ")
    return credential.strip() if scheme.lower() == "bearer" else ""


def not_authenticated() -> JustifiError:
    return JustifiError(401, "not_authenticated", "Not Authenticated")
