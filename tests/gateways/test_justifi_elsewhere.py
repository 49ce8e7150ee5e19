"""A refund asked of another account at JustiFi's double than the one that took the payment."""

import pytest

from gateways.faults import PaymentElsewhere, RefusedByProvider
from gateways.justifi_client import JustifiClient
from gateways.justifi_payments import JustifiPayments
from tests.gateways.justifi_samples import payment_wire, refund_wire
from tests.gateways.justifi_street import PRICE, Street, order
from tests.gateways.scripted_justifi import one, scripted_justifi
from tests.gateways.simulated_justifi import CLIENT_SECRET


async def test_another_account_answers_nothing_about_a_refund(street: Street) -> None:
    wanted = order(await street.bought(), 4000)
    made = await street.payments.create_refund(wanted)
    client = JustifiClient("test_of_another_shop", CLIENT_SECRET, street.justifi.url)
    other = JustifiPayments(client, street.page)

    with pytest.raises(PaymentElsewhere, match=f"does not have payment {wanted.payment_id}"):
        await other.find_refund(wanted.refund_id, wanted.payment_id)
    with pytest.raises(PaymentElsewhere, match="put back the credentials"):
        await other.create_refund(wanted)

    await client.close()
    assert await street.payments.find_refund(wanted.refund_id, wanted.payment_id) == made


async def test_any_other_refusal_is_an_answer(street: Street) -> None:
    payment_id = await street.bought()
    with pytest.raises(RefusedByProvider):
        await street.payments.create_refund(order(payment_id, PRICE.minor + 1))


async def test_a_refund_that_is_missing_says_nothing_of_its_payment() -> None:
    async with scripted_justifi() as justifi:
        client = JustifiClient("test_id", "test_secret", justifi.url)
        unnamed = {**refund_wire(), "metadata": None}
        justifi.answers(one("payment", payment_wire(refunds=[unnamed])))
        missing = {"code": "resource_not_found", "message": "Resource Not Found"}
        justifi.answers({"error": dict(missing)}, status=404)
        with pytest.raises(RefusedByProvider) as refused:
            await JustifiPayments(client).find_refund("ref_1", "py_1")
        assert refused.value.code == "resource_not_found"
        await client.close()
