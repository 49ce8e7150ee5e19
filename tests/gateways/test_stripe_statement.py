"""What Stripe is asked for when our rows are compared with its own list."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest
from pydantic import JsonValue

from domain.identifiers import new_id
from domain.money import Money
from domain.payments import ReceivedPayment
from gateways.payments import PaymentGateway
from gateways.stripe_payments import StripePayments
from tests.conformance.stripe_samples import charge, page, payment
from tests.gateways.scripted_stripe import ScriptedStripe, scripted_stripe
from tests.gateways.simulated_stripe import SimulatedStripe
from tests.gateways.stripe_orders import GOOD, POOR, PRICE, PURCHASE, paid_with, payment_of, request

INTENTS = "/v1/payment_intents"
SINCE = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CHARGED_AT = datetime.fromtimestamp(1795000007, UTC)


@pytest.fixture
async def scripted() -> AsyncIterator[ScriptedStripe]:
    async with scripted_stripe() as server:
        yield server


def received(payment_id: str, **changed: JsonValue) -> dict[str, JsonValue]:
    paid: dict[str, JsonValue] = {
        "id": payment_id,
        "amount_received": 15000,
        "status": "succeeded",
        "metadata": {"purchase_id": "pur_1"},
        "latest_charge": charge(created=1795000007),
    }
    return payment(**{**paid, **changed})


async def test_received_payments_are_listed_page_after_page_and_those_of_others_left_out(
    scripted: ScriptedStripe,
) -> None:
    payments = StripePayments("sk_test_of_the_tests", scripted.url)
    unpaid = payment(id="pi_2", metadata={"purchase_id": "pur_2"}, latest_charge=None)
    declined = received("pi_3", amount_received=0, status="requires_payment_method")
    scripted.answers(page(INTENTS, received("pi_1"), unpaid, declined, has_more=True))
    scripted.answers(page(INTENTS, received("pi_4", metadata={}), received("pi_5")))

    found = [each async for each in payments.received_payments(SINCE)]

    assert found == [
        ReceivedPayment(payment_id=each, purchase_id="pur_1", amount=PRICE, at=CHARGED_AT)
        for each in ("pi_1", "pi_5")
    ]
    first, second = (dict(parse_qsl(asked.query)) for asked in scripted.asked)
    assert first == {
        "created[gte]": str(int(SINCE.timestamp())),
        "expand[0]": "data.latest_charge",
        "limit": "100",
    }
    assert second == {**first, "starting_after": "pi_3"}
    await payments.close()


@pytest.mark.slow
async def test_the_list_holds_what_customers_paid_and_not_what_was_declined(
    payments: PaymentGateway, simulated: SimulatedStripe
) -> None:
    began = datetime.now(UTC)
    paid = await paid_with(payments, simulated, GOOD)
    poor = await payments.open_checkout(request(purchase_id=new_id("pur"), idempotency_key="p"))
    await simulated.post("pay", {"session_id": poor.session_id, "card": POOR})

    found = [each async for each in payments.received_payments(began)]

    assert [(each.payment_id, each.purchase_id, each.amount) for each in found] == [
        (payment_of(paid), PURCHASE, Money(minor=15000, currency="SGD"))
    ]
    assert abs(found[0].at - began) < timedelta(minutes=1)
