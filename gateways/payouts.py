"""The port to an account that pays out. Every method is one look that moves nothing."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol, runtime_checkable

from domain.balances import BalanceTransaction
from domain.model import Model
from domain.payouts import PayoutAccount, PayoutSnapshot


class PayoutPage(Model):
    """``next_cursor`` None: there is no more. ``unreadable`` are on it, too, and make no sense."""

    payouts: tuple[PayoutSnapshot, ...]
    unreadable: tuple[str, ...] = ()
    next_cursor: str | None = None


class PayoutGateways(Protocol):
    def of(self, account: PayoutAccount) -> AbstractAsyncContextManager["PayoutGateway"]:
        """For one step. Raises what ``PaymentGateways.of`` raises."""
        ...


class PayoutGateway(Protocol):
    """Raises only what ``gateways/faults.py`` draws."""

    async def list_payouts(self, since: datetime | None, cursor: str | None) -> PayoutPage:
        """One page, newest first, of the payouts made since then."""
        ...

    async def fetch_payout(self, provider_payout_id: str) -> PayoutSnapshot:
        """Raises ``RefusedByProvider`` with the code ``UNREADABLE`` for one that makes no sense."""
        ...

    def transactions_of_payout(self, provider_payout_id: str) -> AsyncIterator[BalanceTransaction]:
        """All that the payout is made of, page by page."""
        ...

    def transactions_since(self, since: datetime | None) -> AsyncIterator[BalanceTransaction]:
        """The account's, newest first, page by page; all of them where no time is given."""
        ...


@runtime_checkable
class PayingOutIntegration(Protocol):
    """An ``IntegrationGateway`` whose account's payouts can be followed."""

    @property
    def payouts(self) -> PayoutGateway: ...


@runtime_checkable
class PayingOutProvider(Protocol):
    """A ``GatewayProvider`` that connects to a ``PayingOutIntegration``."""

    @property
    def pays_out(self) -> bool: ...
