"""Executions as rows: begun before the provider is asked, ended once, with an audit entry."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.audit import AuditEvent
from domain.errors import Code, NotFound
from domain.executions import (
    Begun,
    Execution,
    ExecutionOrder,
    ExecutionStatus,
    Outcome,
    ProviderCustomer,
    Sending,
    Waiting,
    WaitingFor,
)
from persistence.audit import write_down
from persistence.database import Database
from persistence.rows.executions import (
    ExecutionRow,
    ProviderCustomerRow,
    execution_of,
    provider_customer_of,
    row_of,
    sending_of,
    waiting_of,
)
from persistence.rows.integrations import IntegrationRow
from persistence.statements import insert_if_absent, locked

# What is no longer true of one that was ended by force, once it is asked for again.
_GOES_ON = {"finished_at": None, "error_code": None, "error_message": None}


@dataclass(frozen=True)
class ExecutionRecords:
    database: Database

    async def begin(self, order: ExecutionOrder, at: datetime) -> Begun:
        """The one that stands under this id already, or a new one.

        One that has not ended is marked: from here on nobody knows whether the provider has acted.
        What is sent is kept, and changes no more once it may have been.
        """
        begun = row_of(Execution.begun(order, at).model_copy(update={"outcome_unknown": True}))
        async with self.database.transaction() as session:
            sending = await _sending_now(session, order)
            begun.sending = sending.model_dump(mode="json")
            if await insert_if_absent(session, begun):
                return Begun(execution=execution_of(begun), sending=sending)
            row = await _locked(session, order.execution_id)
            may_have_acted = row.outcome_unknown
            if not execution_of(row).is_final:
                row.sqlmodel_update(_GOES_ON)
                row.status, row.outcome_unknown = ExecutionStatus.RUNNING, True
                if not may_have_acted or row.sending is None:
                    row.sending = begun.sending
            return Begun(
                execution=execution_of(row),
                sending=sending_of(row),
                may_have_acted=may_have_acted,
            )

    async def keep(self, order: ExecutionOrder, customer: ProviderCustomer, at: datetime) -> None:
        """A customer made by a step that went no further, for the next one to go on with."""
        async with self.database.transaction() as session:
            row = await _locked(session, order.execution_id)
            went_on = sending_of(row).model_copy(update={"customer": customer})
            row.sending = went_on.model_dump(mode="json")
            await _keep(session, order, customer, at)

    async def wait(self, execution_id: str, waiting: Waiting, outcome_unknown: bool) -> None:
        """Write why an attempt was in vain, and when the next one comes."""
        async with self.database.transaction() as session:
            row = await _locked(session, execution_id)
            if row.status != ExecutionStatus.RUNNING:
                return
            told = waiting.following(waiting_of(row))
            row.status, row.outcome_unknown = ExecutionStatus.WAITING, outcome_unknown
            row.waiting = told.model_dump(mode="json")

    async def await_worker(self, order: ExecutionOrder, at: datetime) -> Execution:
        """As it stands. One that no worker has taken up yet is written down as waiting for that."""
        idle = Waiting(reason=WaitingFor.WORKER, detail="no worker has taken it up yet", since=at)
        waits = {"status": ExecutionStatus.WAITING, "waiting": idle}
        waiting = row_of(Execution.begun(order, at).model_copy(update=waits))
        async with self.database.transaction() as session:
            await insert_if_absent(session, waiting)
            row = await _locked(session, order.execution_id)
            if row.status == ExecutionStatus.TERMINATED:
                row.sqlmodel_update(_GOES_ON)
                row.status, row.waiting = waiting.status, waiting.waiting
            return execution_of(row)

    async def finish(self, order: ExecutionOrder, outcome: Outcome, at: datetime) -> Execution:
        """The first end stands. With it goes the entry in the audit log, and the customer."""
        async with self.database.transaction() as session:
            row = await _locked(session, order.execution_id)
            if execution_of(row).is_final:
                return execution_of(row)
            row.sqlmodel_update(outcome.model_dump(exclude={"customer"}))
            row.status, row.finished_at = outcome.status, at
            row.outcome_unknown = outcome.may_have_acted
            if outcome.customer is not None:
                await _keep(session, order, outcome.customer, at)
            await write_down(session, _used(order, outcome), at)
            return execution_of(row)

    async def cancel(self, execution_id: str, told: AuditEvent, at: datetime) -> Execution:
        """As it stands after that. Only one that may be cancelled ends: no step asks from then."""
        async with self.database.transaction() as session:
            row = await _locked(session, execution_id)
            if execution_of(row).may_be_cancelled:
                row.status, row.finished_at = ExecutionStatus.CANCELLED, at
                row.error_code = Code.EXECUTION_CANCELLED
                row.error_message = "it was cancelled before anything was done"
                await write_down(session, told, at)
            return execution_of(row)

    async def terminate(self, execution_id: str, at: datetime) -> Execution:
        """As it stands after that: one under way has lost its workflow, and waits for nothing."""
        async with self.database.transaction() as session:
            row = await _locked(session, execution_id)
            if execution_of(row).is_under_way:
                known = "nobody knows whether it was" if row.outcome_unknown else "nothing was"
                row.status, row.finished_at = ExecutionStatus.TERMINATED, at
                row.error_code = Code.EXECUTION_TERMINATED
                row.error_message = f"its workflow was ended by force; {known} done"
            return execution_of(row)

    async def get(self, tenant_id: str, execution_id: str) -> Execution | None:
        async with self.database.reading() as session:
            row = await session.get(ExecutionRow, execution_id)
        return execution_of(row) if row and row.tenant_id == tenant_id else None

    async def newest_equal(
        self, integration_id: str, requested_by: str, request_hash: str
    ) -> Execution | None:
        """The last one by which this key asked the same."""
        equal = (
            select(ExecutionRow)
            .where(
                ExecutionRow.integration_id == integration_id,
                ExecutionRow.requested_by == requested_by,
                ExecutionRow.request_hash == request_hash,
            )
            .order_by(col(ExecutionRow.created_at).desc(), col(ExecutionRow.execution_id).desc())
            .limit(1)
        )
        async with self.database.reading() as session:
            row = (await session.exec(equal)).first()
            return execution_of(row) if row else None


async def _sending_now(session: AsyncSession, order: ExecutionOrder) -> Sending:
    integration = await session.get(IntegrationRow, order.integration_id)
    known = None
    if order.customer_id is not None:
        of_integration = (order.integration_id, order.customer_id)
        known = await session.get(ProviderCustomerRow, of_integration)
    return Sending(
        customer=provider_customer_of(known) if known else None,
        fingerprint=integration.fingerprint if integration else None,
    )


async def _locked(session: AsyncSession, execution_id: str) -> ExecutionRow:
    row = await locked(session, ExecutionRow, execution_id)
    if row is None:
        raise NotFound(Code.EXECUTION_NOT_FOUND, f"no execution {execution_id}")
    return row


async def _keep(
    session: AsyncSession,
    order: ExecutionOrder,
    customer: ProviderCustomer,
    at: datetime,
) -> None:
    """What the gateway knows now replaces what was known before. Whom nobody named is not kept."""
    customer_id = order.customer_id
    if customer_id is None:
        return
    first = ProviderCustomerRow(
        integration_id=order.integration_id,
        customer_id=customer_id,
        tenant_id=order.tenant_id,
        **customer.model_dump(),
        created_at=at,
        updated_at=at,
    )
    if await insert_if_absent(session, first):
        return
    row = await locked(session, ProviderCustomerRow, (order.integration_id, customer_id))
    assert row is not None  # it was there a moment ago, and nobody deletes one
    row.sqlmodel_update({**customer.model_dump(), "updated_at": at})


def _used(order: ExecutionOrder, outcome: Outcome) -> AuditEvent:
    return AuditEvent(
        tenant_id=order.tenant_id,
        actor=order.requested_by,
        address=order.address,
        action="integration.used",
        subject=order.integration_id,
        after={
            "execution_id": order.execution_id,
            "capability_code": order.capability_code,
            "status": outcome.status,
        },
    )


async def running_on(session: AsyncSession, integration_id: str, limit: int) -> list[str]:
    """The ids of those that have not ended."""
    running = (
        select(ExecutionRow.execution_id)
        .where(
            ExecutionRow.integration_id == integration_id,
            col(ExecutionRow.finished_at).is_(None),
        )
        .limit(limit)
    )
    return list(await session.exec(running))
