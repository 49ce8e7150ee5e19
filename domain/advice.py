"""What stands beside each error's code: words for the customer, and the asker's next step."""

from domain.codes import Code
from domain.model import Model


class Advice(Model):
    """``can_retry``: the same request may succeed later.

    ``requires_user_action``: the customer has to do something first.
    """

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
    Code.MALFORMED_BODY: _advice(
        "The request could not be read.",
        "Send valid JSON, with the header `Content-Type: application/json`.",
    ),
    Code.NOT_UTF8: _advice("The request could not be read.", "Send the body encoded as UTF-8."),
    Code.UNKNOWN_FIELD: _advice(
        "The request holds something that we do not know.",
        "Leave the named field out, or correct its name; /docs lists the fields of every request.",
    ),
    Code.MISSING_FIELD: _advice(
        "Something is missing in the request.", "Add the named field and send the request again."
    ),
    Code.UNKNOWN_QUOTE: _advice(
        "We could not find that quote.",
        "Check the quote id, or ask the quoting system to register the quote (POST /quotes).",
    ),
    Code.QUOTE_EXPIRED: _advice(
        "This quote is no longer valid.", "Ask for a new quote and start again with its id."
    ),
    Code.COVER_ENDED: _advice(
        "The period of cover of this quote is over.",
        "Register a new quote, under a new id, whose period of cover is not over yet.",
    ),
    Code.QUOTE_ALREADY_PAID: _advice(
        "This quote has been paid already.",
        "Look the purchase up by its quote id instead of starting another one.",
    ),
    Code.QUOTE_EXISTS: _advice(
        "This quote is registered with other contents.",
        "Register the changed quote under a new id: a quote never changes.",
    ),
    Code.OTHER_CUSTOMER: _advice(
        "This quote is being bought already, with another customer's details.",
        "Repeat the request with the user_id and customer_email first given, or without "
        "customer_email. To change them, cancel that purchase or revoke that link and start again; "
        "the link that exists can be sent to any address.",
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
    Code.AMOUNT_TOO_FINE: _advice(
        "This amount is finer than can be paid in its currency.",
        "Use one of the amounts that the message names.",
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
        "Please never send a card number here: the payment provider's page asks for it. "
        "Nothing was stored.",
        "Card numbers are never to be sent here. Give the customer the checkout_url: the card is "
        "entered on the provider's page, nowhere else. Repeat the request without the number.",
        user=True,
    ),
    Code.SECURITY_CODE_REFUSED: _advice(
        "Please never send a card's security code here: the payment provider's page asks for it. "
        "Nothing was stored.",
        "Security codes are never to be sent here. Give the customer the checkout_url: the card is "
        "entered on the provider's page, nowhere else. Repeat the request without the code.",
        user=True,
    ),
    Code.BANK_ACCOUNT_REFUSED: _advice(
        "Please never send a bank account number here: where one is needed, the payment "
        "provider's page asks for it. Nothing was stored.",
        "Bank account numbers are never to be sent here. Give the customer the checkout_url: what "
        "is needed is entered on the provider's page. Repeat the request without the number.",
        user=True,
    ),
    Code.PURCHASE_NOT_FOUND: _advice(
        "We could not find that purchase.", "Check the id that initiate_purchase returned."
    ),
    Code.PURCHASE_CLOSED: _advice(
        "This purchase has ended and cannot be paid any more.",
        "Start a purchase of the same quote again (initiate_purchase, POST /purchases): it opens "
        "a new checkout. Where that answers quote_expired, register a new quote first.",
    ),
    Code.ALREADY_PAID: _advice(
        "This purchase has been paid, so it cannot be cancelled.",
        "Ask for a refund instead.",
    ),
    Code.PAYMENT_PROCESSING: _advice(
        "The bank is still working on this payment.",
        "Wait for the bank's answer, which can take days, and check the payment status again. To "
        "call it off, ask for a refund once it has succeeded.",
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
    Code.POLICY_CANCELLED: _advice(
        "This purchase was refunded in full, so its policy is cancelled and gives no cover.",
        "Tell the customer that they are not covered. For cover, register a new quote and buy it: "
        "a refunded quote cannot be bought again.",
    ),
    Code.DOCUMENT_LINK_EXPIRED: _advice(
        "This download link has expired.", "Ask for the policy again to get a fresh link."
    ),
    Code.DOCUMENT_LINK_NOT_FOUND: _advice(
        "This download link does not work.",
        "Check that the whole address was copied, or ask for the policy again to get a fresh link.",
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
    Code.SIGNATURE_MISSING: _advice(
        "The event is not signed.",
        "Send the signature's headers as the provider makes them; a proxy may have dropped them.",
    ),
    Code.SIGNATURE_TOO_OLD: _advice(
        "The event was signed too long ago.",
        "Have the provider send it again, which signs it anew; if that fails, check the clocks.",
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
