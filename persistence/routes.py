"""Which integrations may take a purchase: the named one, or those linked to the nearest entity."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlmodel import and_, col, or_, select

from domain.integrations import PAYMENT_PROCESSING, IntegrationStatus
from domain.purchases import PurchaseOrder
from domain.routing import Candidate
from domain.tenants import PLATFORM_TENANT
from persistence.database import Database
from persistence.rows.health import IntegrationHealthRow
from persistence.rows.integrations import EntityIntegrationRow, IntegrationRow

NAMED = "named in the request"
NOT_THERE = "it is not there"
DELETED = "it was deleted"
PAUSED = "it is paused"
FAILING = "it has failed too often just now"
Linked = tuple[EntityIntegrationRow, IntegrationRow]


@dataclass(frozen=True)
class RouteRecords:
    database: Database

    async def candidates(self, order: PurchaseOrder) -> tuple[Candidate, ...]:
        """In the order in which they are tried; never none.

        The integration that the request names stands alone. Else the nearest entity that has a
        default counts, quote before customer before product before tenant before platform: its
        default first, then its backups. Nobody's money goes to an account of somebody further
        away; where a nearer entity has links but no default, the reason says so.
        """
        if order.integration_id is not None:
            return (await self._named(order, order.integration_id),)
        linked, passed_by = await self._linked(order), ""
        for entity_type, whose in _ENTITIES.items():
            of_entity = [each for each in linked if each[0].entity_type == entity_type]
            default = next((link for link, _ in of_entity if link.is_default), None)
            if default is not None:
                rule = tuple(default.failover_decline_codes)
                return tuple(
                    _of_row(order, row, f"{whose} {_rank(link)}{passed_by}", rule)
                    for link, row in of_entity
                )
            if of_entity:
                passed_by += f"; {whose} links have no default"
        environment = Candidate()
        because = f"{environment.because}{passed_by}"
        return (environment.model_copy(update={"because": because}),)

    async def at_rest(self, candidates: Sequence[Candidate]) -> Mapping[str | None, str]:
        """Those of them to which nothing is sent at present, and why."""
        ids = [each.integration_id for each in candidates if each.integration_id is not None]
        row = IntegrationHealthRow
        resting = select(row.integration_id, row.paused_at).where(
            col(row.integration_id).in_(ids),
            or_(col(row.paused_at).is_not(None), col(row.probe_at).is_not(None)),
        )
        async with self.database.reading() as session:
            return {
                integration_id: FAILING if paused_at is None else PAUSED
                for integration_id, paused_at in await session.exec(resting)
            }

    async def _named(self, order: PurchaseOrder, integration_id: str) -> Candidate:
        async with self.database.reading() as session:
            row = await session.get(IntegrationRow, integration_id)
        if row is None or row.tenant_id != order.tenant_id:
            return Candidate(
                integration_id=integration_id,
                name=integration_id,
                because=NAMED,
                is_named=True,
                hindrance=NOT_THERE,
            )
        return _of_row(order, row, NAMED).model_copy(update={"is_named": True})

    async def _linked(self, order: PurchaseOrder) -> Sequence[Linked]:
        asked = (
            select(EntityIntegrationRow, IntegrationRow)
            .join(
                IntegrationRow,
                and_(
                    col(IntegrationRow.integration_id) == col(EntityIntegrationRow.integration_id),
                    col(IntegrationRow.tenant_id) == col(EntityIntegrationRow.tenant_id),
                ),
            )
            .where(EntityIntegrationRow.purpose == PAYMENT_PROCESSING, or_(*_entities_of(order)))
            .order_by(
                col(EntityIntegrationRow.is_default).desc(),
                col(EntityIntegrationRow.priority),
                col(EntityIntegrationRow.created_at),
            )
        )
        async with self.database.reading() as session:
            return [(link, row) for link, row in await session.exec(asked)]


_ENTITIES = {
    "quote": "the quote's",
    "customer": "the customer's",
    "product": "the product's",
    "tenant": "the tenant's",
    "platform": "the platform's",
}


def _entities_of(order: PurchaseOrder) -> list[ColumnElement[bool]]:
    entities = [
        (order.tenant_id, "quote", order.quote_id),
        (order.tenant_id, "customer", order.user_id),
        (order.tenant_id, "tenant", order.tenant_id),
        (PLATFORM_TENANT, "platform", PLATFORM_TENANT),
    ]
    if order.product_id is not None:
        entities.append((order.tenant_id, "product", order.product_id))
    return [
        and_(
            col(EntityIntegrationRow.tenant_id) == tenant_id,
            col(EntityIntegrationRow.entity_type) == entity_type,
            col(EntityIntegrationRow.entity_id) == entity_id,
        )
        for tenant_id, entity_type, entity_id in entities
    ]


def _rank(link: EntityIntegrationRow) -> str:
    return "default" if link.is_default else "backup"


def _of_row(
    order: PurchaseOrder, row: IntegrationRow, because: str, rule: tuple[str, ...] = ()
) -> Candidate:
    return Candidate(
        integration_id=row.integration_id,
        connection_code=row.connection_code,
        name=row.name,
        because=because,
        hindrance=_hindrance(order, row),
        failover_decline_codes=rule,
    )


def _hindrance(order: PurchaseOrder, row: IntegrationRow) -> str | None:
    if row.deleted_at is not None:
        return DELETED
    if row.status != IntegrationStatus.ACTIVE:
        return f"its status is {row.status}"
    if row.livemode is not order.livemode:
        return "it is of the other mode"
    return None
