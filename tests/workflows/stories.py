"""Telling a story to the workflows as the services do, and watching what becomes of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple, TypeVar

from temporalio.api.testservice.v1 import LockTimeSkippingRequest, UnlockTimeSkippingRequest
from temporalio.client import (
    Client,
    WorkflowHandle,
    WorkflowUpdateHandle,
    WorkflowUpdateStage,
)
from temporalio.testing import WorkflowEnvironment

from domain.emails import EmailStatus
from domain.links import LinkOrder, LinkStatus
from domain.payments import (
    CheckoutChanged,
    EmailBounced,
    Fact,
    ProviderRefundState,
    RefundChanged,
    RefundFound,
)
from domain.policies import Policy, PolicyStatus
from domain.purchases import (
    Cancellation,
    PaymentStatus,
    Purchase,
    PurchaseOrder,
    Refusal,
    ReviewReason,
)
from domain.purchases import workflow_id_of as purchase_workflow_id_of
from domain.refunds import Decision, Refund, RefundRequest
from domain.refunds import workflow_id_of as refund_workflow_id_of
from services.runs import link_run, purchase_run, purchase_started, refund_run, refund_start
from services.workflows import PURCHASE_SIGNALS
from tests.fake_email_rows import FakeEmailRecords
from tests.fake_rows import FakePolicyRecords, FakePurchaseRecords
from tests.fake_world import World
from workflows import attributes
from workflows.link import PaymentLinkWorkflow
from workflows.purchase import PurchaseWorkflow
from workflows.refund import RefundWorkflow

SOON = 10.0
Found = TypeVar("Found")


class Shown(NamedTuple):
    payment: PaymentStatus
    policy: PolicyStatus
    needs_review: bool
    others: Mapping[str, str]


@dataclass
class Stories:
    env: WorkflowEnvironment
    client: Client
    world: World

    # What callers ask

    async def open(self, order: PurchaseOrder) -> Purchase | Refusal:
        return await self.client.execute_update_with_start_workflow(
            PurchaseWorkflow.open_checkout, start_workflow_operation=purchase_started(order)
        )

    async def at_last(self, asked: Awaitable[Found]) -> Found:
        """The answer, however long it takes: time passes until it is there.

        ``asked`` has been heard, or begins a run of its own: the server that skips time stops at
        a timer which fires while what has just come cancels it (temporalio/sdk-java#2606).
        """
        async with self._time_flies():
            return await asked

    async def opened(self, order: PurchaseOrder) -> Purchase:
        purchase = await self.open(order)
        assert isinstance(purchase, Purchase)
        return purchase

    async def cancel(self, order: PurchaseOrder, reason: str | None = None) -> Purchase | Refusal:
        return await self.client.execute_update_with_start_workflow(
            PurchaseWorkflow.cancel,
            Cancellation(reason=reason),
            start_workflow_operation=purchase_started(order),
        )

    async def join_later(self, order: PurchaseOrder) -> WorkflowUpdateHandle[Purchase | Refusal]:
        """The purchase has heard of it, and time has not moved: so nothing can come before it."""
        return await self.client.start_update_with_start_workflow(
            PurchaseWorkflow.open_checkout,
            wait_for_stage=WorkflowUpdateStage.ACCEPTED,
            start_workflow_operation=purchase_started(order),
        )

    async def cancel_later(
        self, order: PurchaseOrder, reason: str | None = None
    ) -> WorkflowUpdateHandle[Purchase | Refusal]:
        return await self.client.start_update_with_start_workflow(
            PurchaseWorkflow.cancel,
            Cancellation(reason=reason),
            wait_for_stage=WorkflowUpdateStage.ACCEPTED,
            start_workflow_operation=purchase_started(order),
        )

    async def refresh(self, order: PurchaseOrder, insist: bool = False) -> None:
        await self.client.execute_update_with_start_workflow(
            PurchaseWorkflow.refresh, insist, start_workflow_operation=purchase_started(order)
        )

    async def refund(self, order: PurchaseOrder, request: RefundRequest) -> Refund | Refusal:
        return await self.client.execute_update_with_start_workflow(
            PurchaseWorkflow.refund, request, start_workflow_operation=purchase_started(order)
        )

    async def refunded(self, order: PurchaseOrder, request: RefundRequest) -> Refund:
        refund = await self.refund(order, request)
        assert isinstance(refund, Refund)
        return refund

    async def refund_on_its_way(self, order: PurchaseOrder) -> Refund:
        """Half of the price, made at the provider, which has yet to decide."""
        self.world.payments.next_refunds.append(ProviderRefundState.PENDING)
        half = self.world.refund_request(order, order.price.minor // 2)
        refund = await self.refunded(order, half)
        rows = self.world.rows.refunds
        await self.until(lambda: rows[refund.refund_id].provider_refund_id is not None)
        return refund

    async def retry_issue(self, order: PurchaseOrder) -> PolicyStatus:
        return await self.client.execute_update_with_start_workflow(
            PurchaseWorkflow.retry_issue, start_workflow_operation=purchase_started(order)
        )

    async def decide(self, refund: Refund, approved: bool) -> Refund:
        return await self.refund_run(refund.refund_id).execute_update(
            RefundWorkflow.decide, Decision(approved=approved, by="key_boss")
        )

    # What providers tell

    async def tell(self, order: PurchaseOrder, fact: Fact) -> str:
        """As the webhook door does. Gives the event's id."""
        await self._signal(order, PURCHASE_SIGNALS[type(fact)].__name__, [fact])
        return fact.event_id

    async def tell_resolved(self, order: PurchaseOrder) -> None:
        await self._signal(order, PurchaseWorkflow.review_resolved.__name__, [])

    async def _signal(self, order: PurchaseOrder, signal: str, told: list[Fact]) -> None:
        """Signal-with-start."""
        await self.client.start_workflow(
            PurchaseWorkflow.run,
            order,
            **purchase_run(order),
            start_signal=signal,
            start_signal_args=told,
        )

    async def tell_change(self, order: PurchaseOrder) -> str:
        return await self.tell(order, CheckoutChanged(event_id=self.world.event()))

    async def tell_of_found_refund(self, order: PurchaseOrder, made: str) -> str:
        return await self.tell(
            order, RefundFound(event_id=self.world.event(), provider_refund_id=made)
        )

    async def tell_refund(self, order: PurchaseOrder, refund_id: str) -> str:
        fact = RefundChanged(
            event_id=self.world.event(),
            provider_refund_id=self.world.payments.provider_id_of(refund_id),
        )
        refund = self.world.rows.refunds[refund_id]
        await self.client.start_workflow(
            RefundWorkflow.run,
            refund_start(order, refund),
            **refund_run(order, refund),
            start_signal="refund_changed",
            start_signal_args=[fact],
        )
        return fact.event_id

    # Whole passages

    async def paid(self, order: PurchaseOrder) -> Purchase:
        """Opened, paid, told of by a webhook, and followed to its end."""
        await self.opened(order)
        self.world.payments.pay(order.purchase_id)
        await self.tell_change(order)
        return await self.end_of(order)

    async def just_paid(self) -> PurchaseOrder:
        """Paid and told of, but not awaited."""
        order = self.world.order()
        await self.opened(order)
        self.world.payments.pay(order.purchase_id)
        await self.tell_change(order)
        return order

    async def bought(self) -> tuple[PurchaseOrder, str]:
        """A paid purchase of which the customer has been told, and its payment's id."""
        order = self.world.order()
        purchase = await self.paid(order)
        self.world.mail.sent.clear()
        assert purchase.payment_id is not None
        return order, purchase.payment_id

    async def end_of(self, order: PurchaseOrder) -> Purchase:
        async with self._time_flies():
            return await self.purchase_run(order).result()

    async def decided(self, order: PurchaseOrder) -> list[ReviewReason]:
        """A person is asked, decides, and the run ends: what the person was asked about."""
        await _shows_review(self.purchase_run(order))
        reasons = self.world.rows.open_reviews(order.purchase_id)
        for reason in reasons:
            await self.resolve(order, reason)
        await self.end_of(order)
        return reasons

    async def resolve(self, order: PurchaseOrder, reason: ReviewReason) -> None:
        """As the services do when an operator has dealt with it."""
        records = FakePurchaseRecords(self.world.rows)
        await records.resolve_review(order.purchase_id, reason, self.world.clock())
        await self.tell_resolved(order)

    async def refund_end(self, refund_id: str) -> Refund:
        async with self._time_flies():
            return await self.refund_run(refund_id).result()

    async def refund_decided(self, refund_id: str) -> Refund:
        """A person is asked about the refund and told of it: the refund as it ends."""
        run = self.refund_run(refund_id)
        await _shows_review(run)
        await run.signal(RefundWorkflow.review_resolved)
        return await self.refund_end(refund_id)

    async def start_link(self, link: LinkOrder) -> WorkflowHandle[PaymentLinkWorkflow, LinkStatus]:
        return await self.client.start_workflow(PaymentLinkWorkflow.run, link, **link_run(link))

    def mail_event(self, email_id: str, status: EmailStatus) -> None:
        """What the webhook door writes when the mail service tells of a message."""
        FakeEmailRecords(self.world.rows).write(email_id, status=status)

    def take_delivery_back(self, order: PurchaseOrder) -> None:
        """And what it writes when a confirmation bounced."""
        FakePolicyRecords(self.world.rows).mark_not_delivered(order.purchase_id)

    async def bounce(self, order: PurchaseOrder) -> None:
        """The one message of a purchase comes back: what the webhook door writes and tells."""
        (message,) = self.world.mail.sent
        self.mail_event(message.email_id, EmailStatus.BOUNCED)
        self.take_delivery_back(order)
        event_id = self.world.event()
        await self.tell(order, EmailBounced(event_id=event_id, email_id=message.email_id))

    # Watching

    async def shown(self, order: PurchaseOrder) -> Shown:
        """What operators see in the list of workflows."""
        found = (await self.purchase_run(order).describe()).typed_search_attributes
        return Shown(
            payment=PaymentStatus(found[attributes.PAYMENT_STATUS]),
            policy=PolicyStatus(found[attributes.POLICY_STATUS]),
            needs_review=found[attributes.NEEDS_REVIEW],
            others={
                key.name: str(found[key])
                for key in (attributes.TENANT_ID, attributes.QUOTE_ID, attributes.PROVIDER)
            },
        )

    async def pass_time(self, by: timedelta) -> None:
        await self.env.sleep(by)

    @asynccontextmanager
    async def _time_flies(self) -> AsyncIterator[None]:
        """Where the server can: it jumps from timer to timer."""
        if not self.env.supports_time_skipping:
            yield
            return
        await self.client.test_service.unlock_time_skipping(UnlockTimeSkippingRequest())
        try:
            yield
        finally:
            await self.client.test_service.lock_time_skipping(LockTimeSkippingRequest())

    async def until_it_shows_review(self, order: PurchaseOrder) -> None:
        """The list of workflows follows the rows, a moment later."""
        await _shows_review(self.purchase_run(order))

    async def until(self, found: Callable[[], Found]) -> Found:
        """What a look finds, as soon as it finds anything."""
        async with asyncio.timeout(SOON):
            while not (seen := found()):  # noqa: ASYNC110  rows have no event to wait for
                await asyncio.sleep(0.005)
            return seen

    def purchase_run(self, order: PurchaseOrder) -> WorkflowHandle[PurchaseWorkflow, Purchase]:
        return self.client.get_workflow_handle_for(
            PurchaseWorkflow.run, purchase_workflow_id_of(order.purchase_id)
        )

    def refund_run(self, refund_id: str) -> WorkflowHandle[RefundWorkflow, Refund]:
        return self.client.get_workflow_handle_for(
            RefundWorkflow.run, refund_workflow_id_of(refund_id)
        )

    def stored(self, order: PurchaseOrder) -> Purchase:
        return self.world.rows.purchases[order.purchase_id]

    def policy(self, order: PurchaseOrder) -> Policy | None:
        return self.world.rows.policies.get(order.purchase_id)

    def policy_status(self, order: PurchaseOrder) -> PolicyStatus:
        policy = self.policy(order)
        return policy.status if policy else PolicyStatus.NONE

    def policy_number(self, order: PurchaseOrder) -> str:
        return self.world.rows.policies[order.purchase_id].number

    async def until_it_is(self, order: PurchaseOrder, status: PaymentStatus) -> Purchase:
        await self.until(lambda: self.stored(order).status is status)
        return self.stored(order)


async def _shows_review(
    run: WorkflowHandle[PurchaseWorkflow, Purchase] | WorkflowHandle[RefundWorkflow, Refund],
) -> None:
    async with asyncio.timeout(SOON):
        while not (await run.describe()).typed_search_attributes[attributes.NEEDS_REVIEW]:
            continue
