"""When two things happen at once, the answer is what is true afterwards, and it can be repeated."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from httpx import AsyncClient

from domain.policies import PolicyStatus
from domain.purchases import PaymentStatus, Purchase, workflow_id_of
from persistence.database import Database
from persistence.purchases import PurchaseRecords
from tests.api.conftest import door_over
from tests.api.door import Door, code_of, wanted


@dataclass(frozen=True)
class RowsLookedAtEarly(PurchaseRecords):
    """Something happens after each look at a quote's purchase, before the looker acts on it."""

    meanwhile: Callable[[], Awaitable[object]]

    async def latest_of_quote(self, tenant_id: str, quote_id: str) -> Purchase | None:
        seen = await super().latest_of_quote(tenant_id, quote_id)
        await self.meanwhile()
        return seen


@asynccontextmanager
async def _overtaken(
    door: Door, meanwhile: Callable[[], Awaitable[object]]
) -> AsyncIterator[AsyncClient]:
    services = door.app.state.services
    database: Database = services.purchases.purchases.database
    purchases = replace(services.purchases, purchases=RowsLookedAtEarly(database, meanwhile))
    async with door_over(door, replace(services, purchases=purchases)) as http:
        yield http


# Starting


async def test_a_checkout_that_the_provider_refuses_frees_the_quote(door: Door) -> None:
    body = wanted(await door.quote())
    door.payments.refuse_next("open_checkout")
    refused = await door.http.post("/purchases", json=body)
    assert code_of(refused) == (409, "provider_refused")
    failed = await door.seen(refused.json()["purchase_id"])
    assert (failed.payment_status, failed.can_retry) == (PaymentStatus.FAILED, False)

    again = await door.http.post("/purchases", json=body)
    assert again.status_code == 201
    assert again.json()["purchase_id"] != failed.purchase_id


async def test_a_purchase_cancelled_while_it_is_asked_for_again_gives_way_to_a_new_one(
    door: Door,
) -> None:
    quote_id = await door.quote()
    first = await door.purchase(quote_id)

    async def cancel() -> None:
        await door.http.post(f"/purchases/{first['purchase_id']}/cancel")

    async with _overtaken(door, cancel) as http:
        answer = await http.post("/purchases", json=wanted(quote_id))

    assert answer.status_code == 201
    assert answer.json()["payment_status"] == "pending"
    assert answer.json()["purchase_id"] != first["purchase_id"]


async def test_nobody_is_sent_to_a_checkout_that_was_cancelled_while_it_was_asked_for(
    door: Door,
) -> None:
    quote_id = await door.quote()
    body = wanted(quote_id)

    async def start_and_cancel() -> None:
        started = await door.http.post("/purchases", json=body)
        await door.http.post(f"/purchases/{started.json()['purchase_id']}/cancel")

    async with _overtaken(door, start_and_cancel) as http:
        answer = await http.post("/purchases", json=body)
    assert code_of(answer) == (409, "purchase_closed")
    assert (await door.http.post("/purchases", json=body)).status_code == 201


async def test_an_asker_who_meets_only_refused_checkouts_is_told_that_nothing_was_charged(
    door: Door,
) -> None:
    body = wanted(await door.quote())

    async def start_in_vain() -> None:
        door.payments.refuse_next("open_checkout")
        await door.http.post("/purchases", json=body)

    async with _overtaken(door, start_in_vain) as http:
        answer = await http.post("/purchases", json=body)
    assert code_of(answer) == (409, "provider_refused")
    assert "Nothing was charged" in answer.json()["detail"]


# Cancelling


async def test_a_payment_that_is_faster_than_the_cancellation_wins(door: Door) -> None:
    purchase_id = str((await door.purchase())["purchase_id"])
    payments = door.payments
    payments.before_next["expire_checkout"] = lambda: payments.pay(purchase_id)
    cancelled = await door.http.post(f"/purchases/{purchase_id}/cancel")
    assert code_of(cancelled) == (409, "already_paid")
    assert cancelled.json()["purchase_id"] == purchase_id
    await door.until(purchase_id, "policy_status", PolicyStatus.DELIVERED)
    assert (await door.seen(purchase_id)).refunds == ()


async def test_a_purchase_that_ended_by_itself_is_closed_not_cancelled(door: Door) -> None:
    purchase_id = str((await door.purchase())["purchase_id"])
    door.payments.expire(purchase_id)
    await door.tell("checkout.session.expired", purchase_id)
    await door.until(purchase_id, "payment_status", PaymentStatus.EXPIRED)
    cancelled = await door.http.post(f"/purchases/{purchase_id}/cancel")
    assert code_of(cancelled) == (409, "purchase_closed")
    assert (await door.seen(purchase_id)).payment_status is PaymentStatus.EXPIRED


# Completing


async def test_a_policy_that_is_still_in_the_press_is_asked_for_again(door: Door) -> None:
    purchases = door.app.state.services.purchases
    hasty = replace(
        door.app.state.services, purchases=replace(purchases, policy_within=timedelta())
    )
    purchase_id = str((await door.purchase())["purchase_id"])
    door.printer.hold()
    try:
        door.payments.pay(purchase_id)
        await door.tell("checkout.session.completed", purchase_id)
        await door.until(purchase_id, "payment_status", PaymentStatus.COMPLETED)
        async with door_over(door, hasty) as http:
            early = await http.post(f"/purchases/{purchase_id}/complete")
        assert code_of(early) == (409, "policy_pending")
        assert early.json()["can_retry"] is True
    finally:
        door.printer.let_go()
    assert (await door.http.post(f"/purchases/{purchase_id}/complete")).status_code == 200


# Answers that come late, or never


async def test_an_answer_that_takes_too_long_is_there_when_it_is_asked_for_again(
    door: Door,
) -> None:
    body = wanted(await door.quote())
    door.payments.hold("open_checkout")
    try:
        async with _impatient(door) as http:
            slow = await http.post("/purchases", json=body)
        assert code_of(slow) == (503, "unavailable")
        assert slow.json()["can_retry"] is True
    finally:
        door.payments.let_go("open_checkout")
    again = await door.http.post("/purchases", json=body)
    assert again.is_success
    opened = [request.purchase_id for request in door.payments.requests.values()]
    assert opened.count(again.json()["purchase_id"]) == 1


async def test_a_purchase_whose_workflow_was_stopped_while_it_was_asked_goes_on_when_asked_again(
    door: Door,
) -> None:
    body = wanted(await door.quote())
    client = door.app.state.services.health.client
    door.payments.hold("open_checkout")
    try:
        asked = asyncio.create_task(door.http.post("/purchases", json=body))
        purchase_id = await _recorded(door, str(body["quote_id"]))
        await client.get_workflow_handle(workflow_id_of(purchase_id)).terminate("by mistake")
        assert code_of(await asked) == (503, "unavailable")
    finally:
        door.payments.let_go("open_checkout")
    again = await door.http.post("/purchases", json=body)
    assert (again.status_code, again.json()["purchase_id"]) == (200, purchase_id)
    assert again.json()["checkout_url"]


@asynccontextmanager
async def _impatient(door: Door) -> AsyncIterator[AsyncClient]:
    """A door that waits a moment for Temporal's answers."""
    services = door.app.state.services
    workflows = replace(services.purchases.workflows, answer_within=timedelta(milliseconds=100))
    purchases = replace(services.purchases, workflows=workflows)
    async with door_over(door, replace(services, purchases=purchases)) as http:
        yield http


async def _recorded(door: Door, quote_id: str) -> str:
    """The id of the quote's purchase, as soon as its row is there."""
    async with asyncio.timeout(20):
        while True:
            page = await door.http.get("/purchases", params={"quote_id": quote_id})
            for purchase in page.json()["items"]:
                return str(purchase["purchase_id"])
            await asyncio.sleep(0.02)
