"""Webhook events as rows: stored once, told apart into seen and handled."""

import asyncio

import pytest
from sqlmodel import update

from domain.errors import NotFound
from domain.events import EventOutcome, WebhookEvent, provider_of
from persistence.database import Database
from persistence.events import EventRecords
from persistence.purchases import PurchaseRecords
from persistence.rows.purchases import PurchaseRow
from tests.persistence.samples import LATER, NOON, TENANT, SignedEvent, paid_purchase


async def stored(events: EventRecords, provider_event_id: str = "evt_1") -> WebhookEvent:
    event, is_new = await events.store("stripe", SignedEvent(provider_event_id), NOON)
    assert is_new
    return event


async def test_an_event_is_new_once_and_its_deliveries_are_counted(database: Database) -> None:
    events = EventRecords(database)
    first = await stored(events)

    again, is_new = await events.store("stripe", SignedEvent("evt_1", payload="{}"), LATER)

    assert not is_new
    assert again == first.model_copy(update={"deliveries": 2})
    assert await events.told_as("evt_1") == (again,)
    assert await events.told_as("evt_2") == ()


async def test_of_deliveries_at_once_one_is_new(database: Database) -> None:
    events = EventRecords(database)
    for number in range(50):  # they meet in one of twelve
        event = SignedEvent(f"evt_{number}")

        answers = await asyncio.gather(*(events.store("stripe", event, NOON) for _ in range(8)))

        assert sorted(is_new for _, is_new in answers) == [False] * 7 + [True]
        assert max(stored.deliveries for stored, _ in answers) == 8


async def test_an_event_belongs_to_the_purchase_that_it_names_if_that_is_ours(
    database: Database,
) -> None:
    events = EventRecords(database)
    purchase_id = (await paid_purchase(database)).order.purchase_id

    ours, _ = await events.store("stripe", SignedEvent("evt_1", purchase_id=purchase_id), NOON)
    of_nobody, _ = await events.store("stripe", SignedEvent("evt_2", purchase_id="A-77"), NOON)
    live = SignedEvent("evt_3", livemode=True, purchase_id=purchase_id)
    of_the_other_mode, _ = await events.store("stripe", live, NOON)

    assert (ours.purchase_id, ours.tenant_id) == (purchase_id, TENANT)
    assert await events.of_purchase(purchase_id) == (ours,)
    for event in (of_nobody, of_the_other_mode):
        assert (event.purchase_id, event.tenant_id) == (None, None)


async def test_an_account_names_only_its_own_purchases_and_the_rest_is_its_tenants(
    database: Database,
) -> None:
    events, account = EventRecords(database), provider_of("stripe", "itg_1")
    purchase_id = (await paid_purchase(database)).order.purchase_id
    about = SignedEvent("evt_1", purchase_id=purchase_id)

    foreign, is_new = await events.store(account, about, NOON, "ten_of_the_account")
    assert is_new
    assert (foreign.purchase_id, foreign.tenant_id) == (None, "ten_of_the_account")
    ours, is_new = await events.store("stripe", about, NOON)
    assert is_new
    assert (ours.purchase_id, ours.tenant_id) == (purchase_id, TENANT)

    async with database.transaction() as session:
        await session.exec(update(PurchaseRow).values(integration_id="itg_1"))
    again = SignedEvent("evt_2", purchase_id=purchase_id)
    theirs, _ = await events.store(account, again, NOON, "ten_of_the_account")
    assert (theirs.purchase_id, theirs.tenant_id) == (purchase_id, TENANT)
    assert await PurchaseRecords(database).integrations_of(purchase_id) == {"itg_1"}
    assert await PurchaseRecords(database).integrations_of("pur_unknown") == frozenset()


async def test_what_became_of_an_event_is_kept_with_its_tenant(database: Database) -> None:
    events = EventRecords(database)
    event = await stored(events)

    await events.update(
        event.event_id, EventOutcome.HANDED_OVER, "purchase-pur_1", "pur_1", TENANT, LATER
    )
    await events.update(event.event_id, EventOutcome.HANDED_OVER, at=LATER)

    known = await events.get(event.event_id, TENANT)
    assert known is not None
    assert (known.workflow_id, known.purchase_id) == ("purchase-pur_1", "pur_1")
    assert (known.handed_over_at, known.handled_at) == (LATER, None)
    assert await events.get(event.event_id, "ten_other") is None
    assert await events.of_purchase("pur_1") == (known,)


async def test_an_event_is_handled_at_the_first_moment(database: Database) -> None:
    events = EventRecords(database)
    event = await stored(events)

    await events.mark_handled((event.event_id,), NOON)
    await events.mark_handled((event.event_id, "evt_none"), LATER)
    await events.mark_handled((), LATER)

    handled = await events.get(event.event_id)
    assert handled is not None
    assert handled.handled_at == NOON


async def test_events_are_counted_and_paged_by_outcome(database: Database) -> None:
    events = EventRecords(database)
    for number in range(3):
        event = await stored(events, f"evt_{number}")
    await events.update(event.event_id, EventOutcome.UNMATCHED, at=LATER)

    counts = await events.count_by_outcome()
    first = await events.page(None, EventOutcome.RECEIVED, None, None, 1)
    second = await events.page(None, EventOutcome.RECEIVED, None, first.next_cursor, 1)

    assert counts[EventOutcome.RECEIVED] == 2
    assert counts[EventOutcome.UNMATCHED] == 1
    assert counts[EventOutcome.UNKNOWN_TYPE] == 0
    assert {one.provider_event_id for one in (*first.items, *second.items)} == {"evt_0", "evt_1"}
    assert (await events.page(TENANT)).items == ()


async def test_the_payload_stays_out_of_what_is_printed(database: Database) -> None:
    event = await stored(EventRecords(database))

    assert "mei@example.com" in event.payload
    assert "mei@example.com" not in repr(event)


async def test_an_event_nobody_stored_is_a_fault_to_update(database: Database) -> None:
    with pytest.raises(NotFound):
        await EventRecords(database).update("evt_none", EventOutcome.UNMATCHED, at=NOON)
