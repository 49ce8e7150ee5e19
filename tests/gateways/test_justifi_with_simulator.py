"""The client against JustiFi's double, over the wire."""

from collections.abc import AsyncIterator

import pytest

from gateways.faults import Misconfigured, RefusedByProvider
from gateways.justifi_client import JustifiClient
from gateways.justifi_endpoints import ENDPOINTS, Endpoint
from gateways.justifi_models import Decline, Payment, PaymentMethod, Payout, Refund
from tests.gateways.simulated_justifi import CLIENT_ID, SimulatedJustifi, simulated_justifi


@pytest.fixture(scope="module")
async def justifi() -> AsyncIterator[SimulatedJustifi]:
    async with simulated_justifi() as running:
        yield running


async def test_a_payment_is_made_once_for_a_key(justifi: SimulatedJustifi) -> None:
    first = await justifi.pay("once")
    again = await justifi.pay("once")

    assert isinstance(first, Payment)
    assert isinstance(again, Payment)
    assert (first.id, first.status, first.captured) == (again.id, "succeeded", True)


async def test_a_card_is_declined_as_a_result(justifi: SimulatedJustifi) -> None:
    declined = await justifi.pay("declined", scenario="insufficient_funds")

    assert isinstance(declined, Decline)
    assert (declined.code, declined.decline_code) == ("card_declined", "insufficient_funds")


async def test_a_key_for_two_different_payments_is_refused(justifi: SimulatedJustifi) -> None:
    await justifi.pay("both", 10_000)

    with pytest.raises(RefusedByProvider) as refused:
        await justifi.pay("both", 20_000)

    assert refused.value.code == "idempotency_params_mismatch"


async def test_a_payment_is_refunded_and_read_back(justifi: SimulatedJustifi) -> None:
    paid = await justifi.pay("to-refund", 5_000)
    assert isinstance(paid, Payment)

    refunded = await justifi.client.write(
        Refund,
        ENDPOINTS.refund_payment,
        paid.id,
        idempotency_key="refund",
        body={"amount": 2_000, "reason": "customer_request"},
    )
    payment = await justifi.client.retrieve(Payment, ENDPOINTS.retrieve_payment, paid.id)

    assert isinstance(refunded, Refund)
    assert (refunded.payment_id, refunded.amount) == (paid.id, 2_000)
    assert (payment.status, payment.amount_refunded) == ("partially_refunded", 2_000)
    assert [refund.id for refund in payment.refunds or ()] == [refunded.id]


async def test_all_payments_are_read_page_after_page(justifi: SimulatedJustifi) -> None:
    for number in range(3):
        await justifi.pay(f"listed-{number}")
    page = await justifi.client.page(Payment, ENDPOINTS.list_payments, limit=2)
    rest = await justifi.client.page(
        Payment, ENDPOINTS.list_payments, limit=100, after_cursor=page.info.end_cursor
    )
    back = await justifi.client.page(
        Payment, ENDPOINTS.list_payments, limit=2, before_cursor=rest.info.start_cursor
    )
    everything = [p async for p in justifi.client.listed(Payment, ENDPOINTS.list_payments)]

    assert (page.info.has_next, rest.info.has_next) == (True, False)
    assert [p.id for p in (*page.items, *rest.items)] == [p.id for p in everything]
    assert back.items == page.items


async def test_a_payment_method_is_read_by_its_id(justifi: SimulatedJustifi) -> None:
    made = await justifi.payment_method()
    assert made.id is not None

    read = await justifi.client.retrieve(PaymentMethod, ENDPOINTS.retrieve_payment_method, made.id)

    assert read.id == made.id
    assert read.card is not None
    assert read.card.acct_last_four == "4242"


async def test_what_is_missing_is_told_from_what_justifi_does_not_offer(
    justifi: SimulatedJustifi,
) -> None:
    with pytest.raises(RefusedByProvider) as missing:
        await justifi.client.retrieve(Payment, ENDPOINTS.retrieve_payment, "py_none")
    with pytest.raises(RefusedByProvider) as not_offered:
        await justifi.client.page(Payout, Endpoint("GET", "/balances"))

    assert missing.value.code == "resource_not_found"
    assert not_offered.value.code == "endpoint_not_offered"


async def test_without_the_account_that_a_write_needs_justifis_word_for_it_comes_through(
    justifi: SimulatedJustifi,
) -> None:
    client = JustifiClient(CLIENT_ID, "test_secret", justifi.url)

    with pytest.raises(RefusedByProvider) as refused:
        await client.write(Payment, ENDPOINTS.create_payment, idempotency_key="k", body={})
    await client.close()

    assert refused.value.code == "sub_account_header_required"


async def test_wrong_credentials_are_a_matter_for_an_operator(justifi: SimulatedJustifi) -> None:
    client = JustifiClient("nobody", "nothing", justifi.url + "/v1")

    with pytest.raises(Misconfigured):
        await client.probe()
    await client.close()


async def test_a_token_that_ends_in_between_is_renewed() -> None:
    async with simulated_justifi(token_seconds=0.0) as justifi:
        with pytest.raises(Misconfigured):  # not even the new one serves
            await justifi.client.probe()
