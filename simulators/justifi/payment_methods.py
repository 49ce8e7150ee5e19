"""Payment methods: tokenise, get, list, change; of a number only its last four stay."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import StringConstraints

from simulators.identifiers import new_id
from simulators.justifi import cards, objects, records
from simulators.justifi.bodies import Metadata, Nested, Params, Text
from simulators.justifi.errors import JustifiError, UnfitRequestError, Wire
from simulators.justifi.lists import ListQuery, envelope, page
from simulators.justifi.operations import Call, found, seen
from simulators.justifi.platform import JustifiPlatform, Origin

Month = Annotated[str, StringConstraints(pattern=r"^(0?[1-9]|1[0-2])$")]
Year = Annotated[str, StringConstraints(pattern=r"^(20)?\d{2}$")]
Code = Annotated[str, StringConstraints(pattern=r"^\d{3,4}$")]


class CardChange(Nested):
    month: Month | None = None
    year: Year | None = None
    address_line1: str | None = None
    address_line2: str | None = None
    address_city: str | None = None
    address_state: str | None = None
    address_postal_code: str | None = None
    address_country: str | None = None
    metadata: Metadata | None = None


class CardParams(CardChange):
    name: Text
    number: Text
    month: Month
    year: Year
    address_postal_code: Text
    verification: Code | None = None
    brand: str | None = None


class BankAccountParams(Nested):
    account_owner_name: Text
    routing_number: Text
    account_number: Text
    account_type: Literal["checking", "savings"]
    account_owner_type: Literal["individual", "company"]
    country: Text
    currency: Literal["usd", "cad"]
    bank_name: str | None = None
    metadata: Metadata | None = None


class Instrument(Nested):
    payment_method_group_id: str | None = None
    card: CardParams | None = None
    bank_account: BankAccountParams | None = None


class CreateMethod(Params):
    payment_method: Instrument
    email: str | None = None
    force_tokenize: bool | None = None


class ChangeMethod(Params):
    card: CardChange


class ListMethods(ListQuery):
    customer_id: str | None = None
    payment_method_group_id: str | None = None


def create_method(platform: JustifiPlatform, call: Call[CreateMethod]) -> Wire:
    given = call.params.payment_method
    if given.card and given.bank_account is None:
        made = _card(platform, given.card)
    elif given.bank_account and given.card is None:
        made = _bank_account(platform, given.bank_account)
    else:
        raise UnfitRequestError(
            422, "payment_method_required", "Give either card or bank_account", "payment_method"
        )
    made = replace(made, account_id=call.sub_account, group_id=given.payment_method_group_id)
    return _wire(keep_method(platform, made, call.origin))


def keep_method(
    platform: JustifiPlatform, method: records.PaymentMethod, origin: Origin
) -> records.PaymentMethod:
    platform.methods.put(method)
    wire = objects.method_of(method)
    platform.emit("payment_method.created", method.account_id, wire, origin)
    return method


def retrieve_method(platform: JustifiPlatform, call: Call[Params]) -> Wire:
    return _wire(found(platform, platform.methods, call))


def list_methods(platform: JustifiPlatform, call: Call[ListMethods]) -> Wire:
    """Nothing has a `customer_id` any more."""
    wanted = call.params
    fitting = (
        method
        for method in seen(platform, platform.methods.newest_first(), call)
        if wanted.customer_id is None and wanted.payment_method_group_id in (None, method.group_id)
    )
    return page(wanted, fitting, objects.payment_method)


def change_method(platform: JustifiPlatform, call: Call[ChangeMethod]) -> Wire:
    method = found(platform, platform.methods, call)
    if method.kind == "bank_account":
        raise JustifiError(422, "payment_method_invalid", "A bank account cannot be changed")
    change = call.params.card
    method = platform.methods.put(
        replace(
            method,
            month=change.month or method.month,
            year=change.year or method.year,
            metadata=method.metadata if change.metadata is None else change.metadata,
        )
    )
    wire = objects.method_of(method)
    platform.emit("payment_method.updated", method.account_id, wire, call.origin)
    return _wire(method)


def _wire(method: records.PaymentMethod) -> Wire:
    return envelope(method.id, "payment_method", objects.payment_method(method), None)


def _card(platform: JustifiPlatform, given: CardParams) -> records.PaymentMethod:
    expiry = (given.month, given.year)
    return card_method(platform, given.number, given.name, expiry, given.metadata)


def card_method(
    platform: JustifiPlatform,
    number: str,
    name: str,
    expiry: tuple[str, str],
    metadata: Metadata | None = None,
) -> records.PaymentMethod:
    """`expiry` is a month and a year."""
    card = cards.card_of(number)
    month, year = int(expiry[0]), 2000 + int(expiry[1]) % 100
    now = datetime.fromtimestamp(platform.now(), UTC)
    if (year, month) < (now.year, now.month):
        raise cards.declined("card_has_expired")
    return records.PaymentMethod(
        id=new_id("pm_", 22),
        account_id="",
        created=platform.now(),
        kind="card",
        name=name,
        last_four=card.number[-4:],
        brand=card.brand,
        month=str(month),
        year=str(year),
        scenario=card.scenario,
        metadata=metadata,
    )


def _bank_account(platform: JustifiPlatform, given: BankAccountParams) -> records.PaymentMethod:
    account = cards.bank_account_of(given.account_number, given.routing_number)
    method = bank_method(platform, account, given.account_owner_name, given.metadata)
    bank = given.bank_name or method.brand
    return replace(method, account_type=given.account_type, brand=bank)


def bank_method(
    platform: JustifiPlatform,
    account: cards.BankAccount,
    owner: str,
    metadata: Metadata | None = None,
) -> records.PaymentMethod:
    return records.PaymentMethod(
        id=new_id("pm_", 22),
        account_id="",
        created=platform.now(),
        kind="bank_account",
        name=owner,
        last_four=account.number[-4:],
        brand="Simulated Bank",
        account_type="checking",
        scenario=account.scenario,
        metadata=metadata,
    )
