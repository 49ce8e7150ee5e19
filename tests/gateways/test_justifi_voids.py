"""A cancellation while a bank still has the payment: JustiFi voids it, for as long as it may be."""

import pytest
from pydantic import JsonValue

from domain.payments import CheckoutState
from gateways.faults import OutcomeUnknown
from gateways.justifi_client import JustifiClient
from gateways.justifi_payments import JustifiPayments
from tests.gateways.justifi_samples import checkout_wire, payment_wire
from tests.gateways.justifi_street import PRICE, Street
from tests.gateways.scripted_justifi import one, scripted_justifi

GOOD_ACCOUNT = "000123456789"
DONE = checkout_wire(status="completed", successful_payment_id="py_1")
REFUSED: JsonValue = {"error": {"code": "payment_outside_void_window", "message": "too late"}}
DECLINED: JsonValue = {"error": {"code": "card_declined", "message": "no"}}


async def test_a_debit_that_the_bank_still_has_is_voided_once_and_never_charged(
    street: Street,
) -> None:
    checkout = await street.open()
    payment_id = await street.pay(checkout, account_number=GOOD_ACCOUNT)
    for _ in range(2):
        seen = await street.payments.expire_checkout(checkout.session_id, "expire")
        assert (seen.state, seen.paid, seen.may_bring_money) == (
            CheckoutState.COMPLETE,
            None,
            False,
        )
        assert seen.failure is not None
    assert [each.key for each in await street.tries(f"/v1/payments/{payment_id}/void")] == [
        "expire:void"
    ]
    assert (await street.payments.read_payment(payment_id)).status == "canceled"


async def test_a_payment_that_was_only_authorized_is_voided() -> None:
    async with scripted_justifi() as justifi:
        client = JustifiClient("test_id", "test_secret", justifi.url)
        justifi.answers(one("checkout", DONE))
        justifi.answers(one("payment", payment_wire(status="authorized", captured=False)))
        justifi.answers(one("payment", payment_wire(status="canceled")))
        justifi.answers(one("checkout", DONE))
        justifi.answers(one("payment", payment_wire(status="canceled")))
        seen = await JustifiPayments(client).expire_checkout("cho_1", "expire")
        await client.close()
    assert (seen.paid, seen.failure is None) == (None, False)
    assert justifi.asked[2].path == "/v1/payments/py_1/void"


@pytest.mark.parametrize(("no", "status"), [(REFUSED, 422), (DECLINED, 402)])
async def test_what_justifi_does_not_void_is_still_with_the_bank(
    no: JsonValue, status: int
) -> None:
    async with scripted_justifi() as justifi:
        client = JustifiClient("test_id", "test_secret", justifi.url)
        justifi.answers(one("checkout", DONE))
        justifi.answers(one("payment", payment_wire(status="pending", captured=False)))
        justifi.answers(no, status=status)
        seen = await JustifiPayments(client).expire_checkout("cho_1", "expire")
        await client.close()
    assert (seen.state, seen.paid, seen.failure) == (CheckoutState.COMPLETE, None, None)
    assert seen.may_bring_money


async def test_whether_it_was_voided_is_unknown_where_no_answer_came() -> None:
    async with scripted_justifi() as justifi:
        client = JustifiClient("test_id", "test_secret", justifi.url)
        justifi.answers(one("checkout", DONE))
        justifi.answers(one("payment", payment_wire(status="pending", captured=False)))
        justifi.answers({"error": {"code": "oops"}}, status=500)
        with pytest.raises(OutcomeUnknown):
            await JustifiPayments(client).expire_checkout("cho_1", "expire")
        await client.close()


async def test_what_is_paid_is_not_voided(street: Street) -> None:
    checkout = await street.open()
    payment_id = await street.pay(checkout)
    seen = await street.payments.expire_checkout(checkout.session_id, "expire")
    assert seen.paid == PRICE
    assert await street.tries(f"/v1/payments/{payment_id}/void") == []
