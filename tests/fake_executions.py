"""Executions in memory, over one account at the harbour."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from domain.connections import Capability
from domain.errors import Code
from domain.executions import (
    Begun,
    Execution,
    ExecutionOrder,
    ExecutionStatus,
    Outcome,
    ProviderCustomer,
    Sending,
    Waiting,
)
from gateways.faults import CredentialsChanged
from gateways.integrations import IntegrationGateway
from tests.harbour import CAPABILITIES, CODE, HarbourAccount, HarbourIntegration

BEGINNING = datetime(2026, 11, 1, tzinfo=UTC)


def _catalogue() -> dict[str, Capability]:
    return {
        wish.capability_code: Capability(
            connection_code=CODE, **dict(wish), created_at=BEGINNING, updated_at=BEGINNING
        )
        for wish in CAPABILITIES
    }


@dataclass
class FakeExecutions:
    """The rows, the catalogue and the opened account at once: every port of an execution."""

    account: HarbourAccount = field(default_factory=HarbourAccount)
    rows: dict[str, Execution] = field(default_factory=dict)
    waited: list[Waiting] = field(default_factory=list)
    customers: dict[str, ProviderCustomer] = field(default_factory=dict)
    catalogue: dict[str, Capability] = field(default_factory=_catalogue)
    sending: dict[str, Sending] = field(default_factory=dict)
    fingerprint: str = "0123456789abcdef"  # of the credentials that it has now
    changes_to: str | None = None  # before the next use
    opens: Callable[[HarbourAccount], IntegrationGateway] = HarbourIntegration
    tested: list[str] = field(default_factory=list)

    async def begin(self, order: ExecutionOrder, at: datetime) -> Begun:
        known = self.rows.get(order.execution_id)
        may_have_acted = known is not None and known.outcome_unknown
        if not may_have_acted:
            customer = self.customers.get(order.customer_id or "")
            self.sending[order.execution_id] = Sending(
                customer=customer, fingerprint=self.fingerprint
            )
        standing = known or Execution.begun(order, at)
        if not standing.is_final:
            asked = {"status": ExecutionStatus.RUNNING, "outcome_unknown": True, "waiting": None}
            standing = standing.model_copy(update=asked)
        self.rows[order.execution_id] = standing
        sending = self.sending[order.execution_id]
        return Begun(execution=standing, sending=sending, may_have_acted=may_have_acted)

    async def wait(self, execution_id: str, waiting: Waiting, outcome_unknown: bool) -> None:
        self.waited.append(waiting)
        waits = {
            "status": ExecutionStatus.WAITING,
            "waiting": waiting,
            "outcome_unknown": outcome_unknown,
        }
        self.rows[execution_id] = self.rows[execution_id].model_copy(update=waits)

    async def keep(
        self,
        order: ExecutionOrder,
        customer: ProviderCustomer,
        at: datetime,  # noqa: ARG002 - the port has it
    ) -> None:
        assert order.customer_id is not None
        self.customers[order.customer_id] = customer
        self.sending[order.execution_id] = self.sending[order.execution_id].model_copy(
            update={"customer": customer}
        )

    async def finish(self, order: ExecutionOrder, outcome: Outcome, at: datetime) -> Execution:
        if outcome.customer is not None:
            await self.keep(order, outcome.customer, at)
        ended = outcome.model_dump(exclude={"customer"})
        ended["outcome_unknown"] = outcome.error_code is Code.OUTCOME_UNKNOWN
        told = {**ended, "status": outcome.status, "finished_at": at}
        self.rows[order.execution_id] = self.rows[order.execution_id].model_copy(update=told)
        return self.rows[order.execution_id]

    async def get(self, _: str, capability_code: str) -> Capability | None:
        return self.catalogue.get(capability_code)

    async def test(self, integration_id: str) -> None:
        self.tested.append(integration_id)
        await HarbourIntegration(self.account).probe()

    @asynccontextmanager
    async def using(
        self,
        integration_id: str,  # noqa: ARG002 - there is one
        *,
        fingerprint: str | None = None,
    ) -> AsyncIterator[IntegrationGateway]:
        self.fingerprint = self.changes_to or self.fingerprint
        if fingerprint not in (None, self.fingerprint):
            raise CredentialsChanged("it has other credentials than before")
        yield self.opens(self.account)
