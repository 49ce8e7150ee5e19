"""What the provider tells of refunds after they were asked for, and of those that were not."""

import asyncio

from connections import connect_temporal
from domain.events import EventOutcome
from domain.identifiers import derived_id
from domain.money import Money
from domain.payments import ProviderRefundState
from domain.purchases import RefundProgress, ReviewReason
from domain.refunds import Asker, RefundStatus
from tests.api.door import Door, Json, code_of, event_about
from workflows import attributes


async def _asked(door: Door, purchase_id: str) -> str:
    """A refund of SGD 50.00; gives its id."""
    answer = await door.http.post(f"/purchases/{purchase_id}/refund", json={"amount": 5_000})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["refund_id"])


async def _tell(door: Door, kind: str, subject: Json, event_id: str) -> None:
    answer = await door.deliver(event_about(subject, kind, event_id))
    assert answer.status_code == 200, answer.text


def _ours(made: str, refund_id: str, purchase_id: str) -> Json:
    """A refund as it stands in the provider's event, with the ids that we sent along."""
    ids = {"refund_id": refund_id, "purchase_id": purchase_id}
    return {"id": made, "object": "refund", "payment_intent": "pi_1", "metadata": ids}


async def test_a_refund_that_fails_at_the_bank_is_no_longer_counted_and_asks_for_a_person(
    door: Door,
) -> None:
    purchase_id = await door.paid()
    refund_id = await _asked(door, purchase_id)
    await door.until(purchase_id, "refund_status", RefundProgress.PARTIAL)

    made = door.payments.provider_id_of(refund_id)
    door.payments.settle_refund(made, ProviderRefundState.FAILED, "the account is closed")
    event_id = f"evt_failed_{refund_id}"
    await _tell(door, "refund.failed", _ours(made, refund_id, purchase_id), event_id)

    await door.until(purchase_id, "needs_review", True)
    seen = await door.seen(purchase_id)
    assert (seen.refund_status, seen.amount_refunded.minor) == (RefundProgress.NONE, 0)
    assert [each.reason for each in seen.reviews] == [ReviewReason.REFUND_FAILED]
    assert [each.failure_reason for each in seen.refunds] == ["the account is closed"]
    taken = await door.stored(event_id)
    assert taken.outcome is EventOutcome.HANDED_OVER
    assert (taken.workflow_id, taken.purchase_id) == (f"refund-{refund_id}", purchase_id)
    assert taken.handled_at is not None
    letters = await _letters(door, purchase_id, 3)
    assert letters == ["payment_confirmation", "refund_made", "refund_returned"]


async def test_a_refund_is_listed_for_operators_until_they_have_resolved_its_review(
    door: Door,
) -> None:
    purchase_id = await door.paid()
    door.payments.refuse_next("create_refund")
    refund_id = await _asked(door, purchase_id)
    await door.until(purchase_id, "needs_review", True)
    run = (await connect_temporal(door.settings)).get_workflow_handle(f"refund-{refund_id}")

    resolve = f"/purchases/{purchase_id}/reviews/refund_failed/resolve"
    for _ in range(2):  # what is resolved already, and asks for nobody any more
        assert (await door.http.post(resolve)).status_code == 200
        await run.result()

    seen = (await run.describe()).typed_search_attributes
    assert seen[attributes.NEEDS_REVIEW] is False


async def test_a_full_refund_that_came_back_leaves_the_policy_in_force_again(door: Door) -> None:
    purchase_id = await door.paid()
    asked = await door.http.post(f"/purchases/{purchase_id}/refund")
    refund_id = str(asked.json()["refund_id"])
    await door.until(purchase_id, "policy_status", "cancelled")

    made = door.payments.provider_id_of(refund_id)
    door.payments.settle_refund(made, ProviderRefundState.FAILED, "the account is closed")
    event_id = f"evt_failed_{refund_id}"
    await _tell(door, "refund.failed", _ours(made, refund_id, purchase_id), event_id)
    await door.until(purchase_id, "refund_status", RefundProgress.NONE)

    seen = await door.seen(purchase_id)
    assert seen.policy is not None
    assert (seen.policy.cancelled_at, seen.amount_refunded.minor) == (None, 0)
    completed = await door.http.post(f"/purchases/{purchase_id}/complete")
    assert completed.status_code == 200
    assert completed.json()["policy"]["status"] in ("issued", "delivered")


async def test_a_refund_that_the_bank_takes_days_for_ends_with_the_providers_word(
    door: Door,
) -> None:
    purchase_id = await door.paid()
    door.payments.next_refunds.append(ProviderRefundState.PENDING)
    refund_id = await _asked(door, purchase_id)
    await _until_refund(door, refund_id, "provider_refund_id")
    assert (await door.seen(purchase_id)).refund_status is RefundProgress.NONE

    made = door.payments.provider_id_of(refund_id)
    door.payments.settle_refund(made, ProviderRefundState.SUCCEEDED)
    event_id = f"evt_settled_{refund_id}"
    await _tell(door, "refund.updated", _ours(made, refund_id, purchase_id), event_id)

    await door.until(purchase_id, "refund_status", RefundProgress.PARTIAL)
    seen = await door.seen(purchase_id)
    assert [each.status for each in seen.refunds] == [RefundStatus.SUCCEEDED]
    assert seen.needs_review is False


async def test_news_of_a_refund_that_was_never_recorded_is_kept_and_changes_nothing(
    door: Door,
) -> None:
    purchase_id = await door.paid()
    unknown = derived_id("ref", purchase_id, "unknown")
    event_id = f"evt_unknown_{purchase_id}"
    await _tell(door, "refund.updated", _ours("re_x", unknown, purchase_id), event_id)
    assert (await door.stored(event_id)).outcome is EventOutcome.UNMATCHED
    seen = await door.seen(purchase_id)
    assert (seen.refunds, seen.needs_review) == ((), False)


async def test_a_refund_made_in_the_providers_dashboard_is_found_by_its_payment(
    door: Door,
) -> None:
    purchase_id = await door.paid()
    payment_id = (await door.seen(purchase_id)).provider_payment_id
    assert payment_id is not None
    price = Money(minor=2_500, currency="SGD")
    made = door.payments.refund_in_dashboard(payment_id, price)
    found: Json = {"id": made, "object": "refund", "payment_intent": payment_id}
    await _tell(door, "refund.created", found, f"evt_found_{made}_{purchase_id}")

    await door.until(purchase_id, "refund_status", RefundProgress.PARTIAL)
    (refund,) = (await door.seen(purchase_id)).refunds
    assert (refund.asker, refund.amount.minor) == (Asker.PROVIDER, 2_500)
    assert refund.provider_refund_id == made


async def test_a_refund_of_a_payment_that_is_not_known_yet_is_asked_for_again(door: Door) -> None:
    found: Json = {"id": "re_early", "object": "refund", "payment_intent": "pi_unheard_of"}
    answer = await door.deliver(event_about(found, "refund.created", "evt_early_refund"))
    assert code_of(answer) == (503, "unavailable")


async def _letters(door: Door, purchase_id: str, number: int) -> list[str]:
    """The kinds of so many letters, once they have left."""
    async with asyncio.timeout(20):
        while len((seen := await door.seen(purchase_id)).emails) < number:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return [each.template for each in seen.emails]


async def _until_refund(door: Door, refund_id: str, field: str) -> None:
    """Until the refund shows something there."""
    async with asyncio.timeout(20):
        while not (await door.http.get(f"/refunds/{refund_id}")).json()[field]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
