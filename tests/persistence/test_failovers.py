"""Purchases that left a checkout, as rows: what is repeated or comes late takes nothing back."""

import pytest

from domain.payments import Checkout, CheckoutSnapshot, CheckoutState, Failure
from domain.purchases import PaymentStatus, Purchase, PurchaseOrder
from domain.refunds import Asker, Payment, Refund, RefundRequest, RefundStatus
from domain.routing import LATE_MONEY_GRACE, Candidate, Route
from persistence.database import Database
from persistence.health import HealthRecords
from persistence.integrations import IntegrationRecords
from persistence.purchases import PurchaseRecords
from persistence.refunds import RefundRecords
from persistence.routes import FAILING, PAUSED, RouteRecords
from persistence.verification import VerificationRecords
from tests.persistence.integration_samples import event, integration, stored
from tests.persistence.samples import (
    LATER,
    NOON,
    PRICE,
    TENANT,
    paid,
    refund_request,
    refund_word,
    settlement,
    viewed,
)

NORTH, SOUTH = (
    Candidate(
        integration_id=f"int-{name}",
        name=name,
        because="the tenant's",
        failover_decline_codes=("do_not_honor",),
    )
    for name in ("north", "south")
)
STRAY = Payment(payment_id="pi_stray", amount=PRICE, integration_id="int-north")


async def _declined(database: Database, ordered: PurchaseOrder) -> Purchase:
    """At north, as it is on record."""
    purchases = PurchaseRecords(database)
    for each in (NORTH, SOUTH):
        await stored(database, integration(str(each.integration_id)), None)
    begun = (await purchases.open(ordered, Route.to(NORTH, NOON), NOON)).purchase
    opened = _opened(begun, "cs_north")
    failure = Failure(code="do_not_honor", reason="Your card was declined.")
    seen = CheckoutSnapshot(session_id="cs_north", state=CheckoutState.OPEN, failure=failure)
    declined = opened.applied(seen, NOON)
    await purchases.record(settlement(opened), NOON)
    await purchases.record(settlement(declined), NOON)
    return declined


def _opened(purchase: Purchase, session_id: str) -> Purchase:
    url = f"https://pay.test/{session_id}"
    return purchase.opened(Checkout(session_id=session_id, url=url, expires_at=LATER))


@pytest.fixture
async def declined(database: Database, ordered: PurchaseOrder) -> Purchase:
    return await _declined(database, ordered)


@pytest.fixture
async def moved(database: Database, declined: Purchase) -> Purchase:
    left = declined.failed_over(SOUTH, LATER)
    await PurchaseRecords(database).leave(left, LATER)
    return left


async def test_a_checkout_that_was_left_is_not_on_record_and_its_account_stays_known(
    database: Database, moved: Purchase
) -> None:
    purchases, purchase_id = PurchaseRecords(database), moved.order.purchase_id
    assert await purchases.get(purchase_id) == moved
    view = await viewed(database, moved)
    assert (view.payment_status, view.can_retry, view.checkout_url) == (
        *(PaymentStatus.PENDING, True, None),
    )
    assert await purchases.integrations_of(purchase_id) == {"int-north", "int-south"}
    assert await VerificationRecords(database).accounts() == ("int-north", "int-south")
    resumed = await purchases.open(moved.order, None, LATER)
    assert (resumed.purchase, resumed.may_exist) == (moved, False)


async def test_a_purchase_is_found_by_each_checkout_that_it_had(
    database: Database, moved: Purchase
) -> None:
    purchases, purchase_id = PurchaseRecords(database), moved.order.purchase_id
    await purchases.record(settlement(_opened(moved, "cs_south")), LATER)
    for session_id in ("cs_south", "cs_north"):
        assert await purchases.find(TENANT, session_id) == purchase_id
    for other in ("cs_nort%", "cs_nor", "int-north", "%"):
        assert await purchases.find(TENANT, other) is None
    assert await purchases.find("ten_other", "cs_north") is None


async def test_leaving_again_changes_nothing(database: Database, moved: Purchase) -> None:
    purchases = PurchaseRecords(database)
    await purchases.leave(moved, LATER)
    opened = _opened(moved, "cs_south")
    await purchases.record(settlement(opened), LATER)

    await purchases.leave(moved, LATER)

    assert await purchases.get(moved.order.purchase_id) == opened


async def test_a_word_about_the_checkout_before_comes_too_late(
    database: Database, declined: Purchase, moved: Purchase
) -> None:
    purchases = PurchaseRecords(database)
    await purchases.record(settlement(declined), LATER)
    assert await purchases.get(moved.order.purchase_id) == moved


async def test_a_left_account_that_was_deleted_is_asked_nothing(
    database: Database, moved: Purchase
) -> None:
    assert moved.order.tenant_id == TENANT
    await IntegrationRecords(database).delete(
        TENANT, "int-north", event(), LATER + LATE_MONEY_GRACE
    )
    assert await VerificationRecords(database).accounts() == ("int-south",)


async def test_who_is_paused_or_failing_is_at_rest(database: Database) -> None:
    names = ("int-well", "int-paused", "int-failing", "int-failed-once")
    for name in names:
        await stored(database, integration(name), None)
    health = HealthRecords(database)
    await health.pause("int-paused", "key_1", None, event(), NOON)
    for _ in range(5):
        await health.failed("int-failing", "503", NOON)
    await health.failed("int-failed-once", "503", NOON)
    candidates = [Candidate(), *(Candidate(integration_id=name) for name in names)]

    at_rest = await RouteRecords(database).at_rest(candidates)

    assert at_rest == {"int-paused": PAUSED, "int-failing": FAILING}


def _return_of_stray(purchase: Purchase) -> RefundRequest:
    request = refund_request(purchase.order.purchase_id, "ref_stray", asker=Asker.PAYBIND)
    return request.model_copy(update={"stray": STRAY})


async def test_stray_money_goes_back_to_where_it_came_and_counts_for_nothing_else(
    database: Database, moved: Purchase
) -> None:
    purchases, refunds = PurchaseRecords(database), RefundRecords(database)
    completed = paid(moved).model_copy(update={"route": moved.route})
    await purchases.record(settlement(completed), LATER)

    refund = await refunds.request(_return_of_stray(moved), LATER)

    assert isinstance(refund, Refund)
    assert (refund.payment_id, refund.integration_id) == ("pi_stray", "int-north")
    assert (refund.amount, refund.status) == (PRICE, RefundStatus.PENDING)
    word = refund_word("re_stray", PRICE.minor, payment_id="pi_stray")
    await refunds.record_outcome("ref_stray", word, (), LATER)
    view = await viewed(database, moved)
    assert (view.amount_refunded.minor, view.policy and view.policy.cancelled_at) == (0, None)
    verification = VerificationRecords(database)
    assert await verification.returned() == {"pi_stray": PRICE.minor}
    [told] = await verification.paid_purchases()
    assert (told.refunds, told.failovers) == ((), 1)
    assert await verification.findings() == ()
    own = await refunds.request(refund_request(moved.order.purchase_id, "ref_own"), LATER)
    assert isinstance(own, Refund)
    assert (own.payment_id, own.amount) == (completed.payment_id, PRICE)


async def test_a_refund_of_stray_money_that_was_made_by_hand_is_kept_as_that_accounts(
    database: Database, moved: Purchase
) -> None:
    refunds, purchase_id = RefundRecords(database), moved.order.purchase_id
    word = refund_word("re_hand", PRICE.minor, payment_id="pi_stray")

    adopted = await refunds.adopt(purchase_id, word, (), LATER, "int-north")

    assert (adopted.integration_id, adopted.payment_id) == ("int-north", "pi_stray")
    assert not isinstance(await refunds.request(_return_of_stray(moved), LATER), Refund)
