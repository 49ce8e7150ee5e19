"""Opening a checkout at the integration that was chosen, or at its backup where it did not act."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from temporalio import activity

from activities.faults import now
from domain.model import Model
from domain.payments import Checkout, CheckoutRequest
from domain.purchases import Opened, Purchase, PurchaseOrder
from domain.routing import Candidate, PassedOver, Route
from gateways.faults import Busy, GatewayFault, Misconfigured, Parked, Unreachable
from gateways.payments import PaymentGateways

# A busy provider is asked again before its backup is, unless it asks for a longer wait.
ATTEMPTS_BEFORE_BACKUP = 3
LONGEST_WAIT_FOR_BACKUP = timedelta(seconds=10)


class Opening(Model):
    """``group`` counts idempotency keys; a group after the first looks before it asks."""

    order: PurchaseOrder
    expires_at: datetime
    started_at: datetime
    group: int = 1


class RoutedRows(Protocol):
    async def route(self, purchase_id: str, route: Route, at: datetime) -> None:
        """Write where the provider is about to be asked: from then on its outcome is unknown."""
        ...

    async def did_not_act(self, purchase_id: str, at: datetime) -> None:
        """Write that the provider that was asked has done nothing, for certain."""
        ...


class CheckoutPages(Protocol):
    """Where the provider sends the customer back to."""

    def success_url(self, purchase_id: str) -> str: ...
    def cancel_url(self, purchase_id: str) -> str: ...


@dataclass(frozen=True)
class CheckoutDesk:
    records: RoutedRows
    gateways: PaymentGateways
    pages: CheckoutPages

    async def open(
        self, opened: Opened, candidates: Sequence[Candidate], opening: Opening
    ) -> Purchase:
        """The purchase with its checkout.

        A backup is asked only where the one before it definitely did not act. Where an earlier
        attempt's outcome is unknown, its checkout is looked for before anybody moves on.
        """
        purchase, may_exist = opened.purchase, opened.may_exist
        route = purchase.route or Route.to(candidates[0], now())
        if not opened.is_new and not may_exist:
            await self.records.route(purchase.order.purchase_id, route, now())
        tried = [route.integration_id]
        while True:
            try:
                return purchase.opened(await self._checkout(opening, route), route)
            except (Busy, Misconfigured) as fault:
                found = await self._found(opening, route) if may_exist else None
                if found is not None:
                    return purchase.opened(found, route)
                await self.records.did_not_act(purchase.order.purchase_id, now())
                backup = _backup(candidates, tried, fault)
                if backup is None:
                    raise
                route, may_exist = route.moved_on(backup, str(fault), now()), False
                tried.append(route.integration_id)
                await self.records.route(purchase.order.purchase_id, route, now())

    async def _checkout(self, opening: Opening, route: Route) -> Checkout:
        order = opening.order
        async with self.gateways.of(route.integration_id) as gateway:
            if opening.group > 1:
                found = await gateway.find_checkout(order.purchase_id, opening.started_at)
                if found is not None:
                    return found
            return await gateway.open_checkout(self._request(opening))

    async def _found(self, opening: Opening, route: Route) -> Checkout | None:
        """What raises here ends the attempt: nobody moves on before this was answered."""
        async with self.gateways.of(route.integration_id) as gateway:
            return await gateway.find_checkout(opening.order.purchase_id, opening.started_at)

    def _request(self, opening: Opening) -> CheckoutRequest:
        order = opening.order
        return CheckoutRequest(
            purchase_id=order.purchase_id,
            tenant_id=order.tenant_id,
            quote_id=order.quote_id,
            product_name=order.product_name,
            price=order.price,
            customer_email=order.customer_email,
            expires_at=opening.expires_at,
            success_url=self.pages.success_url(order.purchase_id),
            cancel_url=self.pages.cancel_url(order.purchase_id),
            idempotency_key=order.key("checkout", opening.group),
        )


def first_route(candidates: Sequence[Candidate], at: datetime) -> Route | None:
    """To the first that can be used, telling why those before it cannot; None where none can."""
    usable = next((each for each in candidates if each.hindrance is None), None)
    if usable is None:
        return None
    before = candidates[: candidates.index(usable)]
    passed_over = tuple(
        PassedOver(
            name=each.name,
            integration_id=each.integration_id,
            why=each.hindrance or "",
            at=at,
        )
        for each in before
    )
    return Route.to(usable, at).model_copy(update={"passed_over": passed_over})


def _backup(
    candidates: Sequence[Candidate], tried: Sequence[str | None], fault: GatewayFault
) -> Candidate | None:
    """The next one not tried yet; what comes after the last one is the first."""
    if not _moves_on(fault):
        return None
    ids = [each.integration_id for each in candidates]
    last = ids.index(tried[-1]) if tried[-1] in ids else -1
    in_turn = [*candidates[last + 1 :], *candidates[: last + 1]]
    return next(
        (each for each in in_turn if each.hindrance is None and each.integration_id not in tried),
        None,
    )


def _moves_on(fault: GatewayFault) -> bool:
    if not isinstance(fault, Busy) or isinstance(fault, Parked | Unreachable):
        return True
    asks_long = fault.retry_after is not None and fault.retry_after > LONGEST_WAIT_FOR_BACKUP
    return asks_long or activity.info().attempt >= ATTEMPTS_BEFORE_BACKUP
