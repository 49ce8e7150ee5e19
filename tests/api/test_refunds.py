"""Giving money back: a person's yes or no, and wishes that are repeated."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from connections import connect_temporal
from domain.payments import ProviderRefundState
from domain.purchases import RefundProgress
from domain.refunds import Refund
from persistence.refunds import RefundRecords
from services.refunds import REPEATED_WITHIN
from tests.api.conftest import door_over
from tests.api.door import Door, code_of

LARGE = 80_000


@dataclass(frozen=True)
class RefundsLookedAtEarly(RefundRecords):
    """Something happens after a look at a refund, before the looker acts on it."""

    meanwhile: Callable[[], Awaitable[object]]

    async def get(self, tenant_id: str, refund_id: str) -> Refund | None:
        seen = await super().get(tenant_id, refund_id)
        await self.meanwhile()
        return seen


async def _large_refund(door: Door) -> tuple[str, str]:
    """A paid purchase and the refund of all its money, which waits for a person."""
    quote_id = await door.quote(price={"minor": LARGE, "currency": "SGD"}, tax=None)
    purchase_id = str((await door.purchase(quote_id, amount=LARGE))["purchase_id"])
    door.payments.pay(purchase_id)
    await door.tell("checkout.session.completed", purchase_id)
    await door.until(purchase_id, "policy_status", "delivered")
    asked = await door.http.post(f"/purchases/{purchase_id}/refund")
    assert (asked.status_code, asked.json()["status"]) == (202, "awaiting_approval")
    return purchase_id, str(asked.json()["refund_id"])


async def test_a_persons_yes_gives_the_money_back(door: Door) -> None:
    purchase_id, refund_id = await _large_refund(door)
    payment_id = str((await door.seen(purchase_id)).provider_payment_id)
    assert door.payments.refunded(payment_id) == 0

    agreed = await door.http.post(f"/refunds/{refund_id}/approve", json={"note": "a fair claim"})

    assert (agreed.status_code, agreed.json()["status"]) == (200, "pending")
    assert str(agreed.json()["decided_by"]).startswith("key_")
    await door.until(purchase_id, "refund_status", RefundProgress.FULL)
    assert door.payments.refunded(payment_id) == LARGE


async def test_a_persons_no_moves_nothing(door: Door) -> None:
    purchase_id, refund_id = await _large_refund(door)
    declined = await door.http.post(f"/refunds/{refund_id}/decline", json={"note": "used already"})
    assert (declined.status_code, declined.json()["status"]) == (200, "declined")
    seen = await door.seen(purchase_id)
    assert (seen.refund_status, seen.amount_refunded.minor) == (RefundProgress.NONE, 0)
    assert door.payments.refunded(str(seen.provider_payment_id)) == 0


async def test_a_no_that_was_overtaken_by_somebody_elses_yes_is_told_so(door: Door) -> None:
    purchase_id, refund_id = await _large_refund(door)
    door.payments.next_refunds.append(ProviderRefundState.PENDING)
    services = door.app.state.services

    async def approve() -> None:
        assert (await door.http.post(f"/refunds/{refund_id}/approve")).is_success

    rows = RefundsLookedAtEarly(services.refunds.refunds.database, approve)
    refunds = replace(services.refunds, refunds=rows)
    async with door_over(door, replace(services, refunds=refunds)) as http:
        late = await http.post(f"/refunds/{refund_id}/decline")

    assert code_of(late) == (409, "refund_not_awaiting_approval")
    assert late.json()["purchase_id"] == purchase_id
    assert (await door.http.get(f"/refunds/{refund_id}")).json()["status"] == "pending"


@pytest.mark.parametrize(
    ("first", "late", "became"),
    [("approve", "decline", "succeeded"), ("decline", "approve", "declined")],
)
async def test_a_word_that_comes_after_the_other_was_carried_out_is_told_what_became_of_it(
    door: Door, first: str, late: str, became: str
) -> None:
    purchase_id, refund_id = await _large_refund(door)
    services, temporal = door.app.state.services, await connect_temporal(door.settings)

    async def decided_and_closed() -> None:
        assert (await door.http.post(f"/refunds/{refund_id}/{first}")).is_success
        await temporal.get_workflow_handle(f"refund-{refund_id}").result()

    rows = RefundsLookedAtEarly(services.refunds.refunds.database, decided_and_closed)
    refunds = replace(services.refunds, refunds=rows)
    async with door_over(door, replace(services, refunds=refunds)) as http:
        told = await http.post(f"/refunds/{refund_id}/{late}")

    assert code_of(told) == (409, "refund_not_awaiting_approval")
    assert told.json()["detail"] == f"{refund_id} is {became}"
    assert told.json()["purchase_id"] == purchase_id


async def test_a_refund_that_nobody_asked_for_cannot_be_decided(door: Door) -> None:
    for word in ("approve", "decline"):
        answer = await door.http.post(f"/refunds/ref_{'a' * 22}/{word}")
        assert code_of(answer) == (404, "refund_not_found")


async def test_a_wish_repeated_past_the_change_of_the_clocks_tens_is_the_same_refund(
    door: Door,
) -> None:
    """Wishes without a key are told apart by the ten minutes they fall into."""
    purchase_id = await door.paid()
    services, length = door.app.state.services, REPEATED_WITHIN.total_seconds()
    began = datetime.fromtimestamp(datetime.now(UTC).timestamp() // length * length, UTC)
    answers = []
    for at in (began - timedelta(seconds=1), began + timedelta(seconds=1)):
        refunds = replace(services.refunds, clock=lambda at=at: at)
        async with door_over(door, replace(services, refunds=refunds)) as http:
            wish = await http.post(f"/purchases/{purchase_id}/refund", json={"amount": 5_000})
            answers.append((wish.status_code, wish.json()["refund_id"]))
    assert answers[0] == answers[1]
    await door.until(purchase_id, "refund_status", RefundProgress.PARTIAL)
    assert (await door.seen(purchase_id)).amount_refunded.minor == 5_000


async def test_what_is_not_paid_is_not_refunded(door: Door) -> None:
    purchase_id = str((await door.purchase())["purchase_id"])
    refused = await door.http.post(f"/purchases/{purchase_id}/refund")
    assert code_of(refused) == (409, "not_paid")
