"""What a customer's page shows of a purchase: the truth of it, and nothing personal."""

from dataclasses import dataclass
from datetime import datetime

from domain.errors import Code, NotFound
from domain.model import Model
from domain.money import Money
from domain.policies import Policy, PolicyStatus
from domain.purchases import PaymentStatus, RefundProgress, ReviewReason
from domain.views import PurchaseView
from persistence.purchases import PurchaseRecords
from services.purchases import PurchaseService
from services.urls import CustomerUrls


class PurchasePage(Model):
    """``is_delayed``: paid, and a person must look before the policy can be issued."""

    purchase_id: str
    product_name: str
    price: Money
    payment_status: PaymentStatus
    can_retry: bool
    processing: bool
    failure_reason: str | None = None
    checkout_url: str | None = None
    expires_at: datetime | None = None
    paid_at: datetime | None = None
    refund_status: RefundProgress
    amount_refunded: Money
    policy_status: PolicyStatus
    policy_number: str | None = None
    is_delayed: bool = False
    livemode: bool


@dataclass(frozen=True)
class PageService:
    records: PurchaseRecords
    purchases: PurchaseService
    urls: CustomerUrls

    async def of(self, token: str) -> tuple[PurchasePage, str | None]:
        """The purchase behind a page's token, and a link to its policy once that is printed."""
        view = await self._view(self.urls.read_purchase(token))
        view = await self.purchases.refreshed(view)
        policy = view.policy if view.policy and view.policy.document else None
        return _page(view, policy), self.urls.document_url(policy) if policy else None

    async def _view(self, purchase_id: str) -> PurchaseView:
        order = await self.records.order_of(purchase_id)
        view = order and await self.records.view(order.tenant_id, purchase_id)
        if not view:
            raise NotFound(Code.PURCHASE_NOT_FOUND, f"no purchase {purchase_id}")
        return view


def _page(view: PurchaseView, policy: Policy | None) -> PurchasePage:
    return PurchasePage(
        purchase_id=view.purchase_id,
        product_name=view.product_name,
        price=view.price,
        payment_status=view.payment_status,
        can_retry=view.can_retry,
        processing=view.processing,
        failure_reason=view.failure_reason,
        checkout_url=view.checkout_url if view.may_be_paid and not view.processing else None,
        expires_at=view.expires_at,
        paid_at=view.paid_at,
        refund_status=view.refund_status,
        amount_refunded=view.amount_refunded,
        policy_status=view.policy_status,
        policy_number=policy.number if policy else None,
        is_delayed=view.is_in_review_for(ReviewReason.POLICY_NOT_ISSUED),
        livemode=view.livemode,
    )
