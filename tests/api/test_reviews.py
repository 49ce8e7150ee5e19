"""What a person must decide, and what operators can do about it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from httpx import AsyncClient
from prometheus_client.parser import text_string_to_metric_families

from connections import connect_temporal
from domain.policies import PolicyStatus
from domain.purchases import ReviewReason, workflow_id_of
from tests.api.door import Door, code_of

DEFECT = "the font is missing"


@pytest.fixture
async def unprintable(door: Door) -> AsyncIterator[str]:
    """A paid purchase whose policy the printer cannot print, until it is mended."""
    purchase_id = str((await door.purchase())["purchase_id"])
    door.printer.defect = DEFECT
    try:
        door.payments.pay(purchase_id)
        await door.tell("checkout.session.completed", purchase_id)
        await door.until(purchase_id, "needs_review", True)
        yield purchase_id
    finally:
        door.printer.defect = None


async def test_a_policy_that_could_not_be_printed_is_printed_when_an_operator_asks(
    door: Door, unprintable: str
) -> None:
    (review,) = (await door.seen(unprintable)).reviews
    assert (review.reason, review.detail) == (ReviewReason.POLICY_NOT_ISSUED, DEFECT)
    assert review.resolved_at is None

    door.printer.defect = None
    retried = await door.http.post(f"/purchases/{unprintable}/retry-issue")

    assert retried.status_code == 202
    await door.until(unprintable, "policy_status", PolicyStatus.DELIVERED)
    seen = await door.seen(unprintable)
    assert seen.needs_review is False
    assert [each.resolved_at is None for each in seen.reviews] == [False]


async def test_open_reviews_are_a_figure_to_alert_on(door: Door, unprintable: str) -> None:
    before = await _open_reviews(door)
    assert set(before) == set(ReviewReason)  # where there is none, the figure is there and 0
    assert before[ReviewReason.POLICY_NOT_ISSUED] >= 1

    await door.http.post(f"/purchases/{unprintable}/reviews/policy_not_issued/resolve")

    after = await _open_reviews(door)
    assert after[ReviewReason.POLICY_NOT_ISSUED] == before[ReviewReason.POLICY_NOT_ISSUED] - 1


async def _open_reviews(door: Door) -> dict[str, float]:
    text = (await door.http.get("/metrics")).text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    return {s.labels["reason"]: s.value for s in families["paybind_open_reviews"].samples}


async def test_a_printer_that_is_still_broken_leaves_the_policy_in_review(
    door: Door, unprintable: str
) -> None:
    retried = await door.http.post(f"/purchases/{unprintable}/retry-issue")
    assert (retried.status_code, retried.json()["policy_status"]) == (202, "none")
    assert retried.json()["needs_review"] is True


async def test_a_policy_that_nobody_waits_for_is_not_printed_again(door: Door) -> None:
    purchase_id = await door.paid()
    again = await door.http.post(f"/purchases/{purchase_id}/retry-issue")
    assert code_of(again) == (409, "not_in_review")
    assert again.json()["purchase_id"] == purchase_id


async def test_a_review_that_outlived_its_reason_prints_nothing_and_can_be_closed(
    door: Door,
) -> None:
    purchase_id = await door.paid()
    temporal = await connect_temporal(door.settings)
    await temporal.get_workflow_handle(workflow_id_of(purchase_id)).result()  # nothing is awaited
    await _flag(door, purchase_id, ReviewReason.POLICY_NOT_ISSUED)
    again = await door.http.post(f"/purchases/{purchase_id}/retry-issue")
    assert code_of(again) == (409, "not_in_review")
    assert again.json()["purchase_id"] == purchase_id

    resolved = await _resolve(door.http, purchase_id, ReviewReason.POLICY_NOT_ISSUED)
    assert resolved == (200, False)


async def test_of_two_reviews_the_one_that_is_resolved_leaves_the_other_open(door: Door) -> None:
    purchase_id = await door.paid()
    for reason in (ReviewReason.DISPUTE_OPENED, ReviewReason.AMOUNT_DIFFERS):
        await _flag(door, purchase_id, reason)
    assert await _resolve(door.http, purchase_id, ReviewReason.DISPUTE_OPENED) == (200, True)
    open_ones = [
        each.reason for each in (await door.seen(purchase_id)).reviews if each.resolved_at is None
    ]
    assert open_ones == [ReviewReason.AMOUNT_DIFFERS]
    assert await _resolve(door.http, purchase_id, ReviewReason.AMOUNT_DIFFERS) == (200, False)


async def test_resolving_what_is_not_in_review_changes_nothing(door: Door) -> None:
    purchase_id = await door.paid()
    for _ in range(2):
        resolved = await _resolve(door.http, purchase_id, ReviewReason.DISPUTE_OPENED)
        assert resolved == (200, False)
    assert (await door.seen(purchase_id)).reviews == ()


async def test_only_a_tenants_own_operators_decide(
    door: Door, neighbour: AsyncClient, unprintable: str
) -> None:
    for path in ("retry-issue", "reviews/policy_not_issued/resolve"):
        refused = await neighbour.post(f"/purchases/{unprintable}/{path}")
        assert code_of(refused) == (404, "purchase_not_found")
    assert (await door.seen(unprintable)).needs_review is True


async def _flag(door: Door, purchase_id: str, reason: ReviewReason) -> None:
    rows = door.app.state.services.purchases.purchases
    await rows.flag_review(purchase_id, reason, "seen by a person", datetime.now(UTC))


async def _resolve(http: AsyncClient, purchase_id: str, reason: ReviewReason) -> tuple[int, bool]:
    """The status of the answer, and whether something is left to decide."""
    answer = await http.post(f"/purchases/{purchase_id}/reviews/{reason}/resolve")
    return answer.status_code, answer.json()["needs_review"]
