"""Every answer that is not the one asked for: its code, and what the asker should do next.

PaybindError
├── Refused          the request itself cannot be granted
│   ├── Invalid      it breaks a rule; changing it helps                        (422)
│   ├── NotFound     nothing by that id belongs to this tenant                  (404)
│   ├── Conflict     it contradicts what already is; changing it may not help   (409)
│   ├── Forbidden    the key lacks the scope                                    (403)
│   ├── Unauthorized no key, or not a valid one                                 (401)
│   └── Gone         it was there and has ended                                 (410)
├── BadAnswer        a provider answered something that cannot be used           (502)
└── Unavailable      a part of the house is down; the same request works later  (503)
    └── StillAtWork  nobody waits for the answer any longer; it goes on by itself
"""

from domain.advice import ADVICE, Advice
from domain.codes import Code as Code
from domain.model import Model


class PaybindError(Exception):
    """``message`` is for the engineer who asks: it never holds personal data or a secret.

    ``advice`` where more is known of the next step than what stands beside the code.
    """

    def __init__(
        self,
        code: Code,
        message: str,
        *,
        purchase_id: str | None = None,
        advice: Advice | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.purchase_id = purchase_id
        self.advice = advice or ADVICE[code]


class Refused(PaybindError): ...


class Invalid(Refused): ...


class SchemaFault(Model):
    """Where a value departs from its schema: an RFC 6901 pointer, and in what."""

    pointer: str
    message: str


class InvalidParameters(Invalid):
    def __init__(self, code: Code, message: str, faults: tuple[SchemaFault, ...]) -> None:
        super().__init__(code, message)
        self.faults = faults


class NotFound(Refused): ...


class Conflict(Refused): ...


class ProviderRefusal(Conflict):
    """``provider_code`` is the provider's own word for it."""

    def __init__(
        self, message: str, provider_code: str | None, advice: Advice | None = None
    ) -> None:
        super().__init__(Code.PROVIDER_REFUSED, message, advice=advice)
        self.provider_code = provider_code


class Forbidden(Refused): ...


class Unauthorized(Refused): ...


class Gone(Refused): ...


class BadAnswer(PaybindError): ...


SOON = 5  # seconds, where nobody has asked for more


class Unavailable(PaybindError):
    """``retry_after`` in seconds."""

    def __init__(
        self, message: str, *, retry_after: int = SOON, code: Code = Code.UNAVAILABLE
    ) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after


class StillAtWork(Unavailable): ...


_FAMILIES: dict[Code, type[Refused]] = {
    Code.UNKNOWN_QUOTE: NotFound,
    Code.PURCHASE_NOT_FOUND: NotFound,
    Code.REFUND_ABOVE_CAP: Invalid,
    Code.INVALID_AMOUNT: Invalid,
    Code.IDEMPOTENCY_KEY_REUSED: Invalid,
    Code.CURRENCY_MISMATCH: Invalid,
    Code.CAPABILITY_NOT_FOUND: NotFound,
    Code.INTEGRATION_NOT_FOUND: NotFound,
    Code.SCHEMA_VIOLATION: Invalid,
    Code.LINK_PAID: Gone,
    Code.LINK_REVOKED: Gone,
    Code.LINK_EXPIRED: Gone,
}


def refusal(code: Code, message: str, *, purchase_id: str | None = None) -> Refused:
    """The error for a code that travelled through a workflow as a plain word."""
    return _FAMILIES.get(code, Conflict)(code, message, purchase_id=purchase_id)
