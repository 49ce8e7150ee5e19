"""Every way a call to Stripe can fail, drawn once; no message repeats what Stripe echoed.

Stripe's own messages may quote a customer's e-mail address or the end of a key, so only its
codes, parameter names and request ids go into ours.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from gateways.faults import (
    Busy,
    GatewayFault,
    Misconfigured,
    OutcomeUnknown,
    RefusedByProvider,
    StoredFault,
    Unreachable,
)

if TYPE_CHECKING:
    import stripe

SERVICE = "stripe"
# As long as a request may be repeated under its key; reads have no other bound.
LONGEST_WAIT = timedelta(hours=20)


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
    if status in (401, 403) or isinstance(error, stripe.AuthenticationError):
        return Misconfigured(message, SERVICE)
    if status >= 500 and headers.get("Idempotent-Replayed") == "true":
        return StoredFault(message)
    if status in (429, 503) or isinstance(error, stripe.RateLimitError):
        return Busy(message, retry_after(headers.get("Retry-After")))
    if status == 409 and code == "idempotency_key_in_use":
        return OutcomeUnknown(message)  # an earlier request under this key is still at work
    if 400 <= status < 500:
        return RefusedByProvider(message, code, error.json_body)
    return OutcomeUnknown(message)


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


def retry_after(header: str | None, now: datetime | None = None) -> timedelta | None:
    """The header's wait, given in seconds or as an HTTP date; None where there is none to read."""
    if header is None:
        return None
    if re.fullmatch(r"[0-9]{1,9}", header.strip()):
        wait = timedelta(seconds=int(header))
    else:
        try:
            wait = parsedate_to_datetime(header).astimezone(UTC) - (now or datetime.now(UTC))
        except (ValueError, OverflowError):
            return None
    return min(max(wait, timedelta()), LONGEST_WAIT)
