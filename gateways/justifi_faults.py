"""Every way a call to JustiFi can fail, drawn once; no message repeats what JustiFi echoed.

JustiFi's own messages may name a person or a card, so only its codes, parameter names and request
ids go into ours.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from gateways.faults import (
    Busy,
    Conflict,
    GatewayFault,
    KeyUsedOtherwise,
    Misconfigured,
    NotPermitted,
    OutcomeUnknown,
    RefusedByProvider,
    Unreachable,
)
from gateways.justifi_endpoints import Endpoint
from gateways.retry_after import retry_after

SERVICE = "justifi"
NOT_OFFERED = "endpoint_not_offered"
_BUSY = "gateway_rate_limit_error"
_OTHER_PARAMETERS = "idempotency_params_mismatch"
_NOT_OURS_TO_ASK = (None, "not_authorized", "not_authenticated")
_WORD = re.compile(r"[\w.\[\]-]{1,80}", re.ASCII)


@dataclass(frozen=True)
class Answer:
    """``body`` is None where what came is no JSON."""

    status: int
    body: object = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)

    @property
    def error(self) -> Mapping[str, object]:
        """What JustiFi says is wrong; a bare word counts as the code."""
        error = self.body.get("error") if isinstance(self.body, dict) else None
        if isinstance(error, str):
            return {"code": error}
        return error if isinstance(error, dict) else {}

    @property
    def code(self) -> str | None:
        return _word(self.error.get("code"))


@contextmanager
def translated() -> Iterator[None]:
    """Run calls of the HTTP client inside; only ``gateways.faults`` come out."""
    import httpx2

    try:
        yield
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, httpx2.LocalProtocolError) as error:
        name = type(error).__name__
        raise Misconfigured(f"JustiFi's address or credentials ({name})", SERVICE) from None
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
        name = type(error).__name__
        raise Unreachable(f"JustiFi could not be reached ({name}); nothing was sent") from None
    except (httpx2.HTTPError, httpx2.StreamError, TimeoutError, OSError) as error:
        raise OutcomeUnknown(f"JustiFi gave no answer ({type(error).__name__})") from None


def fault_of(answer: Answer, endpoint: Endpoint) -> GatewayFault:
    """Of every answer that is neither a success nor a decline."""
    status, code = answer.status, answer.code
    message, wait = _described(answer), retry_after(answer.headers.get("Retry-After"))
    if status in (429, 503) or code == _BUSY:
        return Busy(message, wait)
    if status == 401:
        return Misconfigured(message, SERVICE)
    if status == 403 and code in _NOT_OURS_TO_ASK:
        return NotPermitted(f"{message}: its key lacks a permission", SERVICE, code)
    if 300 <= status < 400:
        return Misconfigured(f"JustiFi's address points elsewhere ({status})", SERVICE)
    if status == 404 and _is_not_offered(answer, endpoint):
        not_offered = f"JustiFi does not offer {endpoint} to this account ({message})"
        return RefusedByProvider(not_offered, NOT_OFFERED, answer.body)
    if status == 409 and code != _OTHER_PARAMETERS:
        return Conflict(message, code)
    if 400 <= status < 500:
        kind = KeyUsedOtherwise if code == _OTHER_PARAMETERS else RefusedByProvider
        return kind(message, code, answer.body)
    return OutcomeUnknown(message, wait)


def _is_not_offered(answer: Answer, endpoint: Endpoint) -> bool:
    """A list is never missing; and an object that is missing is said to be, in JustiFi's words."""
    return answer.code is None or (endpoint.method == "GET" and not endpoint.is_of_one)


def _described(answer: Answer) -> str:
    parts = [f"JustiFi answered {answer.status}", answer.code or "without a code"]
    for name, value in (("decline", "decline_code"), ("about", "param")):
        if (word := _word(answer.error.get(value))) is not None:
            parts.append(f"{name} {word}")
    if (request_id := _word(answer.headers.get("Request-Id"))) is not None:
        parts.append(f"({request_id})")
    return " ".join(parts)


def _word(value: object) -> str | None:
    return value if isinstance(value, str) and _WORD.fullmatch(value) else None
