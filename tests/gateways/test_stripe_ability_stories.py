"""A Stripe integration's capabilities used one after the other, at the simulated Stripe."""

from collections.abc import AsyncIterator

import pytest
from pydantic import JsonValue

from gateways.faults import OutcomeUnknown, RefusedByProvider, StoredFault
from gateways.integrations import ProviderCustomer
from tests.gateways.simulated_stripe import SimulatedStripe
from tests.gateways.stripe_asking import Asking, asking_stripe

pytestmark = pytest.mark.slow

PAYMENT: dict[str, JsonValue] = {"amount": 10_000, "currency": "USD", "customer_id": "cust_abc"}


@pytest.fixture
async def asking(simulated: SimulatedStripe) -> AsyncIterator[Asking]:
    async with asking_stripe(simulated.url) as asking:
        yield asking


async def known_with(asking: Asking, method: str) -> None:
    asking.execution_id = "exe_profile"
    await asking("CREATE_CUSTOMER_PROFILE", customer_id="cust_abc", payment_method_id=method)
    asking.execution_id = "exe_1"


async def test_a_customer_pays_later_gets_a_part_back_and_the_books_tell(asking: Asking) -> None:
    await known_with(asking, "pm_card_visa")
    paid = await asking("PROCESS_PAYMENT", **PAYMENT)
    assert paid["status"] == "succeeded"

    asking.execution_id = "exe_2"
    refunded = await asking(
        "REFUND_PAYMENT", payment_id=paid["payment_id"], amount=2_500, currency="USD"
    )
    assert (refunded["status"], refunded["amount"]) == ("succeeded", 2_500)

    moved = await asking("SYNC_TRANSACTIONS", since="2026-01-01T00:00:00Z")
    transactions = moved["transactions"]
    assert isinstance(transactions, list)
    kinds = [each["type"] for each in transactions if isinstance(each, dict)]
    assert kinds == ["refund", "charge"]

    balance = await asking("RETRIEVE_BALANCE")
    held = [*as_list(balance["available"]), *as_list(balance["pending"])]
    assert {each["currency"] for each in held} == {"USD"}


async def test_the_same_execution_charges_once(asking: Asking) -> None:
    await known_with(asking, "pm_card_visa")
    first = await asking("PROCESS_PAYMENT", **PAYMENT)
    assert await asking("PROCESS_PAYMENT", **PAYMENT) == first
    asking.execution_id = "exe_2"
    assert (await asking("PROCESS_PAYMENT", **PAYMENT))["payment_id"] != first["payment_id"]


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("pm_card_chargeCustomerFail", "generic_decline"),
        ("pm_card_authenticationRequired", "authentication_required"),
    ],
)
async def test_a_declined_charge_says_why_and_charges_nothing(
    asking: Asking, method: str, code: str
) -> None:
    await known_with(asking, method)
    declined = await asking("PROCESS_PAYMENT", **PAYMENT)
    assert (declined["status"], declined["failure_code"]) == ("declined", code)
    assert declined["failure_reason"]
    assert await asking("SYNC_TRANSACTIONS") == {"transactions": [], "next_cursor": None}

    asking.repeated = True
    again = await asking("PROCESS_PAYMENT", **PAYMENT)
    assert (again["payment_id"], again["status"]) == (declined["payment_id"], "declined")


async def test_a_method_that_is_declined_is_not_saved_and_its_customer_made_once(
    asking: Asking,
) -> None:
    declined = await asking(
        "CREATE_CUSTOMER_PROFILE",
        customer_id="cust_abc",
        payment_method_id="pm_card_chargeDeclinedExpiredCard",
    )
    assert (declined["status"], declined["failure_code"]) == ("declined", "expired_card")
    assert declined["failure_reason"]
    known = asking.customer
    assert known is not None
    assert known.payment_method_id is None

    asking.execution_id = "exe_2"
    again = await asking(
        "CREATE_CUSTOMER_PROFILE", customer_id="cust_abc", payment_method_id="pm_card_visa"
    )

    assert again["status"] == "succeeded"
    assert again["provider_customer_id"] == known.provider_customer_id
    assert asking.customer is not None
    assert asking.customer.payment_method_id is not None


async def test_a_payment_whose_answer_was_lost_is_found_and_not_made_twice(
    asking: Asking, simulated: SimulatedStripe
) -> None:
    await known_with(asking, "pm_card_visa")
    await simulated.fails("cut_after_effect", "/v1/payment_intents")
    with pytest.raises(OutcomeUnknown):
        await asking("PROCESS_PAYMENT", **PAYMENT)

    asking.repeated = True
    found = await asking("PROCESS_PAYMENT", **PAYMENT)
    assert found["status"] == "succeeded"
    moved = as_list((await asking("SYNC_TRANSACTIONS"))["transactions"])
    assert len(moved) == 1


async def test_a_look_finds_a_payment_and_its_refund_and_makes_none(asking: Asking) -> None:
    await known_with(asking, "pm_card_visa")
    assert await asking.found("PROCESS_PAYMENT", **PAYMENT) is None
    paid = await asking("PROCESS_PAYMENT", **PAYMENT)
    assert await asking.found("PROCESS_PAYMENT", **PAYMENT) == paid

    asking.execution_id = "exe_2"
    back: dict[str, JsonValue] = {"payment_id": paid["payment_id"]}
    assert await asking.found("REFUND_PAYMENT", **back) is None
    refunded = await asking("REFUND_PAYMENT", **back)
    assert await asking.found("REFUND_PAYMENT", **back) == refunded


async def test_a_customer_whose_making_failed_after_its_effect_is_found(
    asking: Asking, simulated: SimulatedStripe
) -> None:
    await simulated.fails("server_error", "/v1/customers", after_effect=True)
    with pytest.raises(OutcomeUnknown):
        await asking("CREATE_CUSTOMER_PROFILE", customer_id="cust_abc")
    with pytest.raises(StoredFault):
        await asking("CREATE_CUSTOMER_PROFILE", customer_id="cust_abc")

    asking.repeated = True
    made = await asking("CREATE_CUSTOMER_PROFILE", customer_id="cust_abc")
    asking.customer = None
    assert await asking("CREATE_CUSTOMER_PROFILE", customer_id="cust_abc") == made


async def test_a_checkout_opened_by_an_execution_can_be_paid(
    asking: Asking, simulated: SimulatedStripe
) -> None:
    opened = await asking(
        "CREATE_CHECKOUT",
        amount=10_000,
        currency="USD",
        description="Travel cover",
        success_url="https://insurer.example/done",
        cancel_url="https://insurer.example/cancel",
    )
    card: JsonValue = "4242424242424242"
    await simulated.post("pay", {"session_id": opened["session_id"], "card": card})
    await simulated.post("payouts", {"currency": "usd"})
    (payout,) = as_list((await asking("LIST_PAYOUTS", limit=1))["payouts"])
    assert await asking("RETRIEVE_PAYOUT", payout_id=payout["payout_id"]) == payout


async def test_another_accounts_customer_is_unknown(
    asking: Asking, simulated: SimulatedStripe
) -> None:
    await known_with(asking, "pm_card_visa")
    async with asking_stripe(simulated.url, "sk_test_of_the_others") as other:
        other.customer = asking.customer
        assert isinstance(other.customer, ProviderCustomer)
        with pytest.raises(RefusedByProvider) as refused:
            await other("PROCESS_PAYMENT", **PAYMENT)
    assert refused.value.code == "resource_missing"


def as_list(value: JsonValue) -> list[dict[str, JsonValue]]:
    assert isinstance(value, list)
    return [each for each in value if isinstance(each, dict)]
