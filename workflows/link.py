"""One payment link: seven days, two reminders, and an end that the customer is told of."""

from collections.abc import Sequence
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.links import LinkActivities, LinkEnd
    from domain.emails import EmailOrder, EmailTemplate, email_id_of
    from domain.errors import Code
    from domain.links import REMINDERS, LinkOrder, LinkStatus
    from workflows.mailing import Letters, deliver
    from workflows.trying import promptly
    from workflows.unknown import count_unknown
    from workflows.waiting import happens_within


@workflow.defn
class PaymentLinkWorkflow:
    """Started when a quote is saved for later; stops when that is paid or the link revoked."""

    @workflow.init
    def __init__(self, order: LinkOrder) -> None:
        self.order = order
        self.ended: LinkStatus | None = None
        self.closed = False
        self.letters = Letters()

    @workflow.run
    async def run(self, order: LinkOrder) -> LinkStatus:
        for number, after in enumerate(REMINDERS, start=1):
            due = order.created_at + after
            if due < order.expires_at and not await self._ends_within(due - workflow.now()):
                self._send(EmailTemplate.LINK_REMINDER, number)
        await self._ends_within(order.expires_at - workflow.now())
        return await self._close()

    @workflow.update
    async def send(self, email_id: str) -> str | None:
        """E-mail the link by the row written for it. Why it could not be sent, or None."""
        return await deliver(self._email(EmailTemplate.PAYMENT_LINK, email_id))

    @workflow.update
    async def revoke(self) -> LinkStatus:
        self.ended = self.ended or LinkStatus.REVOKED
        await workflow.wait_condition(lambda: self.closed)
        return self.ended

    @send.validator
    def validate_send(self, email_id: str) -> None:
        if self.ended is not None:
            raise ApplicationError(f"the link is {self.ended}", type=Code(f"link_{self.ended}"))

    @workflow.signal
    def quote_paid(self) -> None:
        self.ended = self.ended or LinkStatus.PAID

    @workflow.signal(dynamic=True)
    async def unknown(self, name: str, told: Sequence[RawValue]) -> None:
        count_unknown(name)

    @workflow.query
    def current(self) -> LinkStatus:
        return self.ended or LinkStatus.ACTIVE

    async def _ends_within(self, window: timedelta) -> bool:
        if window <= timedelta(0):
            return self.ended is not None
        return await happens_within(window, lambda: self.ended is not None, "paid or revoked")

    async def _close(self) -> LinkStatus:
        """The row decides: a payment that came in the same moment stands."""
        end = LinkEnd(link_id=self.order.link_id, status=self.ended or LinkStatus.EXPIRED)
        self.ended = await promptly(LinkActivities.end_link, end)
        self.closed = True
        if self.ended is LinkStatus.EXPIRED:
            self._send(EmailTemplate.LINK_EXPIRED)
        await workflow.wait_condition(
            lambda: self.letters.are_out and workflow.all_handlers_finished()
        )
        return self.ended

    def _send(self, template: EmailTemplate, number: int = 1) -> None:
        email_id = email_id_of(self.order.link_id, template, number)
        self.letters.send(self._email(template, email_id))

    def _email(self, template: EmailTemplate, email_id: str) -> EmailOrder:
        return EmailOrder(
            email_id=email_id,
            template=template,
            tenant_id=self.order.tenant_id,
            link_id=self.order.link_id,
            livemode=self.order.livemode,
        )
