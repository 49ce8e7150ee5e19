"""JustiFi's test numbers and the scenarios in which a payment ends; nothing else is let in."""

from dataclasses import dataclass
from itertools import pairwise

from simulators.justifi.errors import JustifiError


@dataclass(frozen=True)
class Card:
    number: str
    brand: str
    title: str = "Succeeds"
    scenario: str | None = None

    @property
    def spaced(self) -> str:
        """As it is printed on the card."""
        ends = (0, 4, 10, 15) if len(self.number) == 15 else (0, 4, 8, 12, 16)
        return " ".join(self.number[start:end] for start, end in pairwise(ends))


@dataclass(frozen=True)
class BankAccount:
    number: str
    title: str
    scenario: str | None = None


@dataclass(frozen=True)
class Scenario:
    code: str
    message: str
    decline_code: str | None = None
    network_error_code: str | None = None


CARDS = (
    Card("4242424242424242", "visa"),
    Card("4000056655665556", "visa", "Succeeds (debit)"),
    Card("5555555555554444", "mastercard"),
    Card("2223003122003222", "mastercard", "Succeeds (2-series)"),
    Card("5200828282828210", "mastercard", "Succeeds (debit)"),
    Card("5105105105105100", "mastercard", "Succeeds (prepaid)"),
    Card("378282246310005", "american_express"),
    Card("371449635398431", "american_express"),
    Card("6011000990139424", "discover"),
    Card("4000000000000101", "visa", "Succeeds; the security code is refused", "cvc_check_fails"),
    Card("4000000000000341", "visa", "Is kept, then declined", "card_declined"),
    Card("4000000000000002", "visa", "Declined", "card_declined"),
    Card("4000000000009995", "visa", "Declined: insufficient funds", "insufficient_funds"),
    Card("4000000000009987", "visa", "Declined: lost card", "lost_card"),
    Card("4000000000009979", "visa", "Declined: stolen card", "stolen_card"),
    Card("4000000000000069", "visa", "Declined: expired card", "card_has_expired"),
    Card("4000000000000127", "visa", "Declined: wrong security code", "cvc_is_wrong"),
    Card("4000000000000119", "visa", "Declined: gateway error", "gateway_error"),
)
BY_NUMBER = {card.number: card for card in CARDS}
WRONG_NUMBER = "4242424242424241"
TEST_ROUTING = "110000000"
BANK_ACCOUNTS = (
    BankAccount("000123456789", "Succeeds after a while"),
    BankAccount("000222222227", "Fails after a while: insufficient funds", "insufficient_funds"),
    BankAccount("000333333335", "Fails after a while: no debits", "bank_account_restricted"),
    BankAccount("000111111113", "Fails after a while: closed", "account_closed"),
    BankAccount("000111111116", "Fails after a while: no such account", "no_account"),
)
BY_ACCOUNT = {account.number: account for account in BANK_ACCOUNTS}
TEST_NUMBERS = {WRONG_NUMBER, TEST_ROUTING, *BY_NUMBER, *BY_ACCOUNT}

SUCCESSFUL = {"successful_payment", "succeeded", "success", "cvc_check_fails"}
_DECLINE_NUMBERS = {
    "insufficient_funds": "116",
    "expired_card": "101",
    "invalid_card_number": "131",
    "invalid_cvc": "517",
    "do_not_honor": "005",
    "restricted_card": "102",
    "exceeds_card_limit": "121",
    "lost_card": None,
    "stolen_card": None,
}
SCENARIOS = {
    "card_declined": Scenario("card_declined", "Your card was declined", "generic_decline"),
    "card_has_expired": Scenario("expired_card", "Your card has expired"),
    "cvc_is_wrong": Scenario("invalid_cvc", "Your card's security code is invalid"),
    "gateway_error": Scenario("gateway_error", "The gateway had an error", None, "963"),
    "gateway_timeout": Scenario("gateway_timeout_error", "The gateway did not answer in time"),
} | {
    name: Scenario("card_declined", "Your card was declined", name, number)
    for name, number in _DECLINE_NUMBERS.items()
}
DEBIT_FAILURES = {
    "account_closed": "The account is closed",
    "account_frozen": "The account is frozen",
    "bank_account_restricted": "The account does not support debits",
    "insufficient_funds": "The account has insufficient funds",
    "invalid_account_number": "The account number is invalid",
    "no_account": "The account does not exist",
}
KNOWN_SCENARIOS = {*SUCCESSFUL, *SCENARIOS, *DEBIT_FAILURES}


def declined(scenario: str) -> JustifiError:
    why = SCENARIOS[scenario]
    return JustifiError(
        402,
        why.code,
        why.message,
        details={
            "decline_code": why.decline_code,
            "network": None,
            "network_error_category": None,
            "network_error_code": why.network_error_code,
        },
    )


def card_of(number: str) -> Card:
    """A number that is no test card's is refused and not kept."""
    digits = "".join(number.split()).replace("-", "")
    if digits == WRONG_NUMBER:
        raise JustifiError(402, "card_number_invalid", "The card number is invalid", "number")
    if digits not in BY_NUMBER:
        raise JustifiError(400, "full_pan_not_allowed", "Only test card numbers are allowed here")
    return BY_NUMBER[digits]


def bank_account_of(number: str, routing_number: str) -> BankAccount:
    if routing_number != TEST_ROUTING or number not in BY_ACCOUNT:
        raise JustifiError(
            400, "full_pan_not_allowed", "Only test bank account numbers are allowed here"
        )
    return BY_ACCOUNT[number]
