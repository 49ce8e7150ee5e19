"""Webhook events: stored once by the provider's id before anything is done about them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, String, bindparam
from sqlalchemy.sql.dml import ReturningInsert
from sqlmodel import col, func, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.errors import Code, NotFound
from domain.events import (
    EventOutcome,
    ReceivedEvent,
    WebhookEvent,
    event_id_of,
    integration_of,
)
from domain.views import Page
from persistence.clock import now
from persistence.database import Database
from persistence.pages import after, page_of
from persistence.rows.events import EventRow, event_of
from persistence.rows.purchases import PurchaseRow
from persistence.statements import insert_into, table_of

CANDIDATES_NAMED = 10  # of several events that one of the provider's ids may mean
_EVENTS, _PURCHASES = table_of(EventRow), table_of(PurchaseRow)
_MARK_HANDLED = (
    update(_EVENTS)
    .where(
        _EVENTS.c.event_id.in_(bindparam("event_ids", expanding=True)),
        _EVENTS.c.handled_at.is_(None),
    )
    .values(handled_at=bindparam("handled_at"))
)


# Built once, and without rows to load: every webhook comes through these. Not one upsert: of two
# deliveries at the same moment PostgreSQL forgives a conflict with one unique rule only.
def _storing(dialect: str) -> ReturningInsert[tuple[object, ...]]:
    """With the purchase that the event names, if it is ours, of the same mode and account."""
    conditions = (
        _PURCHASES.c.purchase_id == bindparam("named"),
        _PURCHASES.c.livemode == bindparam("livemode"),
        _PURCHASES.c.integration_id.is_not_distinct_from(bindparam("integration", type_=String)),
    )
    purchase_id, tenant_id = (
        select(_PURCHASES.c[name]).where(*conditions).scalar_subquery()
        for name in ("purchase_id", "tenant_id")
    )
    owner = bindparam("owner", type_=String)
    ours = {"purchase_id": purchase_id, "tenant_id": func.coalesce(tenant_id, owner)}
    told = {
        name: bindparam(name, type_=_EVENTS.c[name].type)
        for name in (
            *("event_id", "provider", "provider_event_id", "type", "outcome"),
            *("payload", "livemode", "received_at", "deliveries"),
        )
    }
    stored = insert_into(EventRow, dialect).values(**told, **ours)
    return stored.on_conflict_do_nothing().returning(*_EVENTS.c)


_STORE = {dialect: _storing(dialect) for dialect in ("sqlite", "postgresql")}
_COUNT = (
    update(_EVENTS)
    .where(_EVENTS.c.event_id == bindparam("of"))
    .values(deliveries=_EVENTS.c.deliveries + 1)
    .returning(*_EVENTS.c)
)
_UPDATE = (
    update(_EVENTS)
    .where(_EVENTS.c.event_id == bindparam("of"))
    .values(
        outcome=bindparam("now_outcome"),
        **{
            name: func.coalesce(bindparam(f"now_{name}"), _EVENTS.c[name])
            for name in ("workflow_id", "purchase_id", "tenant_id", "handed_over_at")
        },
    )
)


@dataclass(frozen=True)
class EventRecords:
    database: Database

    async def store(
        self, provider: str, event: ReceivedEvent, at: datetime, owner: str | None = None
    ) -> tuple[WebhookEvent, bool]:
        """The event as stored, and whether it is new; a delivery more is counted.

        ``owner`` is whose the account is: what names no purchase concerns that tenant.
        """
        async with self.database.transaction() as session:
            statement = _STORE[session.get_bind().dialect.name]
            columns = _columns_of(provider, event, at, owner)
            new = (await session.exec(statement, params=columns)).mappings().first()
            if new is not None:
                return WebhookEvent.model_validate(new), True
            known = await session.exec(_COUNT, params={"of": columns["event_id"]})
            return WebhookEvent.model_validate(known.mappings().one()), False

    async def update(
        self,
        event_id: str,
        outcome: EventOutcome,
        workflow_id: str | None = None,
        purchase_id: str | None = None,
        tenant_id: str | None = None,
        at: datetime | None = None,
    ) -> None:
        """What became of it. What is not told (None) stays as it is."""
        told = {
            "of": event_id,
            "now_outcome": outcome,
            "now_workflow_id": workflow_id,
            "now_purchase_id": purchase_id,
            "now_tenant_id": tenant_id,
            "now_handed_over_at": (at or now()) if outcome is EventOutcome.HANDED_OVER else None,
        }
        async with self.database.transaction() as session:
            updated = await session.exec(_UPDATE, params=told)
        if updated.rowcount == 0:
            raise NotFound(Code.EVENT_NOT_FOUND, f"no event {event_id}")

    async def mark_handled(self, event_ids: tuple[str, ...], at: datetime) -> None:
        """Whoever handled them first gave the moment."""
        async with self.database.transaction() as session:
            await mark_events_handled(session, event_ids, at)

    async def get(self, event_id: str, tenant_id: str | None = None) -> WebhookEvent | None:
        """``tenant_id`` None means of any tenant, for operators."""
        return await self._one(col(EventRow.event_id) == event_id, *_of_tenant(tenant_id))

    async def told_as(
        self, provider_event_id: str, tenant_id: str | None = None
    ) -> tuple[WebhookEvent, ...]:
        """Of whatever account, a few at most: each numbers its events by itself."""
        told = (
            select(EventRow)
            .where(col(EventRow.provider_event_id) == provider_event_id, *_of_tenant(tenant_id))
            .order_by(col(EventRow.received_at), col(EventRow.event_id))
            .limit(CANDIDATES_NAMED)
        )
        async with self.database.reading() as session:
            return tuple(event_of(row) for row in await session.exec(told))

    async def page(
        self,
        tenant_id: str | None,
        outcome: EventOutcome | None = None,
        purchase_id: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[WebhookEvent]:
        given = ((EventRow.outcome, outcome), (EventRow.purchase_id, purchase_id))
        newest = (
            select(EventRow)
            .where(
                *_of_tenant(tenant_id),
                *(col(column) == value for column, value in given if value is not None),
                *after(cursor, col(EventRow.received_at), col(EventRow.event_id)),
            )
            .order_by(col(EventRow.received_at).desc(), col(EventRow.event_id).desc())
            .limit(limit + 1)
        )
        async with self.database.reading() as session:
            events = [event_of(row) for row in await session.exec(newest)]
        return page_of(events, limit, lambda event: (event.received_at, event.event_id))

    async def of_purchase(self, purchase_id: str) -> tuple[WebhookEvent, ...]:
        """Oldest first."""
        events = select(EventRow).where(EventRow.purchase_id == purchase_id)
        async with self.database.reading() as session:
            rows = await session.exec(events.order_by(col(EventRow.received_at)))
            return tuple(event_of(row) for row in rows)

    async def count_by_outcome(self) -> Mapping[EventOutcome, int]:
        counted = select(EventRow.outcome, func.count()).group_by(col(EventRow.outcome))
        async with self.database.reading() as session:
            counts = dict((await session.exec(counted)).all())
        return {outcome: counts.get(outcome, 0) for outcome in EventOutcome}

    async def _one(self, *conditions: ColumnElement[bool]) -> WebhookEvent | None:
        async with self.database.reading() as session:
            row = (await session.exec(select(EventRow).where(*conditions))).first()
        return event_of(row) if row else None


async def mark_events_handled(
    session: AsyncSession, event_ids: tuple[str, ...], at: datetime
) -> None:
    if not event_ids:
        return
    await session.exec(_MARK_HANDLED, params={"event_ids": event_ids, "handled_at": at})


def _of_tenant(tenant_id: str | None) -> list[ColumnElement[bool]]:
    return [] if tenant_id is None else [col(EventRow.tenant_id) == tenant_id]


def _columns_of(
    provider: str, event: ReceivedEvent, at: datetime, owner: str | None
) -> dict[str, str | int | bool | datetime | None]:
    return {
        "event_id": event_id_of(provider, event.provider_event_id),
        "provider": provider,
        "provider_event_id": event.provider_event_id,
        "type": event.type,
        "outcome": EventOutcome.RECEIVED,
        "payload": event.payload,
        "livemode": event.livemode,
        "received_at": at,
        "deliveries": 1,
        "named": event.purchase_id,
        "integration": integration_of(provider),
        "owner": owner,
    }
