"""What stands beside each error's code: words for the customer, and the asker's next step."""

from domain.codes import Code
from domain.guidance import Advice as Advice
from domain.guidance import advised
from domain.integration_advice import INTEGRATION_ADVICE

ADVICE: dict[Code, Advice] = {
    Code.INVALID_REQUEST: advised(
        "Something in the request was not understood.",
        "Correct the named field and send the request again.",
    ),
    Code.MALFORMED_BODY: advised(
        "The request could not be read.",
        "Send valid JSON, with the header `Content-Type: application/json`.",
    ),
    Code.NOT_UTF8: advised("The request could not be read.", "Send the body encoded as UTF-8."),
    Code.INVALID_NUMBER: advised(
        "The request could not be read.",
        "Send numbers as JSON writes them, within what a double holds; amounts are whole.",
    ),
    Code.DUPLICATE_MEMBER: advised(
        "The request could not be read.",
        "Name each member of an object once: of two, readers take different ones.",
    ),
    Code.NESTED_TOO_DEEP: advised("The request could not be read.", "Nest the JSON less deep."),
    Code.UNKNOWN_FIELD: advised(
        "The request holds something that we do not know.",
        "Leave the named field out, or correct its name; /docs lists the fields of every request.",
    ),
    Code.MISSING_FIELD: advised(
        "Something is missing in the request.", "Add the named field and send the request again."
    ),
    Code.UNKNOWN_QUOTE: advised(
        "We could not find that quote.",
        "Check the quote id, or ask the quoting system to register the quote (POST /quotes).",
    ),
    Code.QUOTE_EXPIRED: advised(
        "This quote is no longer valid.", "Ask for a new quote and start again with its id."
    ),
    Code.COVER_ENDED: advised(
        "The period of cover of this quote is over.",
        "Register a new quote, under a new id, whose period of cover is not over yet.",
    ),
    Code.QUOTE_ALREADY_PAID: advised(
        "This quote has been paid already.",
        "Look the purchase up by its quote id instead of starting another one.",
    ),
    Code.QUOTE_EXISTS: advised(
        "This quote is registered with other contents.",
        "Register the changed quote under a new id: a quote never changes.",
    ),
    Code.OTHER_CUSTOMER: advised(
        "This quote is being bought already, with another customer's details.",
        "Repeat the request with the user_id and customer_email first given, or without "
        "customer_email. To change them, cancel that purchase or revoke that link and start again; "
        "the link that exists can be sent to any address.",
    ),
    Code.AMOUNT_MISMATCH: advised(
        "The price does not match the quote.", "Repeat the request with the quote's own amount."
    ),
    Code.CURRENCY_MISMATCH: advised(
        "The currency does not match the quote.",
        "Repeat the request with the quote's own currency.",
    ),
    Code.AMOUNT_TOO_SMALL: advised(
        "This amount is too small to be paid by card.", "Use an amount above the minimum."
    ),
    Code.AMOUNT_TOO_LARGE: advised(
        "This amount is larger than we may take online.", "Ask an operator to arrange the payment."
    ),
    Code.AMOUNT_TOO_FINE: advised(
        "This amount is finer than can be paid in its currency.",
        "Use one of the amounts that the message names.",
    ),
    Code.INVALID_AMOUNT: advised(
        "The amount is not valid.",
        "Send a positive whole number of minor units, such as 15000 for SGD 150.00.",
    ),
    Code.UNKNOWN_CURRENCY: advised(
        "We do not know this currency.", "Send an ISO 4217 code, such as SGD."
    ),
    Code.INVALID_EMAIL: advised(
        "This e-mail address does not look right.",
        "Ask the customer for the address again.",
        user=True,
    ),
    Code.CARD_NUMBER_REFUSED: advised(
        "Please never send a card number here: the payment provider's page asks for it. "
        "Nothing was stored.",
        "Card numbers are never to be sent here. Give the customer the checkout_url: the card is "
        "entered on the provider's page, nowhere else. Repeat the request without the number.",
        user=True,
    ),
    Code.SECURITY_CODE_REFUSED: advised(
        "Please never send a card's security code here: the payment provider's page asks for it. "
        "Nothing was stored.",
        "Security codes are never to be sent here. Give the customer the checkout_url: the card is "
        "entered on the provider's page, nowhere else. Repeat the request without the code.",
        user=True,
    ),
    Code.BANK_ACCOUNT_REFUSED: advised(
        "Please never send a bank account number here: where one is needed, the payment "
        "provider's page asks for it. Nothing was stored.",
        "Bank account numbers are never to be sent here. Give the customer the checkout_url: what "
        "is needed is entered on the provider's page. Repeat the request without the number.",
        user=True,
    ),
    Code.PURCHASE_NOT_FOUND: advised(
        "We could not find that purchase.", "Check the id that initiate_purchase returned."
    ),
    Code.PURCHASE_CLOSED: advised(
        "This purchase has ended and cannot be paid any more.",
        "Start a purchase of the same quote again (initiate_purchase, POST /purchases): it opens "
        "a new checkout. Where that answers quote_expired, register a new quote first.",
    ),
    Code.PURCHASE_WAITING: advised(
        "This cannot be paid at the moment. Nothing was charged, and nothing is lost.",
        "It goes on by itself once what the message names is back in use (an operator resumes what "
        "is paused: POST /integrations/{integration_id}/resume): repeat the same request then. To "
        "buy by another integration, cancel this purchase and start again.",
        retry=True,
    ),
    Code.ALREADY_PAID: advised(
        "This purchase has been paid, so it cannot be cancelled.",
        "Ask for a refund instead.",
    ),
    Code.PAYMENT_PROCESSING: advised(
        "The bank is still working on this payment.",
        "Wait for the bank's answer, which can take days, and check the payment status again. To "
        "call it off, ask for a refund once it has succeeded.",
        retry=True,
    ),
    Code.NOT_PAID: advised(
        "This purchase has not been paid yet.",
        "Send the customer to the checkout URL, then check the payment status again.",
        retry=True,
        user=True,
    ),
    Code.NOT_IN_REVIEW: advised(
        "There is nothing to decide on this purchase.", "Read the purchase to see where it stands."
    ),
    Code.POLICY_NOT_FOUND: advised("We could not find that policy.", "Check the policy number."),
    Code.POLICY_PENDING: advised(
        "The payment has arrived and the policy is being prepared.",
        "Ask again in a moment.",
        retry=True,
    ),
    Code.POLICY_CANCELLED: advised(
        "This purchase was refunded in full, so its policy is cancelled and gives no cover.",
        "Tell the customer that they are not covered. For cover, register a new quote and buy it: "
        "a refunded quote cannot be bought again.",
    ),
    Code.DOCUMENT_LINK_EXPIRED: advised(
        "This download link has expired.", "Ask for the policy again to get a fresh link."
    ),
    Code.DOCUMENT_LINK_NOT_FOUND: advised(
        "This download link does not work.",
        "Check that the whole address was copied, or ask for the policy again to get a fresh link.",
    ),
    Code.REFUND_NOT_FOUND: advised("We could not find that refund.", "Check the refund id."),
    Code.REFUND_ABOVE_CAP: advised(
        "This is more than is left to refund.",
        "Refund at most the amount paid less what was refunded or is being refunded.",
    ),
    Code.REFUND_NOT_AWAITING_APPROVAL: advised(
        "This refund has been decided already.", "Read the refund to see where it stands."
    ),
    Code.LINK_NOT_FOUND: advised(
        "We do not know this payment link.", "Save the quote again to get a payment link."
    ),
    Code.LINK_REVOKED: advised(
        "This payment link was withdrawn.", "Ask for a new link.", user=True
    ),
    Code.LINK_EXPIRED: advised(
        "This payment link has expired.", "Save the quote again to get a new link.", user=True
    ),
    Code.LINK_PAID: advised(
        "This has been paid already. Thank you.", "Look the purchase up by its quote id."
    ),
    Code.EVENT_NOT_FOUND: advised("We could not find that event.", "Check the event id."),
    Code.EVENT_AMBIGUOUS: advised(
        "Several events have that id.", "Ask again by the event_id of the one that is meant."
    ),
    Code.API_KEY_NOT_FOUND: advised("We could not find that key.", "List the keys."),
    Code.UNAUTHORIZED: advised(
        "We could not tell who is asking.",
        "Send a valid API key as `Authorization: Bearer pbk_…`.",
    ),
    Code.MISSING_SCOPE: advised(
        "This key is not allowed to do that.", "Use a key that has the named scope."
    ),
    Code.SIGNATURE_MISSING: advised(
        "The event is not signed.",
        "Send the signature's headers as the provider makes them; a proxy may have dropped them.",
    ),
    Code.SIGNATURE_TOO_OLD: advised(
        "The event was signed too long ago.",
        "Have the provider send it again, which signs it anew; if that fails, check the clocks.",
    ),
    Code.INVALID_SIGNATURE: advised(
        "The event is not signed by its sender.",
        "Check that the webhook secret here is the one of the sending endpoint.",
    ),
    Code.MALFORMED_EVENT: advised("The event could not be read.", "Send a JSON event in UTF-8."),
    Code.WEBHOOK_NOT_CONFIGURED: advised(
        "There is nothing here.", "Set the webhook secret to open this route."
    ),
    Code.PAYLOAD_TOO_LARGE: advised("The request is too large.", "Send a smaller body."),
    Code.IDEMPOTENCY_KEY_REUSED: advised(
        "This request differs from the one first sent under its key.",
        "Use a new Idempotency-Key for a new request; repeat a request unchanged.",
    ),
    Code.IDEMPOTENCY_KEY_IN_FLIGHT: advised(
        "The same request is being worked on.", "Repeat it in a moment.", retry=True
    ),
    Code.INVALID_CURSOR: advised(
        "The page could not be found.", "Use next_cursor of the page before, unchanged."
    ),
    Code.PROVIDER_REFUSED: advised(
        "The provider did not accept this.",
        "Read the message; an operator may have to look at the provider's account.",
    ),
    Code.ROUTE_NOT_FOUND: advised(
        "There is nothing at this address.", "Check the address; /docs lists every route."
    ),
    Code.METHOD_NOT_ALLOWED: advised(
        "This address cannot be used in that way.", "Use one of the methods of the Allow header."
    ),
    Code.INTERNAL_ERROR: advised(
        "Something went wrong on our side. Nothing is lost.",
        "Repeat the same request with its Idempotency-Key; if it stays so, ask an operator.",
        retry=True,
    ),
    Code.UNAVAILABLE: advised(
        "We cannot answer right now. Nothing is lost.",
        "Repeat the same request once as many seconds are over as `retry_after` says.",
        retry=True,
    ),
    Code.ENCRYPTION_KEYS_DIFFER: advised(
        "We cannot answer right now. Nothing is lost.",
        "Give this process and every worker the same PAYBIND_ENCRYPTION_KEYS (unset, the same "
        "PAYBIND_HOME), keys of before among them, and start it again.",
        retry=True,
    ),
    **INTEGRATION_ADVICE,
}
