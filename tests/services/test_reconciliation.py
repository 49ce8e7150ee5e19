"""Our rows against the provider's own list, both ways."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from domain.money import Money
from domain.payments import CheckoutRequest
from domain.policies import PolicyStatus
from domain.verification import Finding, Irregularity, PaidPurchase
from gateways.faults import Busy, GatewayFault, Misconfigured, RefusedByProvider
from services.reconciliation import Reconciliation
from tests.fake_payments import FakePayments
from tests.gateways.stripe_orders import request

NOW = datetime.now(UTC)
YESTERDAY = NOW - timedelta(days=1)
PRICE = Money(minor=15_000, currency="SGD")


async def charged(payments: FakePayments, purchase_id: str, at: datetime = NOW) -> PaidPurchase:
    """The row that fits what the provider now has."""
    order: CheckoutRequest = request(
        purchase_id=purchase_id, idempotency_key=f"{purchase_id}:checkout:1"
    )
    checkout = await payments.open_checkout(order)
    payment_id = payments.pay(purchase_id)
    payments.charged_at[payment_id] = at
    return PaidPurchase(
        purchase_id=purchase_id,
        tenant_id="ten_acme",
        quote_id="Q-1",
        livemode=False,
        provider="stripe",
        session_id=checkout.session_id,
        payment_id=payment_id,
        is_late=False,
        price=PRICE,
        paid=PRICE,
        paid_at=NOW,
        moved_at=NOW,
        amount_refunded=Money(minor=0, currency="SGD"),
        policy_status=PolicyStatus.DELIVERED,
        needs_review=False,
        policies=1,
        confirmations=1,
        confirmations_delivered=1,
        confirmations_failed=0,
    )


async def differences(
    payments: FakePayments | None,
    *purchases: PaidPurchase,
    due: datetime = NOW,
    returned: Mapping[str, int] | None = None,
) -> list[Finding]:
    reconciliation = Reconciliation({"stripe": payments})
    statement = await reconciliation.statement(YESTERDAY)
    return [
        each async for each in reconciliation.differences(statement, purchases, due, returned or {})
    ]


def named(findings: list[Finding]) -> list[tuple[Irregularity, str]]:
    return [(each.irregularity, each.subject) for each in findings]


async def test_what_both_know_alike_is_no_difference() -> None:
    payments = FakePayments()
    purchases = [await charged(payments, f"pur_{number}") for number in range(3)]

    assert await differences(payments, *purchases) == []
    assert "fetch_checkout" not in payments.calls  # what is listed is not asked for again


async def test_what_an_integration_took_the_environments_account_is_not_asked_about() -> None:
    payments, theirs = FakePayments(), FakePayments()
    elsewhere = await charged(theirs, "pur_elsewhere")
    taken = elsewhere.model_copy(update={"integration_id": "int-1"})

    assert await differences(payments, taken) == []
    assert "fetch_checkout" not in payments.calls
    # And where it is for that same account, its money is known there
    assert await differences(theirs, taken) == []


async def test_money_that_no_row_knows_is_named_with_the_purchase_it_was_meant_for() -> None:
    payments = FakePayments()
    lost = await charged(payments, "pur_lost")

    [found] = await differences(payments)

    assert named([found]) == [(Irregularity.CHARGE_NOT_RECORDED, lost.payment_id)]
    assert found.purchase_ids == ("pur_lost",)
    assert found.detail == f"SGD 150.00 charged at {NOW.isoformat()}"


async def test_money_charged_a_moment_ago_is_on_its_way_into_its_row() -> None:
    payments = FakePayments()
    await charged(payments, "pur_1")

    assert await differences(payments, due=NOW - timedelta(minutes=2)) == []


async def test_money_that_came_to_a_checkout_that_was_left_and_goes_back_is_no_difference() -> None:
    payments = FakePayments()
    stray = await charged(payments, "pur_1")
    assert stray.payment_id is not None

    assert await differences(payments, returned={stray.payment_id: PRICE.minor}) == []
    [kept] = await differences(payments, returned={stray.payment_id: PRICE.minor - 1})
    assert kept.irregularity is Irregularity.CHARGE_NOT_RECORDED


async def test_another_amount_at_the_provider_is_named() -> None:
    payments = FakePayments()
    purchase = await charged(payments, "pur_1")
    recorded = purchase.model_copy(update={"paid": Money(minor=14_000, currency="SGD")})

    [found] = await differences(payments, recorded)

    assert named([found]) == [(Irregularity.CHARGE_DIFFERS, purchase.payment_id)]
    assert found.detail == "SGD 150.00 charged, SGD 140.00 recorded"


async def test_a_payment_begun_before_the_list_begins_is_looked_up() -> None:
    payments = FakePayments()
    debit = await charged(payments, "pur_debit", at=YESTERDAY - timedelta(days=4))
    other_amount = debit.model_copy(update={"paid": Money(minor=1, currency="SGD")})

    assert await differences(payments, debit) == []
    assert named(await differences(payments, other_amount)) == [
        (Irregularity.CHARGE_DIFFERS, debit.payment_id)
    ]


async def test_a_recorded_payment_that_the_provider_does_not_know_is_named() -> None:
    payments = FakePayments()
    paid = await charged(payments, "pur_1")
    invented = paid.model_copy(update={"payment_id": "pi_invented"})
    without_page = invented.model_copy(update={"session_id": None})
    unpaid = await payments.open_checkout(request(idempotency_key="unpaid"))
    taken_for_paid = invented.model_copy(update={"session_id": unpaid.session_id})

    for purchase in (invented, without_page, taken_for_paid):
        found = await differences(payments, paid, purchase)
        assert named(found) == [(Irregularity.CHARGE_NOT_AT_PROVIDER, "pi_invented")]


async def test_a_checkout_that_the_provider_refuses_to_show_is_not_at_the_provider() -> None:
    payments = FakePayments()
    paid = await charged(payments, "pur_1", at=YESTERDAY - timedelta(days=1))
    payments.faults_before["fetch_checkout"].append(RefusedByProvider("no such session"))

    [found] = await differences(payments, paid)

    assert named([found]) == [(Irregularity.CHARGE_NOT_AT_PROVIDER, paid.payment_id)]
    assert found.detail == "no such session"


async def test_what_was_paid_before_the_list_begins_is_left_to_an_earlier_proof() -> None:
    payments = FakePayments()
    paid = await charged(payments, "pur_1", at=YESTERDAY - timedelta(days=9))
    long_ago = paid.model_copy(update={"paid_at": YESTERDAY - timedelta(seconds=1)})

    assert await differences(payments, long_ago) == []
    assert "fetch_checkout" not in payments.calls


@pytest.mark.parametrize(
    "fault", [Busy("could not be reached"), Misconfigured("not allowed", "stripe")]
)
async def test_a_provider_that_does_not_answer_is_a_finding_and_nothing_else_is_concluded(
    fault: GatewayFault,
) -> None:
    payments = FakePayments()
    paid = await charged(payments, "pur_1")
    payments.faults_before["received_payments"].append(fault)

    [found] = await differences(payments, paid)

    assert named([found]) == [(Irregularity.PROVIDER_NOT_ASKED, "stripe")]
    assert found.detail == str(fault)


async def test_a_provider_that_goes_away_in_the_middle_is_a_finding() -> None:
    payments = FakePayments()
    paid = await charged(payments, "pur_1", at=YESTERDAY - timedelta(days=1))
    payments.faults_before["fetch_checkout"].append(Busy("could not be reached"))

    [found] = await differences(payments, paid)

    assert named([found]) == [(Irregularity.PROVIDER_NOT_ASKED, "stripe")]
    assert found.purchase_ids == ("pur_1",)


async def test_a_provider_without_a_key_is_not_passed_over_in_silence() -> None:
    paid = await charged(FakePayments(), "pur_1")

    [found] = await differences(None, paid)

    assert named([found]) == [(Irregularity.PROVIDER_NOT_ASKED, "stripe")]
    assert found.detail == "no key for it is set"


async def test_what_an_integration_took_is_compared_with_its_own_account() -> None:
    theirs = FakePayments()
    taken = (await charged(theirs, "pur_theirs")).model_copy(update={"integration_id": "int-1"})
    lost = taken.model_copy(
        update={"purchase_id": "pur_lost", "payment_id": "pi_lost", "session_id": None}
    )
    deleted = taken.model_copy(
        update={"purchase_id": "pur_deleted", "integration_id": "int-0", "payment_id": "pi_0"}
    )
    reconciliation = Reconciliation({"stripe": None, "int-1": theirs})

    statement = await reconciliation.statement(YESTERDAY)
    purchases = (taken, lost, deleted)
    found = [each async for each in reconciliation.differences(statement, purchases, NOW, {})]

    assert [(each.irregularity, each.purchase_ids) for each in found] == [
        (Irregularity.PROVIDER_NOT_ASKED, ()),
        (Irregularity.CHARGE_NOT_AT_PROVIDER, ("pur_lost",)),
    ]
