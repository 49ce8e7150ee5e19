"""What a customer is told besides the policy: a payment that failed, a refund that was found."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.emails import EmailOrder, EmailTemplate, email_id_of
    from domain.purchases import PaymentStatus, Purchase, PurchaseOrder
    from domain.refunds import Asker, Refund, RefundStatus
    from workflows.mailing import Letters


class Notices:
    """Each occasion is told once: its message's id is made from what it is about."""

    def __init__(self, order: PurchaseOrder) -> None:
        self.order = order
        self.letters = Letters()

    @property
    def are_out(self) -> bool:
        return self.letters.are_out

    def tell_of_failure(self, purchase: Purchase) -> None:
        """Never right after it, since most customers try another card at once; but a purchase that
        failed over has closed its customer's page."""
        is_declined = purchase.status is PaymentStatus.FAILED or purchase.has_failed_over
        if not is_declined or (purchase.checkout is None and not purchase.left):
            return
        about = purchase.order.purchase_id
        # A debit that bounces has a payment, and may follow on a declined card that was told of.
        if purchase.payment_id is not None and workflow.patched("tell-of-bounced-debit"):
            about = purchase.payment_id
        self._send(EmailTemplate.PAYMENT_FAILED, about)

    def tell_of_found(self, refund: Refund) -> None:
        """Somebody made it by hand; refunds that were asked for here tell of themselves."""
        if refund.asker is not Asker.PROVIDER:
            return
        if refund.status is RefundStatus.SUCCEEDED and workflow.patched("tell-of-found-refund"):
            self._send(EmailTemplate.REFUND_MADE, refund.refund_id, refund.refund_id)
        if refund.status is RefundStatus.FAILED and workflow.patched("tell-of-found-return"):
            self._send(EmailTemplate.REFUND_RETURNED, refund.refund_id, refund.refund_id)

    def _send(self, template: EmailTemplate, about: str, refund_id: str | None = None) -> None:
        self.letters.send(
            EmailOrder(
                email_id=email_id_of(about, template),
                template=template,
                tenant_id=self.order.tenant_id,
                purchase_id=self.order.purchase_id,
                refund_id=refund_id,
                livemode=self.order.livemode,
            )
        )
