"""Which of a tenant's integrations serve its entities; each change is told in the audit log."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domain.errors import Code, Invalid, NotFound
from domain.integrations import PAID_FOR, PAYMENT_PROCESSING, EntityLink, EntityLinkChange
from domain.tenants import PLATFORM_TENANT, Caller, Scope
from gateways.integrations import takes_payments
from persistence.clock import now
from persistence.entity_links import EntityLinkRecords
from services.audit import told
from services.integrations import IntegrationService
from services.refusals import payments_not_offered


@dataclass(frozen=True)
class EntityLinkService:
    """An ``entity`` is its type and its id."""

    links: EntityLinkRecords
    integrations: IntegrationService
    clock: Callable[[], datetime] = now

    async def link(
        self,
        caller: Caller,
        entity: tuple[str, str],
        integration_id: str,
        purpose: str,
        is_default: bool | None,
        priority: int,
        failover_decline_codes: tuple[str, ...] = (),
    ) -> EntityLink:
        """``is_default`` None: it becomes the default where there is none yet."""
        _require_right(caller, entity)
        if purpose == PAYMENT_PROCESSING:
            _require_paid_for(entity[0])
            await self._require_payments(caller, integration_id)
        link = EntityLink(
            tenant_id=caller.tenant_id,
            entity_type=entity[0],
            entity_id=entity[1],
            integration_id=integration_id,
            purpose=purpose,
            priority=priority,
            failover_decline_codes=failover_decline_codes,
            created_at=self.clock(),
        )
        return await self.links.link(
            link,
            is_default,
            lambda made: told(caller, "integration.linked", integration_id, after=made),
        )

    async def _require_payments(self, caller: Caller, integration_id: str) -> None:
        """Where no gateway is installed yet, nobody knows what its provider takes."""
        integration = await self.integrations.get(caller, integration_id)
        provider = self.integrations.providers.get(integration.connection_code)
        if provider is not None and not takes_payments(provider):
            raise payments_not_offered(integration.name, integration.connection_code)

    async def all_of(self, caller: Caller, entity: tuple[str, str]) -> tuple[EntityLink, ...]:
        caller.require(Scope.READ)
        return await self.links.all_of(caller.tenant_id, *entity)

    async def update(
        self,
        caller: Caller,
        entity: tuple[str, str],
        integration_id: str,
        purpose: str,
        change: EntityLinkChange,
    ) -> EntityLink:
        """Made the default, it takes the place of the one before it in the same moment."""
        _require_right(caller, entity)
        changed = await self.links.change(
            (caller.tenant_id, *entity, purpose),
            integration_id,
            change,
            lambda before, after: told(
                caller, "integration.link_updated", before.integration_id, before, after
            ),
            self.clock(),
        )
        if changed is None:
            raise _not_linked(entity, integration_id)
        return changed

    async def unlink(
        self, caller: Caller, entity: tuple[str, str], integration_id: str, purpose: str | None
    ) -> None:
        """For one purpose, or for all of them."""
        _require_right(caller, entity)
        if not await self.links.unlink(
            (caller.tenant_id, *entity),
            integration_id,
            purpose,
            lambda gone: told(caller, "integration.unlinked", integration_id, gone),
            self.clock(),
        ):
            raise _not_linked(entity, integration_id)


def _require_right(caller: Caller, entity: tuple[str, str]) -> None:
    """What serves every tenant is linked by those who run the installation."""
    entity_type, entity_id = entity
    if entity_type == "platform":
        caller.require_platform()
    caller.require(Scope.ADMIN)
    own = {"platform": PLATFORM_TENANT, "tenant": caller.tenant_id}.get(entity_type, entity_id)
    if entity_id != own:  # it would never be looked at
        raise Invalid(Code.INVALID_REQUEST, f"the {entity_type} is {own}, not {entity_id}")


def _require_paid_for(entity_type: str) -> None:
    if entity_type not in PAID_FOR:
        raise Invalid(
            Code.INVALID_REQUEST,
            f"no payment is for a {entity_type}, so such a link would never be looked at: for "
            f"{PAYMENT_PROCESSING} link one of {', '.join(PAID_FOR)}, or name another purpose",
        )


def _not_linked(entity: tuple[str, str], integration_id: str) -> NotFound:
    return NotFound(
        Code.ENTITY_LINK_NOT_FOUND,
        f"{integration_id} is not linked to {entity[0]} {entity[1]}",
    )
