"""Opening a purchase: the row before the provider, and never a second checkout."""

from datetime import UTC, datetime, timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.checkouts import Opening
from activities.purchases import CheckoutExpiry, Standing
from domain.errors import Code
from domain.money import Money
from domain.payments import CheckoutState
from domain.policies import PolicyStatus
from domain.purchases import PurchaseOrder, Refusal, ReviewReason, Settlement
from domain.refunds import RefundStatus
from gateways.faults import OutcomeUnknown
from tests.fake_refund_rows import FakeRefundRecords
from tests.fake_rows import FakePurchaseRecords
from tests.fake_world import PRICE, World

STARTED = datetime(2026, 11, 20, tzinfo=UTC)


def _opening(order: PurchaseOrder, group: int = 1) -> Opening:
    expires_at = STARTED + timedelta(hours=23)
    return Opening(order=order, started_at=STARTED, expires_at=expires_at, group=group)


async def _open(world: World, opening: Opening) -> Standing:
    standing = await ActivityEnvironment().run(world.purchases().open_purchase, opening)
    assert isinstance(standing, Standing)
    return standing


async def test_the_customer_comes_back_to_the_page_of_what_they_did() -> None:
    world = World()
    order = world.order()
    await _open(world, _opening(order))
    (request,) = world.payments.requests.values()
    assert request.success_url == f"https://paybind.example/success/{order.purchase_id}"
    assert request.cancel_url == f"https://paybind.example/cancel/{order.purchase_id}"


async def test_the_row_is_there_before_the_provider_is_asked() -> None:
    world = World()
    order = world.order()
    seen: list[bool] = []
    world.payments.before_next["open_checkout"] = lambda: seen.append(
        order.purchase_id in world.rows.purchases
    )
    await _open(world, _opening(order))
    assert seen == [True]


async def test_our_ids_ride_along_and_the_key_is_the_purchases_own() -> None:
    world = World()
    order = world.order()
    await _open(world, _opening(order))
    (request,) = world.payments.requests.values()
    assert (request.purchase_id, request.tenant_id) == (order.purchase_id, order.tenant_id)
    assert request.idempotency_key == order.key("checkout", 1)
    assert request.price == PRICE


async def test_an_open_purchase_is_not_opened_again() -> None:
    world = World()
    opening = _opening(world.order())
    first = await _open(world, opening)
    second = await _open(world, opening)
    assert first.purchase == second.purchase
    assert world.payments.calls == ["open_checkout"]


async def test_a_try_whose_answer_was_lost_is_repeated_under_the_same_key() -> None:
    world = World()
    opening = _opening(world.order())
    world.payments.faults_after["open_checkout"].append(OutcomeUnknown("no answer"))
    with pytest.raises(ApplicationError) as told:
        await _open(world, opening)
    assert told.value.type == "OutcomeUnknown"
    await _open(world, opening)
    assert len(world.payments.requests) == 1


@pytest.mark.parametrize(("group", "looked"), [(1, False), (2, True), (3, True)])
async def test_a_later_group_of_keys_looks_before_it_asks(group: int, looked: bool) -> None:
    world = World()
    await _open(world, _opening(world.order(), group))
    assert ("find_checkout" in world.payments.calls) is looked
    assert world.payments.calls[-1] == "open_checkout"


async def test_a_quote_in_other_hands_is_refused_before_the_provider_is_asked() -> None:
    world = World()
    first = world.order()
    await _open(world, _opening(first))
    second = world.order(attempt=2, quote_id=first.quote_id)
    refused = await ActivityEnvironment().run(world.purchases().open_purchase, _opening(second))
    assert isinstance(refused, Refusal)
    assert refused.code is Code.QUOTE_ALREADY_PAID
    assert world.payments.calls == ["open_checkout"]


async def test_expiring_gives_how_the_checkout_really_ended() -> None:
    world = World()
    order = world.order()
    await _open(world, _opening(order))
    session_id = world.payments.session_of(order.purchase_id)
    expiry = CheckoutExpiry(provider="stripe", session_id=session_id, idempotency_key="pur_1:x:1")
    expire = world.purchases().expire_checkout
    assert (await ActivityEnvironment().run(expire, expiry)).state is CheckoutState.EXPIRED
    world.payments.pay(order.purchase_id)
    assert (await ActivityEnvironment().run(expire, expiry)).paid == PRICE
    assert set(world.payments.expired_under) == {"pur_1:x:1"}


async def test_an_expiry_asked_for_before_it_carried_a_key_has_one_of_its_own() -> None:
    world = World()
    order = world.order()
    await _open(world, _opening(order))
    session_id = world.payments.session_of(order.purchase_id)
    asked = {"provider": "stripe", "session_id": session_id}
    expiry = CheckoutExpiry.model_validate(asked)
    await ActivityEnvironment().run(world.purchases().expire_checkout, expiry)
    assert world.payments.expired_under == [f"{session_id}:expire"]


async def _paid(world: World, order: PurchaseOrder) -> None:
    standing = await _open(world, _opening(order))
    world.payments.pay(order.purchase_id)
    seen = world.payments.snapshots[world.payments.session_of(order.purchase_id)]
    settled = Settlement(purchase=standing.purchase.applied(seen, STARTED))
    await ActivityEnvironment().run(world.purchases().record_settlement, settled)


async def test_a_paid_purchase_owes_its_policy_until_the_money_is_back() -> None:
    world = World()
    order = world.order()
    await _paid(world, order)
    owed = await ActivityEnvironment().run(world.purchases().read_standing, order)
    assert (owed.owes_policy, owed.goes_back) == (True, False)
    refunds = FakeRefundRecords(world.rows)
    request = world.refund_request(order)
    await refunds.request(request, STARTED)
    claimed = await ActivityEnvironment().run(world.purchases().read_standing, order)
    assert (claimed.owes_policy, claimed.goes_back) == (True, True)
    world.rows.refunds[request.refund_id] = world.rows.refunds[request.refund_id].model_copy(
        update={"status": RefundStatus.SUCCEEDED}
    )
    returned = await ActivityEnvironment().run(world.purchases().read_standing, order)
    assert (returned.owes_policy, returned.goes_back) == (False, True)


async def test_a_partial_refund_leaves_the_policy_owed() -> None:
    world = World()
    order = world.order()
    await _paid(world, order)
    await FakeRefundRecords(world.rows).request(world.refund_request(order, 1), STARTED)
    standing = await ActivityEnvironment().run(world.purchases().read_standing, order)
    assert (standing.owes_policy, standing.goes_back) == (True, False)


async def test_a_resuming_run_learns_what_stands_in_review_and_in_hand() -> None:
    world = World()
    order = world.order()
    await _paid(world, order)
    await ActivityEnvironment().run(world.policies().issue_policy, order.purchase_id)
    records = FakePurchaseRecords(world.rows)
    await records.flag_review(order.purchase_id, ReviewReason.DISPUTE_OPENED, "dp_1", STARTED)
    standing = await _open(world, _opening(order))
    assert standing.policy_status is PolicyStatus.ISSUED
    assert standing.reviews == (ReviewReason.DISPUTE_OPENED,)
    assert standing.owes_policy


async def test_the_policy_is_printed_once() -> None:
    world = World()
    order = world.order()
    await _paid(world, order)
    issue = world.policies().issue_policy
    first = await ActivityEnvironment().run(issue, order.purchase_id)
    assert await ActivityEnvironment().run(issue, order.purchase_id) == first
    assert len(world.printer.printed) == 1
    assert world.store.documents.keys() == {first.location}


async def test_a_policy_whose_quote_is_missing_is_not_printed() -> None:
    world = World()
    order = world.order()
    await _paid(world, order)
    del world.rows.quotes[order.quote_id]
    with pytest.raises(LookupError, match=order.quote_id):
        await ActivityEnvironment().run(world.policies().issue_policy, order.purchase_id)
    assert (world.printer.printed, world.store.documents) == ([], {})


async def test_another_amount_draws_no_policy() -> None:
    world = World()
    order = world.order()
    standing = await _open(world, _opening(order))
    world.payments.pay(order.purchase_id, Money(minor=1, currency="SGD"))
    seen = world.payments.snapshots[world.payments.session_of(order.purchase_id)]
    settled = Settlement(purchase=standing.purchase.applied(seen, STARTED))
    drawn = await ActivityEnvironment().run(world.purchases().record_settlement, settled)
    assert drawn.policy_number is None
    with pytest.raises(LookupError):
        await ActivityEnvironment().run(world.policies().issue_policy, order.purchase_id)
