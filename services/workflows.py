"""Talking to workflows: each message starts or resumes the one it is for; faults are translated."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from temporalio.client import (
    Client,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from domain.errors import Code, StillAtWork, Unavailable, refusal
from domain.links import LinkOrder, LinkStatus
from domain.payments import (
    CheckoutChanged,
    DisputeOpened,
    EmailBounced,
    Fact,
    PaymentRefunded,
    RefundChanged,
    RefundFound,
)
from domain.policies import PolicyStatus
from domain.purchases import Cancellation, Purchase, PurchaseOrder, Refusal
from domain.purchases import workflow_id_of as purchase_workflow_id_of
from domain.refunds import Decision, Refund, RefundRequest
from domain.refunds import workflow_id_of as refund_workflow_id_of
from services.runs import (
    HAND_OVER_WITHIN,
    link_run,
    link_started,
    purchase_run,
    purchase_started,
    refund_run,
    refund_start,
    refund_started,
)
from workflows.link import PaymentLinkWorkflow
from workflows.purchase import PurchaseWorkflow
from workflows.refund import RefundWorkflow

Answer = TypeVar("Answer")

OrderOf = Callable[[str], Awaitable[PurchaseOrder]]  # by the purchase's id

# Longer than any healthy provider takes; the workflow goes on when the caller stops waiting.
ANSWER_WITHIN = timedelta(seconds=25)

# Each fact has one signal handler; a test holds this table against the workflows, both ways.
PURCHASE_SIGNALS = {
    CheckoutChanged: PurchaseWorkflow.checkout_changed,
    RefundFound: PurchaseWorkflow.refund_found,
    PaymentRefunded: PurchaseWorkflow.payment_refunded,
    DisputeOpened: PurchaseWorkflow.dispute_opened,
    EmailBounced: PurchaseWorkflow.email_bounced,
}
REFUND_SIGNALS = {RefundChanged: RefundWorkflow.refund_changed}


@dataclass(frozen=True)
class Workflows:
    client: Client
    answer_within: timedelta = ANSWER_WITHIN

    async def open_checkout(self, order: PurchaseOrder, join: str | None = None) -> Purchase:
        """One round trip: the purchase with its checkout URL.

        A run's history takes only so many updates: asked with the same ``join``, it is one of them.
        """
        answer = await self._answer(
            lambda: self.client.execute_update_with_start_workflow(
                PurchaseWorkflow.open_checkout,
                start_workflow_operation=purchase_started(order),
                id=join,
            ),
            order.purchase_id,
        )
        return _granted(answer, order.purchase_id)

    async def cancel(self, order: PurchaseOrder, cancellation: Cancellation) -> Purchase:
        answer = await self._answer(
            lambda: self.client.execute_update_with_start_workflow(
                PurchaseWorkflow.cancel,
                cancellation,
                start_workflow_operation=purchase_started(order),
            ),
            order.purchase_id,
        )
        return _granted(answer, order.purchase_id)

    async def refresh(self, order: PurchaseOrder, look: int, within: timedelta) -> None:
        """Have the provider read now. Asked for again with the same ``look`` it is the same one."""
        await self._answer(
            lambda: self.client.execute_update_with_start_workflow(
                PurchaseWorkflow.refresh,
                start_workflow_operation=purchase_started(order),
                id=f"refresh-{look}",
            ),
            order.purchase_id,
            within,
        )

    async def read_anew(self, order: PurchaseOrder) -> None:
        """Have the provider read, by a look that begins after this was asked."""
        await self._answer(
            lambda: self.client.execute_update_with_start_workflow(
                PurchaseWorkflow.refresh, True, start_workflow_operation=purchase_started(order)
            ),
            order.purchase_id,
        )

    async def refund(self, order: PurchaseOrder, request: RefundRequest) -> Refund:
        """The refund as it was recorded. Repeated with the same id it is the same refund."""
        answer = await self._answer(
            lambda: self.client.execute_update_with_start_workflow(
                PurchaseWorkflow.refund, request, start_workflow_operation=purchase_started(order)
            ),
            order.purchase_id,
        )
        return _granted(answer, order.purchase_id)

    async def retry_issue(self, order: PurchaseOrder) -> PolicyStatus:
        return await self._answer(
            lambda: self.client.execute_update_with_start_workflow(
                PurchaseWorkflow.retry_issue, start_workflow_operation=purchase_started(order)
            ),
            order.purchase_id,
        )

    async def decide(self, order: PurchaseOrder, refund: Refund, decision: Decision) -> Refund:
        """A human's yes or no to a refund that waits for it."""
        return await self._answer(
            lambda: self.client.execute_update_with_start_workflow(
                RefundWorkflow.decide,
                decision,
                start_workflow_operation=refund_started(order, refund),
            ),
            order.purchase_id,
        )

    async def start_link(self, order: LinkOrder) -> None:
        """Start the link's seven days; a link that runs already is left alone."""
        with _faults_translated():
            await self.client.start_workflow(
                PaymentLinkWorkflow.run,
                order,
                **link_run(order),
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                rpc_timeout=HAND_OVER_WITHIN,
            )

    async def send_link(self, order: LinkOrder, email_id: str) -> str | None:
        """Why the link could not be e-mailed, or None when it is on its way."""
        return await self._answer(
            lambda: self.client.execute_update_with_start_workflow(
                PaymentLinkWorkflow.send, email_id, start_workflow_operation=link_started(order)
            )
        )

    async def revoke_link(self, order: LinkOrder) -> LinkStatus:
        return await self._answer(
            lambda: self.client.execute_update_with_start_workflow(
                PaymentLinkWorkflow.revoke, start_workflow_operation=link_started(order)
            )
        )

    async def tell_purchase(self, purchase_id: str, fact: Fact, order_of: OrderOf) -> str:
        """Signal a fact, waking a purchase whose run has ended; returns the workflow's id."""
        signal = PURCHASE_SIGNALS[type(fact)].__name__
        return await self._signal_purchase(purchase_id, signal, [fact], order_of)

    async def tell_review_resolved(
        self, purchase_id: str, refund_ids: Sequence[str], order_of: OrderOf
    ) -> None:
        """To whoever stays open for a person: the purchase, and its refunds that asked for one."""
        signal = PurchaseWorkflow.review_resolved.__name__
        await self._signal_purchase(purchase_id, signal, [], order_of)
        for refund_id in refund_ids:
            run = self.client.get_workflow_handle(refund_workflow_id_of(refund_id))
            with _faults_translated(purchase_id), _ended_runs_passed_over():
                await run.signal(RefundWorkflow.review_resolved, rpc_timeout=HAND_OVER_WITHIN)

    async def tell_refund(self, order: PurchaseOrder, refund: Refund, fact: RefundChanged) -> str:
        run = refund_run(order, refund)
        with _faults_translated(order.purchase_id):
            await _by_this_run_or_the_next(
                lambda: self.client.start_workflow(
                    RefundWorkflow.run,
                    refund_start(order, refund),
                    **run,
                    start_signal=REFUND_SIGNALS[type(fact)].__name__,
                    start_signal_args=[fact],
                    rpc_timeout=HAND_OVER_WITHIN,
                )
            )
        return run["id"]

    async def _answer(
        self,
        ask: Callable[[], Awaitable[Answer]],
        purchase_id: str | None = None,
        within: timedelta | None = None,
    ) -> Answer:
        """An update's answer, waited for as long as a caller waits."""
        with _faults_translated(purchase_id):
            async with asyncio.timeout((within or self.answer_within).total_seconds()):
                return await _by_this_run_or_the_next(ask)

    async def _signal_purchase(
        self, purchase_id: str, signal: str, arguments: Sequence[Fact], order_of: OrderOf
    ) -> str:
        """Most have a run: the order is read, and a new run offered, only where there is none."""
        workflow_id = purchase_workflow_id_of(purchase_id)
        run = self.client.get_workflow_handle(workflow_id)
        with _faults_translated(purchase_id):
            try:
                await run.signal(signal, args=arguments, rpc_timeout=HAND_OVER_WITHIN)
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
                await self._wake_purchase(await order_of(purchase_id), signal, arguments)
        return workflow_id

    async def _wake_purchase(
        self, order: PurchaseOrder, signal: str, arguments: Sequence[Fact]
    ) -> None:
        await self.client.start_workflow(
            PurchaseWorkflow.run,
            order,
            **purchase_run(order),
            start_signal=signal,
            start_signal_args=arguments,
            rpc_timeout=HAND_OVER_WITHIN,
        )


@contextmanager
def _ended_runs_passed_over() -> Iterator[None]:
    try:
        yield
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


async def _by_this_run_or_the_next(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """A run that closes in this very moment has not heard it: once more starts the next."""
    try:
        return await ask()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return await ask()


def _granted(answer: Answer | Refusal, purchase_id: str) -> Answer:
    if isinstance(answer, Refusal):
        raise refusal(answer.code, answer.message, purchase_id=purchase_id)
    return answer


@contextmanager
def _faults_translated(purchase_id: str | None = None) -> Iterator[None]:
    """A validator's no becomes its own error; whatever else goes wrong is ``Unavailable``."""
    try:
        yield
    except WorkflowUpdateFailedError as failed:
        cause = failed.cause
        if isinstance(cause, ApplicationError) and cause.type in set(Code):
            raise refusal(Code(cause.type), cause.message, purchase_id=purchase_id) from failed
        raise Unavailable("the workflow could not answer; it goes on by itself") from failed
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as slow:
        raise StillAtWork("it is being worked on; repeat the same request for its answer") from slow
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:  # it closed twice: a new try starts it
            raise Unavailable("the workflow closed just now") from error
        raise Unavailable("Temporal cannot be reached") from error
