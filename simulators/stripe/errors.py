"""Stripe's error envelope: what a refused request is answered."""

from dataclasses import dataclass, field
from typing import Literal

from simulators.stripe.cards import Decline
from simulators.stripe.objects import Wire

ErrorType = Literal["api_error", "card_error", "idempotency_error", "invalid_request_error"]


# Not frozen: an exception is given its traceback while it travels.
@dataclass(eq=False)
class StripeError(Exception):
    message: str
    status: int = 400
    type: ErrorType = "invalid_request_error"
    code: str | None = None
    param: str | None = None
    # What else is told of a payment that failed, by the names that Stripe has for it.
    details: Wire = field(default_factory=dict)

    def wire(self, request_id: str) -> Wire:
        error: Wire = {"type": self.type, "message": self.message}
        if self.code:
            error["code"] = self.code
            error["doc_url"] = f"https://docs.stripe.com/error-codes#{self.code.replace('_', '-')}"
        if self.param:
            error["param"] = self.param
        error |= self.details
        error["request_log_url"] = f"https://dashboard.stripe.com/test/logs/{request_id}"
        return {"error": error}


class UnfitParamsError(StripeError):
    """Refused before the operation began, so that an idempotency key stays unused."""


def declined(why: Decline, **details: object) -> StripeError:
    if why.decline_code:
        details["decline_code"] = why.decline_code
    return StripeError(why.message, 402, "card_error", why.code, details=details)


def missing(noun: str, identifier: str, param: str = "id", status: int = 404) -> StripeError:
    return StripeError(
        f"No such {noun}: '{identifier}'", status, code="resource_missing", param=param
    )
