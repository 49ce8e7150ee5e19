"""Every answer that is not the one asked for: its code, and what the asker should do next.

PaybindError
├── Refused          the request itself cannot be granted
│   ├── Invalid      it breaks a rule; changing it helps                        (422)
│   ├── NotFound     nothing by that id belongs to this tenant                  (404)
│   ├── Conflict     it contradicts what already is; changing it may not help   (409)
│   ├── Forbidden    the key lacks the scope                                    (403)
│   ├── Unauthorized no key, or not a valid one                                 (401)
│   └── Gone         it was there and has ended                                 (410)
└── Unavailable      a part of the house is down; the same request works later  (503)
"""

from enum import StrEnum

from domain.model import Model


class Code(StrEnum):
    """The words of our errors, the same over HTTP and MCP."""

    INVALID_REQUEST = "invalid_request"
    UNKNOWN_QUOTE = "unknown_quote"
    QUOTE_EXPIRED = "quote_expired"
    QUOTE_ALREADY_PAID = "quote_already_paid"
    QUOTE_EXISTS = "quote_exists"
    AMOUNT_MISMATCH = "amount_mismatch"
    CURRENCY_MISMATCH = "currency_mismatch"
    AMOUNT_TOO_SMALL = "amount_too_small"
    AMOUNT_TOO_LARGE = "amount_too_large"
    INVALID_AMOUNT = "invalid_amount"
    UNKNOWN_CURRENCY = "unknown_currency"
    INVALID_EMAIL = "invalid_email"
    CARD_NUMBER_REFUSED = "card_number_refused"
    PURCHASE_NOT_FOUND = "purchase_not_found"
    PURCHASE_CLOSED = "purchase_closed"
    ALREADY_PAID = "already_paid"
    PAYMENT_PROCESSING = "payment_processing"
    NOT_PAID = "not_paid"
    NOT_IN_REVIEW = "not_in_review"
    POLICY_NOT_FOUND = "policy_not_found"
    POLICY_PENDING = "policy_pending"
    DOCUMENT_LINK_EXPIRED = "document_link_expired"
    REFUND_NOT_FOUND = "refund_not_found"
    REFUND_ABOVE_CAP = "refund_above_cap"
    REFUND_NOT_AWAITING_APPROVAL = "refund_not_awaiting_approval"
    LINK_NOT_FOUND = "link_not_found"
    LINK_REVOKED = "link_revoked"
    LINK_EXPIRED = "link_expired"
    LINK_PAID = "link_paid"
    EVENT_NOT_FOUND = "event_not_found"
    API_KEY_NOT_FOUND = "api_key_not_found"
    UNAUTHORIZED = "unauthorized"
    MISSING_SCOPE = "missing_scope"
    INVALID_SIGNATURE = "invalid_signature"
    MALFORMED_EVENT = "malformed_event"
    WEBHOOK_NOT_CONFIGURED = "webhook_not_configured"
    PAYLOAD_TOO_LARGE = "payload_too_large"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"
    IDEMPOTENCY_KEY_IN_FLIGHT = "idempotency_key_in_flight"
    INVALID_CURSOR = "invalid_cursor"
    PROVIDER_REFUSED = "provider_refused"
    ROUTE_NOT_FOUND = "route_not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    INTERNAL_ERROR = "internal_error"
    UNAVAILABLE = "unavailable"


class Advice(Model):
    """What stands beside a code: words for the customer, and the asker's next step."""

    user_message: str
    suggested_action: str
    can_retry: bool = False
    requires_user_action: bool = False


def _advice(
    user_message: str, suggested_action: str, *, retry: bool = False, user: bool = False
) -> Advice:
    return Advice(
        user_message=user_message,
        suggested_action=suggested_action,
        can_retry=retry,
        requires_user_action=user,
    )


ADVICE: dict[Code, Advice] = {
    Code.INVALID_REQUEST: _advice(
        "Something in the request was not understood.",
        "Correct the named field and send the request again.",
    ),
    Code.UNKNOWN_QUOTE: _advice(
        "We could not find that quote.",
        "Check the quote id, or ask the quoting system to register the quote (POST /quotes).",
    ),
    Code.QUOTE_EXPIRED: _advice(
        "This quote is no longer valid.", "Ask for a new quote and start again with its id."
    ),
    Code.QUOTE_ALREADY_PAID: _advice(
        "This quote has been paid already.",
        "Look the purchase up by its quote id instead of starting another one.",
    ),
    Code.QUOTE_EXISTS: _advice(
        "This quote is registered with other contents.",
        "Register the changed quote under a new id: a quote never changes.",
    ),
    Code.AMOUNT_MISMATCH: _advice(
        "The price does not match the quote.", "Repeat the request with the quote's own amount."
    ),
    Code.CURRENCY_MISMATCH: _advice(
        "The currency does not match the quote.",
        "Repeat the request with the quote's own currency.",
    ),
    Code.AMOUNT_TOO_SMALL: _advice(
        "This amount is too small to be paid by card.", "Use an amount above the minimum."
    ),
    Code.AMOUNT_TOO_LARGE: _advice(
        "This amount is larger than we may take online.", "Ask an operator to arrange the payment."
    ),
    Code.INVALID_AMOUNT: _advice(
        "The amount is not valid.",
        "Send a positive whole number of minor units, such as 15000 for SGD 150.00.",
    ),
    Code.UNKNOWN_CURRENCY: _advice(
        "We do not know this currency.", "Send an ISO 4217 code, such as SGD."
    ),
    Code.INVALID_EMAIL: _advice(
        "This e-mail address does not look right.",
        "Ask the customer for the address again.",
        user=True,
    ),
    Code.CARD_NUMBER_REFUSED: _advice(
        "Please never send a card number here. Nothing was stored.",
        "Send the customer to the checkout URL: the card is entered there and nowhere else.",
        user=True,
    ),
    Code.PURCHASE_NOT_FOUND: _advice(
        "We could not find that purchase.", "Check the id that initiate_purchase returned."
    ),
    Code.PURCHASE_CLOSED: _advice(
        "This purchase has ended.", "Start a new purchase with the same quote if it is still valid."
    ),
    Code.ALREADY_PAID: _advice(
        "This purchase has been paid, so it cannot be cancelled.",
        "Ask for a refund instead.",
    ),
    Code.PAYMENT_PROCESSING: _advice(
        "The payment is on its way and cannot be stopped now.",
        "Wait for the bank's answer; if it succeeds, ask for a refund.",
        retry=True,
    ),
    Code.NOT_PAID: _advice(
        "This purchase has not been paid yet.",
        "Send the customer to the checkout URL, then check the payment status again.",
        retry=True,
        user=True,
    ),
    Code.NOT_IN_REVIEW: _advice(
        "There is nothing to decide on this purchase.", "Read the purchase to see where it stands."
    ),
    Code.POLICY_NOT_FOUND: _advice("We could not find that policy.", "Check the policy number."),
    Code.POLICY_PENDING: _advice(
        "The payment has arrived and the policy is being prepared.",
        "Ask again in a moment.",
        retry=True,
    ),
    Code.DOCUMENT_LINK_EXPIRED: _advice(
        "This download link has expired.", "Ask for the policy again to get a fresh link."
    ),
    Code.REFUND_NOT_FOUND: _advice("We could not find that refund.", "Check the refund id."),
    Code.REFUND_ABOVE_CAP: _advice(
        "This is more than is left to refund.",
        "Refund at most the amount paid less what was refunded or is being refunded.",
    ),
    Code.REFUND_NOT_AWAITING_APPROVAL: _advice(
        "This refund has been decided already.", "Read the refund to see where it stands."
    ),
    Code.LINK_NOT_FOUND: _advice(
        "We do not know this payment link.", "Save the quote again to get a payment link."
    ),
    Code.LINK_REVOKED: _advice(
        "This payment link was withdrawn.", "Ask for a new link.", user=True
    ),
    Code.LINK_EXPIRED: _advice(
        "This payment link has expired.", "Save the quote again to get a new link.", user=True
    ),
    Code.LINK_PAID: _advice(
        "This has been paid already. Thank you.", "Look the purchase up by its quote id."
    ),
    Code.EVENT_NOT_FOUND: _advice("We could not find that event.", "Check the event id."),
    Code.API_KEY_NOT_FOUND: _advice("We could not find that key.", "List the keys."),
    Code.UNAUTHORIZED: _advice(
        "We could not tell who is asking.",
        "Send a valid API key as `Authorization: Bearer pbk_…`.",
    ),
    Code.MISSING_SCOPE: _advice(
        "This key is not allowed to do that.", "Use a key that has the named scope."
    ),
    Code.INVALID_SIGNATURE: _advice(
        "The event is not signed by its sender.",
        "Check that the webhook secret here is the one of the sending endpoint.",
    ),
    Code.MALFORMED_EVENT: _advice("The event could not be read.", "Send a JSON event in UTF-8."),
    Code.WEBHOOK_NOT_CONFIGURED: _advice(
        "There is nothing here.", "Set the webhook secret to open this route."
    ),
    Code.PAYLOAD_TOO_LARGE: _advice("The request is too large.", "Send a smaller body."),
    Code.IDEMPOTENCY_KEY_REUSED: _advice(
        "This request differs from the one first sent under its key.",
        "Use a new Idempotency-Key for a new request; repeat a request unchanged.",
    ),
    Code.IDEMPOTENCY_KEY_IN_FLIGHT: _advice(
        "The same request is being worked on.", "Repeat it in a moment.", retry=True
    ),
    Code.INVALID_CURSOR: _advice(
        "The page could not be found.", "Use next_cursor of the page before, unchanged."
    ),
    Code.PROVIDER_REFUSED: _advice(
        "The payment provider did not accept this.",
        "Read the message; an operator may have to look at the provider's account.",
    ),
    Code.ROUTE_NOT_FOUND: _advice(
        "There is nothing at this address.", "Check the address; /docs lists every route."
    ),
    Code.METHOD_NOT_ALLOWED: _advice(
        "This address cannot be used in that way.", "Use one of the methods of the Allow header."
    ),
    Code.INTERNAL_ERROR: _advice(
        "Something went wrong on our side. Nothing is lost.",
        "Repeat the same request with its Idempotency-Key; if it stays so, ask an operator.",
        retry=True,
    ),
    Code.UNAVAILABLE: _advice(
        "We cannot answer right now. Nothing is lost.",
        "Repeat the same request in a few seconds.",
        retry=True,
    ),
}


class PaybindError(Exception):
    """``message`` is for the engineer who asks: it never holds personal data or a secret."""

    def __init__(self, code: Code, message: str, *, purchase_id: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.purchase_id = purchase_id

    @property
    def advice(self) -> Advice:
        return ADVICE[self.code]


class Refused(PaybindError): ...


class Invalid(Refused): ...


class NotFound(Refused): ...


class Conflict(Refused): ...


class Forbidden(Refused): ...


class Unauthorized(Refused): ...


class Gone(Refused): ...


class Unavailable(PaybindError):
    """``retry_after`` in seconds."""

    def __init__(self, message: str, *, retry_after: int = 5) -> None:
        super().__init__(Code.UNAVAILABLE, message)
        self.retry_after = retry_after


_FAMILIES: dict[Code, type[Refused]] = {
    Code.UNKNOWN_QUOTE: NotFound,
    Code.PURCHASE_NOT_FOUND: NotFound,
    Code.REFUND_ABOVE_CAP: Invalid,
    Code.INVALID_AMOUNT: Invalid,
    Code.CURRENCY_MISMATCH: Invalid,
    Code.LINK_PAID: Gone,
    Code.LINK_REVOKED: Gone,
    Code.LINK_EXPIRED: Gone,
}


def refusal(code: Code, message: str, *, purchase_id: str | None = None) -> Refused:
    """The error for a code that travelled through a workflow as a plain word."""
    return _FAMILIES.get(code, Conflict)(code, message, purchase_id=purchase_id)
