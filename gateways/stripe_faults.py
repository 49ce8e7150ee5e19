"""Every way a call to Stripe can fail, drawn once; no message repeats what Stripe echoed.

Stripe's own messages may quote a customer's e-mail address or the end of a key, so only its
codes, parameter names and request ids go into ours.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gateways.faults import (
    AtWork,
    Busy,
    GatewayFault,
    KeyUsedOtherwise,
    Misconfigured,
    NotPermitted,
    OutcomeUnknown,
    RefusedByProvider,
    StoredFault,
    Unreachable,
)
from gateways.retry_after import retry_after

if TYPE_CHECKING:
    import stripe

SERVICE = "stripe"
_PERMISSION = re.compile(r"\brak_[a-z_]{1,60}\b")


@contextmanager
def translated() -> Iterator[None]:
    """Run calls to the Stripe SDK inside; only ``gateways.faults`` come out."""
    import aiohttp
    import stripe

    try:
        yield
    except stripe.APIConnectionError as error:
        raise _unanswered(error.__cause__) from None
    except stripe.StripeError as error:
        raise _answered(error) from None
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        # The SDK reads the body of an answer outside of its own net.
        raise _unanswered(error) from None


def _unanswered(cause: BaseException | None) -> GatewayFault:
    import aiohttp

    name = type(cause).__name__
    if isinstance(cause, aiohttp.InvalidURL):
        return Misconfigured("Stripe's address is not a URL", SERVICE)
    if isinstance(cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return Unreachable(f"Stripe could not be reached ({name}); nothing was sent")
    return OutcomeUnknown(f"Stripe gave no answer ({name})")


def _answered(error: "stripe.StripeError") -> GatewayFault:
    import stripe

    status = error.http_status or 0
    headers = error.headers or {}
    code = _code(error)
    message = _described(error, code)
    if status == 401 or isinstance(error, stripe.AuthenticationError):
        return Misconfigured(message, SERVICE)
    if status == 403:
        lacks = _lacking(error) or "a permission"
        return NotPermitted(f"{message}: its key lacks {lacks}", SERVICE, code)
    if status >= 500 and headers.get("Idempotent-Replayed") == "true":
        return StoredFault(message)
    if status in (429, 503) or isinstance(error, stripe.RateLimitError):
        return Busy(message, retry_after(headers.get("Retry-After")))
    if status == 409 and code == "idempotency_key_in_use":
        return AtWork(message)
    if 400 <= status < 500:
        is_of_key = isinstance(error, stripe.IdempotencyError)
        kind = KeyUsedOtherwise if is_of_key else RefusedByProvider
        return kind(message, code, error.json_body)
    return OutcomeUnknown(message)


def _lacking(error: "stripe.StripeError") -> str:
    """The permissions that Stripe names: of its message only words that are no one's own."""
    return ", ".join(_PERMISSION.findall(error.user_message or ""))


def _code(error: "stripe.StripeError") -> str | None:
    """Stripe's word for it: the code, or the type where an error has no code."""
    if error.error is None:
        return None
    return error.error.code or error.error.type


def _described(error: "stripe.StripeError", code: str | None) -> str:
    parts = [f"Stripe answered {error.http_status}", code or "without a code"]
    if error.error is not None and error.error.param:
        parts.append(f"about {error.error.param}")
    if error.request_id:
        parts.append(f"({error.request_id})")
    return " ".join(parts)
