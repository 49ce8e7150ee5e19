"""Payouts: reading them, holding them against our books, and having them watched."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domain.audit import AuditEvent
from domain.errors import Code, Invalid, NotFound
from domain.payout_reconciliation import PayoutReconciliation
from domain.payouts import Payout, PayoutAccount, PayoutFilter, PayoutReported
from domain.tenants import Caller, Scope
from domain.views import Page
from persistence.clock import now
from persistence.payout_accounts import PayoutAccountRecords
from persistence.payouts import PayoutRecords
from services.audit import told
from services.integrations import IntegrationService
from services.payout_runs import PayoutRuns


@dataclass(frozen=True)
class PayoutService:
    payouts: PayoutRecords
    accounts: PayoutAccountRecords
    integrations: IntegrationService
    runs: PayoutRuns
    clock: Callable[[], datetime] = now

    async def page(
        self,
        caller: Caller,
        wanted: PayoutFilter | None,
        integration_id: str | None,
        cursor: str | None,
        limit: int,
    ) -> Page[Payout]:
        caller.require(Scope.READ)
        page = await self.payouts.page(caller.tenant_id, wanted, integration_id, cursor, limit)
        if integration_id is not None and not page.items:  # of a deleted one they are still told
            await self.integrations.get(caller, integration_id)
        return page

    async def get(self, caller: Caller, any_id: str) -> Payout:
        """By our id or the provider's."""
        caller.require(Scope.READ)
        return _found(await self.payouts.get(caller.tenant_id, any_id), any_id)

    async def reconcile(self, caller: Caller, any_id: str) -> PayoutReconciliation:
        """The provider is asked for its transactions: it may take some seconds."""
        return await self.runs.reconcile(await self.get(caller, any_id))

    async def resolve_review(self, caller: Caller, any_id: str) -> Payout:
        """Somebody has seen to a payout that failed or was overdue."""
        caller.require(Scope.ADMIN)
        payout = await self.get(caller, any_id)
        resolved = await self.payouts.resolve_review(
            caller.tenant_id,
            payout.payout_id,
            lambda before: _resolved(caller, before),
            self.clock(),
        )
        await self.runs.tell_resolved(payout.account)
        return _found(resolved, any_id)

    async def watch(self, caller: Caller, integration_id: str | None = None) -> PayoutAccount:
        """Look at an account's payouts now, and follow them to their end.

        Without an integration it is the environment's own account, of those who run it.
        """
        caller.require(Scope.WRITE)
        account = await self._account(caller, integration_id)
        await self.runs.watch(account)
        return account

    async def watch_all(self, caller: Caller) -> tuple[PayoutAccount, ...]:
        """Every account of every tenant."""
        caller.require_platform()
        accounts = await self.accounts.all()
        for account in accounts:
            await self.runs.watch(account)
        return accounts

    async def watch_any(self, caller: Caller, integration_id: str) -> PayoutAccount:
        """One account of whatever tenant."""
        caller.require_platform()
        accounts = await self.accounts.all()
        named = (each for each in accounts if each.integration_id == integration_id)
        account = next(named, None)
        if account is None:
            if await self.integrations.integrations.with_secret(integration_id) is None:
                raise NotFound(Code.INTEGRATION_NOT_FOUND, f"no integration {integration_id}")
            raise _not_offered()
        await self.runs.watch(account)
        return account

    async def tell(
        self, connection_code: str, integration_id: str | None, fact: PayoutReported
    ) -> str | None:
        """Hand an event over to its account's watch: the workflow's id, None for no account."""
        account = await self.accounts.find(connection_code, integration_id)
        return await self.runs.tell(account, fact) if account else None

    async def _account(self, caller: Caller, integration_id: str | None) -> PayoutAccount:
        if integration_id is None:
            own = self.accounts.environment
            account = next((each for each in own if each.tenant_id == caller.tenant_id), None)
        else:
            integration = await self.integrations.get(caller, integration_id)
            account = await self.accounts.find(integration.connection_code, integration_id)
        if account is None:
            raise _not_offered()
        return account


def _resolved(caller: Caller, before: Payout) -> AuditEvent:
    """With what it was in review for."""
    event = told(caller, "payout_review.resolved", before.payout_id)
    trouble = before.model_dump(mode="json", include={"status", "is_overdue"})
    return event.model_copy(update={"before": trouble})


def _not_offered() -> Invalid:
    return Invalid(Code.PAYOUTS_NOT_OFFERED, "no payouts are told of by this account")


def _found(payout: Payout | None, any_id: str) -> Payout:
    if payout is None:
        raise NotFound(Code.PAYOUT_NOT_FOUND, f"no payout {any_id}")
    return payout
