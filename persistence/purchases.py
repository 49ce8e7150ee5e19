"""Purchases: opened before the provider is asked, recorded by their workflow alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, String, bindparam, cast, literal
from sqlmodel import col, func, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from domain.audit import AuditEvent
from domain.errors import Code, Conflict, NotFound, Unavailable
from domain.purchases import (
    Opened,
    PaymentStatus,
    Purchase,
    PurchaseOrder,
    ReviewReason,
    Settled,
    Settlement,
)
from domain.routing import Route
from domain.views import Page, PurchaseFilter, PurchaseView
from persistence.audit import write_down
from persistence.database import Database
from persistence.events import mark_events_handled
from persistence.purchase_views import page_of_purchases, view_of_purchase
from persistence.reviews import open_review, resolve_reviews
from persistence.rows.purchases import (
    PurchaseRow,
    columns_of,
    order_of,
    purchase_of,
    row_of_order,
)
from persistence.rows.reviews import ReviewRow
from persistence.settlements import settled_by
from persistence.statements import insert_if_absent, plain, table_of

_PURCHASES = table_of(PurchaseRow)

# Built once: every call comes through these.
_BY_ID = plain(PurchaseRow).where(_PURCHASES.c.purchase_id == bindparam("purchase_id"))
_LOCKING = _BY_ID.with_for_update()


def _latest(*conditions: ColumnElement[bool]) -> SelectOfScalar[PurchaseRow]:
    found = plain(PurchaseRow).where(*conditions)
    return found.order_by(_PURCHASES.c.attempt.desc()).limit(1)


def _is_any(value: str, *columns: str) -> ColumnElement[bool]:
    return or_(*(_PURCHASES.c[name] == bindparam(value) for name in columns))


_OF_TENANT = _PURCHASES.c.tenant_id == bindparam("tenant_id")
_LATEST = _latest(_OF_TENANT, _PURCHASES.c.quote_id == bindparam("quote_id"))
_BY_ANY_ID = _latest(
    _OF_TENANT, _is_any("any_id", "purchase_id", "session_id", "payment_id", "late_payment_id")
)
_ROUTE = cast(_PURCHASES.c.route, String)
_ITS_CHECKOUT = literal('"session_id": "').concat(bindparam("any_id", type_=String)).concat('"')
_BY_LEFT_CHECKOUT = _latest(  # not by LIKE: what is asked for may hold its signs
    _OF_TENANT, _PURCHASES.c.failovers > 0, func.replace(_ROUTE, _ITS_CHECKOUT, "") != _ROUTE
)
_BY_PAYMENT = _latest(_is_any("payment_id", "payment_id", "late_payment_id"))
_WRITE = update(_PURCHASES).where(_PURCHASES.c.purchase_id == bindparam("of"))


@dataclass(frozen=True)
class PurchaseRecords:
    database: Database

    async def open(self, order: PurchaseOrder, route: Route | None, at: datetime) -> Opened:
        """The purchase as stored, new or not. Raises ``Conflict`` while another holds the quote.

        A new one is written with its route, as one whose provider is being asked: without a route
        it is refused.
        """
        async with self.database.transaction() as session:
            if route is not None:
                row = row_of_order(order, route, at)
                if await insert_if_absent(session, row):
                    return Opened(purchase=purchase_of(row), is_new=True)
            stored = await session.get(PurchaseRow, order.purchase_id)
            if stored is not None:
                return Opened(purchase=purchase_of(stored), may_exist=stored.outcome_unknown)
            holder = await _holder_of(session, order)
        if route is None and holder is None:
            raise Conflict(Code.INTEGRATION_INACTIVE, "no integration for payments can be used")
        raise Conflict(
            Code.QUOTE_ALREADY_PAID,
            f"quote {order.quote_id} is paid or being paid by another purchase",
            purchase_id=holder,
        )

    async def cancel_unopened(self, purchase_id: str, reason: str | None, at: datetime) -> bool:
        """Whether it is ended: only while no provider has acted for it, nor is being asked."""
        async with self.database.transaction() as session:
            row = (await session.exec(_LOCKING, params={"purchase_id": purchase_id})).first()
            if row is None or row.outcome_unknown or row.session_id or not row.holds_quote:
                return False
            await session.exec(_WRITE, params=columns_of(purchase_of(row).cancelled(reason), at))
            return True

    async def route(self, purchase_id: str, route: Route, at: datetime) -> None:
        """Where the provider is about to be asked; from then on its outcome is not known.

        Raises ``Unavailable`` for one that has ended: whoever looks again finds it so.
        """
        await self._write_route(
            purchase_id,
            {
                "integration_id": route.integration_id,
                "provider": route.connection_code,
                "route": route.model_dump(mode="json"),
                "outcome_unknown": True,
                "updated_at": at,
            },
        )

    async def did_not_act(self, purchase_id: str, at: datetime) -> None:
        await self._write_route(purchase_id, {"outcome_unknown": False, "updated_at": at})

    async def leave(self, purchase: Purchase, at: datetime) -> None:
        """Its checkout was closed after a decline: write where it goes, and that none is open.

        Repeating it changes nothing: only the checkout that is on record can be left.
        """
        left = purchase.left[-1]
        async with self.database.transaction() as session:
            stored = await _locked(session, purchase.order.purchase_id)
            if stored.checkout is None or stored.checkout.session_id != left.session_id:
                return
            await session.exec(
                update(PurchaseRow)
                .where(col(PurchaseRow.purchase_id) == purchase.order.purchase_id)
                .values(**_columns_after_leaving(purchase, at))
            )

    async def _write_route(self, purchase_id: str, values: Mapping[str, object]) -> None:
        async with self.database.transaction() as session:
            written = await session.exec(
                update(PurchaseRow)
                .where(col(PurchaseRow.purchase_id) == purchase_id, col(PurchaseRow.holds_quote))
                .values(**values)
            )
        if written.rowcount == 0:
            raise Unavailable(f"{purchase_id} ended just now")

    async def get(self, purchase_id: str) -> Purchase | None:
        row = await self._first(_BY_ID, {"purchase_id": purchase_id})
        return purchase_of(row) if row else None

    async def order_of(self, purchase_id: str) -> PurchaseOrder | None:
        row = await self._first(_BY_ID, {"purchase_id": purchase_id})
        return order_of(row) if row else None

    async def record(self, settlement: Settlement, at: datetime) -> Settled:
        """Write the workflow's word; when it is paid, draw the policy's number in the same breath.

        Repeating it changes nothing. A late repetition of an older word is ignored.
        """
        purchase = settlement.purchase
        async with self.database.transaction() as session:
            stored = await _locked(session, purchase.order.purchase_id)
            if purchase == stored or _is_outdated(stored, purchase):
                purchase = stored
            else:
                await session.exec(_WRITE, params=columns_of(purchase, at))
                if stored.checkout is None:
                    await _tell_of_use(session, purchase, at)
            settled = await settled_by(session, purchase, stored.is_paid, at)
            await mark_events_handled(session, settlement.event_ids, at)
            return settled

    async def find(self, tenant_id: str, any_id: str) -> str | None:
        """Our id for ours, a checkout session's or a provider payment's."""
        whose = {"tenant_id": tenant_id, "any_id": any_id}
        row = await self._first(_BY_ANY_ID, whose) or await self._first(_BY_LEFT_CHECKOUT, whose)
        return row.purchase_id if row else None

    async def find_by_payment(self, payment_id: str) -> PurchaseOrder | None:
        """For webhooks, which know no tenant."""
        row = await self._first(_BY_PAYMENT, {"payment_id": payment_id})
        return order_of(row) if row else None

    async def integrations_of(self, purchase_id: str) -> frozenset[str | None]:
        """Which takes its money, and those it had left; None is the environment's own account."""
        row = await self._first(_BY_ID, {"purchase_id": purchase_id})
        if row is None:
            return frozenset()
        left = (each.integration_id for each in purchase_of(row).left)
        return frozenset({row.integration_id, *left})

    async def latest_of_quote(self, tenant_id: str, quote_id: str) -> Purchase | None:
        row = await self._first(_LATEST, {"tenant_id": tenant_id, "quote_id": quote_id})
        return purchase_of(row) if row else None

    async def view(self, tenant_id: str, purchase_id: str) -> PurchaseView | None:
        async with self.database.reading() as session:
            return await view_of_purchase(session, tenant_id, purchase_id)

    async def page(
        self, tenant_id: str, filter: PurchaseFilter, cursor: str | None = None, limit: int = 50
    ) -> Page[PurchaseView]:
        async with self.database.reading() as session:
            return await page_of_purchases(session, tenant_id, filter, cursor, limit)

    async def flag_review(
        self, purchase_id: str, reason: ReviewReason, detail: str | None, at: datetime
    ) -> None:
        """While a review for the same reason is open, it stands for this one too."""
        async with self.database.transaction() as session:
            await open_review(session, purchase_id, reason, detail, at)

    async def resolve_review(self, purchase_id: str, reason: ReviewReason, at: datetime) -> bool:
        """False when none was open for that reason."""
        async with self.database.transaction() as session:
            return await resolve_reviews(session, purchase_id, reason, at)

    async def count_by_status(self) -> Mapping[PaymentStatus, int]:
        counted = select(PurchaseRow.status, func.count()).group_by(col(PurchaseRow.status))
        async with self.database.reading() as session:
            counts = dict((await session.exec(counted)).all())
        return {status: counts.get(status, 0) for status in PaymentStatus}

    async def count_open_reviews(self) -> Mapping[ReviewReason, int]:
        counted = (
            select(ReviewRow.reason, func.count())
            .where(col(ReviewRow.resolved_at).is_(None))
            .group_by(col(ReviewRow.reason))
        )
        async with self.database.reading() as session:
            counts = dict((await session.exec(counted)).all())
        return {reason: counts.get(reason, 0) for reason in ReviewReason}

    async def _first(
        self, statement: SelectOfScalar[PurchaseRow], values: Mapping[str, str]
    ) -> PurchaseRow | None:
        async with self.database.reading() as session:
            return (await session.exec(statement, params=values)).first()


async def _tell_of_use(session: AsyncSession, purchase: Purchase, at: datetime) -> None:
    """In the audit log: this purchase has a checkout by that integration, and why there."""
    if purchase.checkout is None or purchase.route is None or purchase.integration_id is None:
        return
    used = AuditEvent(
        tenant_id=purchase.order.tenant_id,
        actor=purchase.order.requested_by or purchase.order.purchase_id,
        address=purchase.order.address,
        action="integration.used",
        subject=purchase.integration_id,
        after={"purchase_id": purchase.order.purchase_id, "because": purchase.route.because},
    )
    await write_down(session, used, at)


def _columns_after_leaving(purchase: Purchase, at: datetime) -> dict[str, object]:
    route = purchase.route
    assert route is not None  # it is where the checkout was left
    columns = columns_of(purchase, at)
    del columns["of"]
    return {
        **columns,
        "integration_id": route.integration_id,
        "provider": route.connection_code,
        "route": route.model_dump(mode="json"),
        "failovers": len(route.left),
    }


async def _locked(session: AsyncSession, purchase_id: str) -> Purchase:
    row = (await session.exec(_LOCKING, params={"purchase_id": purchase_id})).first()
    if row is None:
        raise NotFound(Code.PURCHASE_NOT_FOUND, f"no purchase {purchase_id}")
    return purchase_of(row)


def _is_outdated(stored: Purchase, purchase: Purchase) -> bool:
    """An older word, come late, that does not know of money, or a failover, there was since."""
    if stored.is_paid and not purchase.is_paid:
        return True
    if len(stored.left) > len(purchase.left):
        return True
    if stored.status is PaymentStatus.CANCELLED and purchase.checkout is None:
        return True  # it was cancelled in its row while its run was waiting
    return stored.late_payment_id is not None and purchase.late_payment_id is None


async def _holder_of(session: AsyncSession, order: PurchaseOrder) -> str | None:
    holder = select(PurchaseRow.purchase_id).where(
        PurchaseRow.tenant_id == order.tenant_id,
        PurchaseRow.quote_id == order.quote_id,
        col(PurchaseRow.holds_quote),
    )
    return (await session.exec(holder)).first()
