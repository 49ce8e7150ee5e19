"""Pays a checkout as a customer would: a test number becomes a method, the method completes it."""

from dataclasses import dataclass, replace

from simulators.justifi import cards, checkouts, payment_methods, records
from simulators.justifi.errors import invalid
from simulators.justifi.platform import BY_ITSELF, JustifiPlatform


@dataclass(frozen=True, kw_only=True)
class Instrument:
    """`number` is a test card's; `account_number`, where it is given, a test bank account's."""

    number: str = ""
    account_number: str = ""
    name: str = "Jenny Rosen"
    expiry: tuple[str, str] = ("12", "2040")


def pay(
    platform: JustifiPlatform, checkout: records.Checkout, instrument: Instrument
) -> tuple[records.Checkout, records.Completion]:
    if not checkouts.is_open(checkout):
        raise invalid(f"checkout_{checkout.status}", f"Checkout is {checkout.status}")
    if instrument.account_number:
        account = cards.bank_account_of(instrument.account_number, cards.TEST_ROUTING)
        method = payment_methods.bank_method(platform, account, instrument.name)
    else:
        method = payment_methods.card_method(
            platform, instrument.number, instrument.name, instrument.expiry
        )
    method = replace(method, account_id=checkout.account_id, group_id=checkout.group_id)
    payment_methods.keep_method(platform, method, BY_ITSELF)
    return checkouts.complete(platform, checkout, method, "ecom", BY_ITSELF)
