"""Webhooks in: proved, stored, translated, handed to the workflow they are for, then answered.

Seen is not handled: an event whose hand-over failed stays ``received`` and is answered with 503,
so that the provider repeats it. Nothing signed is dropped behind a 200.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.emails import Email, EmailTemplate
from domain.errors import Code, Conflict, NotFound, Unavailable
from domain.events import EventOutcome, WebhookEvent
from domain.payments import (
    CheckoutChanged,
    DisputeOpened,
    EmailBounced,
    Fact,
    PaymentRefunded,
    RefundChanged,
    RefundFound,
)
from domain.payouts import PayoutReported
from domain.purchases import PurchaseOrder
from domain.tenants import PLATFORM_TENANT, Caller, Scope
from domain.views import Page
from gateways.webhooks import SignedEvent, WebhookGateway
from persistence.emails import EmailRecords
from persistence.events import EventRecords
from persistence.policies import PolicyRecords
from persistence.purchases import PurchaseRecords
from persistence.refunds import RefundRecords
from services.listening import Listener, Listening
from services.payouts import PayoutService
from services.workflows import Workflows

# The tenant that runs the installation: what belongs to no tenant is its operators' matter.
PAYMENT_KNOWN_WITHIN = timedelta(minutes=10)
_DONE = {EventOutcome.HANDED_OVER, EventOutcome.UNKNOWN_TYPE}


@dataclass(frozen=True)
class WebhookService:
    """``gateways`` are those of the environment's own accounts, ``listening`` finds the others."""

    gateways: Mapping[str, WebhookGateway]
    listening: Listening
    events: EventRecords
    purchases: PurchaseRecords
    policies: PolicyRecords
    refunds: RefundRecords
    emails: EmailRecords
    payouts: PayoutService
    workflows: Workflows
    livemode: bool

    async def receive(
        self, provider: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[WebhookEvent, ...]:
        """Take what a provider sent. Raises ``Unavailable`` where the provider must repeat it."""
        source = await self._source(provider)
        events = source.gateway.verify(body, headers)
        return tuple([await self._take(provider, source, event) for event in events])

    async def replay(self, caller: Caller, any_id: str) -> WebhookEvent:
        """Hand a stored event over once more; handling an event twice changes nothing."""
        caller.require(Scope.ADMIN)
        stored = await self.get(caller, any_id)
        source = await self._source(stored.provider)
        event = source.gateway.read(stored.payload)
        return await self._hand_over(stored, source, event)

    async def get(self, caller: Caller, any_id: str) -> WebhookEvent:
        """By our id, or by the provider's where one account only has told of it by that."""
        caller.require(Scope.READ)
        event = await self.events.get(any_id, _whose(caller))
        if event is not None:
            return event
        told = await self.events.told_as(any_id, _whose(caller))
        if not told:
            raise NotFound(Code.EVENT_NOT_FOUND, f"no event {any_id}")
        if len(told) > 1:
            candidates = ", ".join(f"{each.event_id} ({each.provider})" for each in told)
            raise Conflict(Code.EVENT_AMBIGUOUS, f"{any_id} may be any of {candidates}")
        return told[0]

    async def page(
        self,
        caller: Caller,
        outcome: EventOutcome | None,
        purchase_id: str | None,
        cursor: str | None,
        limit: int,
    ) -> Page[WebhookEvent]:
        caller.require(Scope.READ)
        return await self.events.page(_whose(caller), outcome, purchase_id, cursor, limit)

    async def _source(self, provider: str) -> Listener:
        connection_code, _, integration_id = provider.partition(":")
        if integration_id:
            listener = await self.listening.to(connection_code, integration_id)
            if listener is not None:
                return listener
        elif provider in self.gateways:
            return Listener(self.gateways[provider])
        raise NotFound(Code.WEBHOOK_NOT_CONFIGURED, "no webhook secret is set for this address")

    async def _take(self, provider: str, source: Listener, event: SignedEvent) -> WebhookEvent:
        now, owner = datetime.now(UTC), source.tenant_id
        stored, is_new = await self.events.store(provider, event, now, owner)
        if not is_new and stored.outcome in _DONE:
            return stored
        taken = await self._hand_over(stored, source, event)
        if self._may_be_early(taken, source, event):
            raise Unavailable("no purchase with this payment is on record yet", retry_after=30)
        return taken

    def _may_be_early(self, taken: WebhookEvent, source: Listener, event: SignedEvent) -> bool:
        """Disputes and found refunds are known by their payment, which may be told of after them:
        the first deliveries of one that fits nothing are asked for again, before it is let go.
        Of ours, checkouts carry our id: those without are other systems' and executions'."""
        fact = source.gateway.translate(event, taken.event_id)
        is_found_by_payment = (
            isinstance(fact, DisputeOpened | RefundFound | PaymentRefunded)
            and event.purchase_id is None
            and event.payment_id is not None
        )
        return (
            taken.outcome is EventOutcome.UNMATCHED
            and is_found_by_payment
            and event.livemode == self.livemode
            and datetime.now(UTC) - taken.received_at < PAYMENT_KNOWN_WITHIN
        )

    async def _hand_over(
        self, stored: WebhookEvent, source: Listener, event: SignedEvent
    ) -> WebhookEvent:
        if event.livemode != self.livemode and stored.provider != "sendgrid":
            return await self._close(stored, EventOutcome.UNMATCHED)
        fact = source.gateway.translate(event, stored.event_id)
        if event.email_id is not None and event.email_status is not None:
            email = await self.emails.record_event(
                event.email_id, event.email_status, event.type, datetime.now(UTC)
            )
            return await self._report_email(stored, email, fact)
        if fact is None:
            return await self._close(stored, EventOutcome.UNKNOWN_TYPE)
        if isinstance(fact, PayoutReported):
            return await self._tell_payout(stored, fact)
        if isinstance(fact, RefundChanged):
            return await self._tell_refund(stored, event, fact)
        if stored.purchase_id is None:  # it names none, or named one before that was on record
            order = await self._order_of(event)
            if await self._is_foreign(stored, order):
                return await self._close(stored, EventOutcome.FOREIGN)
            stored = _matched(stored, order)
        if isinstance(fact, CheckoutChanged | RefundFound | PaymentRefunded):
            # it may be of a checkout that was left
            fact = fact.model_copy(update={"integration_id": stored.integration_id})
        return await self._tell_purchase(stored, fact)

    async def _tell_purchase(self, stored: WebhookEvent, fact: Fact) -> WebhookEvent:
        if stored.purchase_id is None:
            return await self._close(stored, EventOutcome.UNMATCHED)
        workflow_id = await self.workflows.tell_purchase(stored.purchase_id, fact, self._order)
        return await self._close(stored, EventOutcome.HANDED_OVER, workflow_id)

    async def _tell_payout(self, stored: WebhookEvent, fact: PayoutReported) -> WebhookEvent:
        """To the watch over the account whose secret the event was signed with."""
        code, _, _ = stored.provider.partition(":")
        workflow_id = await self.payouts.tell(code, stored.integration_id, fact)
        if workflow_id is None:
            return await self._close(stored, EventOutcome.UNMATCHED)
        return await self._close(stored, EventOutcome.HANDED_OVER, workflow_id)

    async def _tell_refund(
        self, stored: WebhookEvent, event: SignedEvent, fact: RefundChanged
    ) -> WebhookEvent:
        refund = await self.refunds.find(event.refund_id) if event.refund_id else None
        order = await self.purchases.order_of(refund.purchase_id) if refund else None
        if refund is None or order is None:
            return await self._close(stored, EventOutcome.UNMATCHED)
        if await self._is_foreign(stored, order):
            return await self._close(stored, EventOutcome.FOREIGN)
        workflow_id = await self.workflows.tell_refund(order, refund, fact)
        stored = _matched(stored, order)
        return await self._close(stored, EventOutcome.HANDED_OVER, workflow_id)

    async def _report_email(
        self, stored: WebhookEvent, email: Email | None, fact: Fact | None
    ) -> WebhookEvent:
        """Where a message got to is its own row's matter; only a bounce concerns the purchase."""
        if email is None:
            return await self._close(stored, EventOutcome.UNMATCHED)
        order = await self.purchases.order_of(email.purchase_id) if email.purchase_id else None
        stored = _matched(stored, order)
        if isinstance(fact, EmailBounced) and order is not None:
            if email.template is EmailTemplate.PAYMENT_CONFIRMATION:
                await self.policies.mark_not_delivered(order.purchase_id, datetime.now(UTC))
            return await self._tell_purchase(stored, fact)
        await self.events.mark_handled((stored.event_id,), datetime.now(UTC))
        return await self._close(stored, EventOutcome.HANDED_OVER)

    async def _order_of(self, event: SignedEvent) -> PurchaseOrder | None:
        """By our own id in the provider's metadata; by the payment where there is none."""
        if event.purchase_id is not None:
            return await self.purchases.order_of(event.purchase_id)
        if event.payment_id is not None:
            return await self.purchases.find_by_payment(event.payment_id)
        return None

    async def _is_foreign(self, stored: WebhookEvent, order: PurchaseOrder | None) -> bool:
        """Whoever holds an account's signing secret speaks for its payments, and for no others."""
        if order is None:
            return False
        theirs = await self.purchases.integrations_of(order.purchase_id)
        return stored.integration_id not in theirs

    async def _order(self, purchase_id: str) -> PurchaseOrder:
        order = await self.purchases.order_of(purchase_id)
        assert order is not None  # it was on record a moment ago, and none is ever deleted
        return order

    async def _close(
        self, stored: WebhookEvent, outcome: EventOutcome, workflow_id: str | None = None
    ) -> WebhookEvent:
        await self.events.update(
            stored.event_id,
            outcome,
            workflow_id,
            stored.purchase_id,
            stored.tenant_id,
            datetime.now(UTC),
        )
        return stored.model_copy(update={"outcome": outcome, "workflow_id": workflow_id})


def _matched(stored: WebhookEvent, order: PurchaseOrder | None) -> WebhookEvent:
    if order is None:
        return stored
    whose = {"purchase_id": order.purchase_id, "tenant_id": order.tenant_id}
    return stored.model_copy(update=whose)


def _whose(caller: Caller) -> str | None:
    """The tenant whose events a caller sees; None is all, and what belongs to nobody."""
    is_platform = caller.tenant_id == PLATFORM_TENANT and caller.may(Scope.ADMIN)
    return None if is_platform else caller.tenant_id
