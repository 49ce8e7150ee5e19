"""The well-known test cards and what becomes of a payment with each."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

Fate = Literal["settles_later", "fails_later"]
RefundFate = Literal["succeeds", "fails_later", "settles_later"]


@dataclass(frozen=True)
class Decline:
    code: str
    message: str
    decline_code: str | None = None


@dataclass(frozen=True)
class Card:
    number: str
    brand: str
    title: str
    decline: Decline | None = None
    challenged: bool = False
    # Whether a customer can keep it although its charges are declined.
    declines_late: bool = False
    disputed: bool = False
    refund: RefundFate = "succeeds"

    @property
    def refusal_to_attach(self) -> Decline | None:
        """One that asks for authentication first is declined only once that was given."""
        return None if self.declines_late or self.challenged else self.decline

    @property
    def last4(self) -> str:
        return self.number[-4:]

    @property
    def spaced(self) -> str:
        """As it is printed on the card."""
        ends = (0, 4, 10, 15) if len(self.number) == 15 else (0, 4, 8, 12, 16)
        return " ".join(self.number[start:end] for start, end in pairwise(ends))


_DECLINED = "Your card was declined."


def _declined(decline_code: str, message: str = _DECLINED) -> Decline:
    return Decline("card_declined", message, decline_code)


_EXPIRED = Decline("expired_card", "Your card has expired.", "expired_card")
_WRONG_CVC = Decline("incorrect_cvc", "Your card's security code is incorrect.", "incorrect_cvc")
_PROCESSING = Decline(
    "processing_error",
    "An error occurred while processing your card. Try again in a little bit.",
    "processing_error",
)
WRONG_NUMBER = Decline("incorrect_number", "Your card number is incorrect.", "incorrect_number")
NOT_A_TEST_CARD = _declined(
    "test_mode_live_card",
    "Your card was declined. Your request was in test mode, but used a non test card. "
    "For a list of valid test cards, see below.",
)
AUTHENTICATION_FAILED = Decline(
    "payment_intent_authentication_failure",
    "The provided payment method has failed authentication. Choose another way to pay.",
)
AUTHENTICATION_REQUIRED = Decline(
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
    "authentication_required",
)
AUTHENTICATION_NOT_HANDLED = Decline(
    "authentication_required",
    "This payment required an authentication action to complete, but "
    "`error_on_requires_action` was set.",
    "authentication_not_handled",
)

CARDS = (
    Card("4242424242424242", "visa", "Succeeds"),
    Card("5555555555554444", "mastercard", "Succeeds (Mastercard)"),
    Card("378282246310005", "amex", "Succeeds (American Express)"),
    Card("6011111111111117", "discover", "Succeeds (Discover)"),
    Card("3566002020360505", "jcb", "Succeeds (JCB)"),
    Card("6200000000000005", "unionpay", "Succeeds (UnionPay)"),
    Card("4000002760003184", "visa", "3-D Secure, always asked", challenged=True),
    Card("4000002500003155", "visa", "3-D Secure unless set up", challenged=True),
    Card(
        "4000008400001629",
        "visa",
        "3-D Secure, then declined",
        _declined("generic_decline"),
        challenged=True,
    ),
    Card("4000000000000002", "visa", "Declined", _declined("generic_decline")),
    Card(
        "4000000000009995",
        "visa",
        "Declined: insufficient funds",
        _declined("insufficient_funds", "Your card has insufficient funds."),
    ),
    Card("4000000000009987", "visa", "Declined: lost card", _declined("lost_card")),
    Card("4000000000009979", "visa", "Declined: stolen card", _declined("stolen_card")),
    Card(
        "4000000000006975",
        "visa",
        "Declined: used too often",
        _declined("card_velocity_exceeded"),
    ),
    Card("4000000000000069", "visa", "Declined: expired card", _EXPIRED),
    Card("4000000000000127", "visa", "Declined: wrong CVC", _WRONG_CVC),
    Card("4000000000000119", "visa", "Declined: processing error", _PROCESSING),
    Card("4242424242424241", "visa", "Declined: wrong number", WRONG_NUMBER),
    Card(
        "4000000000000341",
        "visa",
        "Attaches, then charges fail",
        _declined("generic_decline"),
        declines_late=True,
    ),
    Card("4000000000000259", "visa", "Succeeds, then is disputed", disputed=True),
    Card("4000000000005126", "visa", "Succeeds; a refund fails later", refund="fails_later"),
    Card("4000000000007726", "visa", "Succeeds; a refund settles later", refund="settles_later"),
)
BY_NUMBER = {card.number: card for card in CARDS}
# Stripe's names for payment methods of these cards, good wherever an id of one is asked for.
TEST_METHODS = {
    "pm_card_visa": "4242424242424242",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_amex": "378282246310005",
    "pm_card_discover": "6011111111111117",
    "pm_card_jcb": "3566002020360505",
    "pm_card_unionpay": "6200000000000005",
    "pm_card_authenticationRequired": "4000002760003184",
    "pm_card_authenticationRequiredOnSetup": "4000002500003155",
    "pm_card_chargeDeclined": "4000000000000002",
    "pm_card_visa_chargeDeclined": "4000000000000002",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_visa_chargeDeclinedLostCard": "4000000000009987",
    "pm_card_visa_chargeDeclinedStolenCard": "4000000000009979",
    "pm_card_visa_chargeDeclinedVelocityLimitExceeded": "4000000000006975",
    "pm_card_chargeDeclinedExpiredCard": "4000000000000069",
    "pm_card_chargeDeclinedIncorrectCvc": "4000000000000127",
    "pm_card_chargeDeclinedProcessingError": "4000000000000119",
    "pm_card_chargeCustomerFail": "4000000000000341",
    "pm_card_createDispute": "4000000000000259",
    "pm_card_refundFail": "4000000000005126",
    "pm_card_pendingRefund": "4000000000007726",
}


def recognise(number: str) -> Card:
    """Any number is answered; one that is no test card is declined without being kept."""
    digits = "".join(number.split()).replace("-", "")
    known = BY_NUMBER.get(digits)
    if known:
        return known
    refusal = NOT_A_TEST_CARD if _passes_luhn(digits) else WRONG_NUMBER
    return Card("0000", "unknown", "Not a test card", refusal)


def refusal_after_challenge(number: str, *, completed: bool) -> Decline | None:
    return BY_NUMBER[number].decline if completed else AUTHENTICATION_FAILED


def _passes_luhn(digits: str) -> bool:
    if not digits.isdecimal() or not 12 <= len(digits) <= 19:
        return False
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
