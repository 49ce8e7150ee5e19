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
from gateways.faults import (
    LOOK_AGAIN,
    Busy,
    GatewayFault,
    Misconfigured,
    Parked,
    Throttled,
    Unreachable,
)
from gateways.payments import PaymentGateway, PaymentGateways

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
        purchase_id = purchase.order.purchase_id
        route = purchase.route or Route.to(candidates[0], now())
        if not opened.is_new and not may_exist:
            await self.records.route(purchase_id, route, now())
        tried = [*(each.integration_id for each in route.left), route.integration_id]
        faults = list[GatewayFault]()
        while True:
            try:
                _require_usable(route, candidates)
                request = self._request(opening, purchase, route, may_exist)
                return purchase.opened(await self._checkout(opening, route, request), route)
            except (Busy, Misconfigured) as fault:
                found = await self._found(opening, route) if may_exist else None
                if found is not None:
                    return purchase.opened(found, route)
                faults.append(fault)
                backup = _backup(candidates, tried, fault)
            if backup is None:
                await self.records.did_not_act(purchase_id, now())
                raise _all_told(faults)
            route, may_exist = route.moved_on(backup, str(faults[-1]), now()), False
            tried.append(route.integration_id)
            await self.records.route(purchase_id, route, now())

    async def _checkout(self, opening: Opening, route: Route, request: CheckoutRequest) -> Checkout:
        async with self.gateways.of(route.integration_id) as gateway:
            found = await _find(gateway, opening, route) if opening.group > 1 else None
            return found or await gateway.open_checkout(request)

    async def _found(self, opening: Opening, route: Route) -> Checkout | None:
        """What raises here ends the attempt: nobody moves on before this was answered."""
        async with self.gateways.of(route.integration_id) as gateway:
            return await _find(gateway, opening, route)

    def _request(
        self, opening: Opening, purchase: Purchase, route: Route, may_exist: bool
    ) -> CheckoutRequest:
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
            idempotency_key=purchase.checkout_key(opening.group),
            tried_since=_asked_since(opening, route) if may_exist else None,
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


async def _find(gateway: PaymentGateway, opening: Opening, route: Route) -> Checkout | None:
    return await gateway.find_checkout(opening.order.purchase_id, _asked_since(opening, route))


def _asked_since(opening: Opening, route: Route) -> datetime:
    """An earlier run of the purchase may have asked; nobody asked before it was routed there."""
    return min(opening.started_at, route.decided_at)


def _require_usable(route: Route, candidates: Sequence[Candidate]) -> None:
    """It may have been switched off or unlinked since the purchase was routed to it."""
    ways = [each for each in candidates if each.integration_id == route.integration_id]
    hindrance = ways[0].hindrance if ways else "it is no longer linked"
    if hindrance is not None:
        raise Parked(f"{route.name}: {hindrance}; nothing was sent", LOOK_AGAIN)


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


def _all_told(faults: Sequence[GatewayFault]) -> GatewayFault:
    """One for all that were asked. Parked, if one of them is: then it may wait for days.

    It waits for as long as any of them asks.
    """
    if len(faults) == 1:
        return faults[0]
    busy = [each for each in faults if isinstance(each, Busy)]
    if not busy:
        return faults[-1]
    kind = Parked if any(isinstance(each, Parked) for each in busy) else Busy
    wait = max((each.retry_after for each in busy if each.retry_after), default=None)
    return kind("; ".join(str(each) for each in faults), wait)


def _moves_on(fault: GatewayFault) -> bool:
    if isinstance(fault, Throttled):  # its turn comes
        return False
    if not isinstance(fault, Busy) or isinstance(fault, Parked | Unreachable):
        return True
    asks_long = fault.retry_after is not None and fault.retry_after > LONGEST_WAIT_FOR_BACKUP
    return asks_long or activity.info().attempt >= ATTEMPTS_BEFORE_BACKUP
