"""Turns purchases and policies into answers, each with the sentence that says what comes next."""

from dataclasses import dataclass

from domain.money import exponent_of
from domain.policies import Policy, PolicyStatus
from domain.purchases import PaymentStatus, Purchase, RefundProgress, ReviewReason
from domain.views import PurchaseView
from mcp_server.answers import (
    CheckoutCard,
    CompletedPurchase,
    PurchaseState,
    RefundLine,
    StartedPurchase,
    Widget,
)
from mcp_server.plain_text import plain, plain_or_none
from services.policies import PolicyService
from services.urls import CustomerUrls


@dataclass(frozen=True)
class Answering:
    """``widget_base``: where the payment page is served, unless by the API itself."""

    policies: PolicyService
    urls: CustomerUrls
    widget_base: str | None

    def started(self, purchase: Purchase) -> StartedPurchase:
        order, checkout = purchase.order, purchase.checkout
        card = CheckoutCard(
            payment_intent_id=order.purchase_id,
            product_name=plain(order.product_name),
            amount=order.price.minor,
            currency=order.price.currency,
            currency_exponent=exponent_of(order.price.currency),
            payment_status=purchase.status,
            checkout_url=checkout.url if checkout else None,
            expires_at=checkout.expires_at if checkout else None,
            widget_url=self.urls.widget_url(self.widget_base, order.purchase_id),
        )
        return StartedPurchase(
            message=f"Give the customer the checkout_url to pay {order.price}, then call "
            "check_payment_status with the payment_intent_id.",
            **card.model_dump(exclude={"widget_url"}),
            provider=order.provider,
            livemode=order.livemode,
            quote_id=order.quote_id,
            user_id=plain(order.user_id),
            session_id=checkout.session_id if checkout else None,
            can_retry=purchase.can_retry,
            widget=Widget(data=card),
        )

    def state(self, view: PurchaseView) -> PurchaseState:
        policy = view.policy if view.policy_status is not PolicyStatus.NONE else None
        return PurchaseState(
            message=_guidance(view),
            payment_intent_id=view.purchase_id,
            amount=view.price.minor,
            currency=view.price.currency,
            currency_exponent=exponent_of(view.price.currency),
            product_name=plain(view.product_name),
            provider=view.provider,
            livemode=view.livemode,
            payment_status=view.payment_status,
            stripe_session_id=view.session_id,
            stripe_payment_intent=view.provider_payment_id,
            user_id=plain(view.user_id),
            quote_id=view.quote_id,
            created_at=view.created_at,
            updated_at=view.updated_at,
            checkout_url=view.checkout_url if _is_payable(view) else None,
            expires_at=view.expires_at,
            failure_code=plain_or_none(view.failure_code),
            failure_reason=plain_or_none(view.failure_reason),
            can_retry=view.can_retry,
            processing=view.processing,
            needs_review=view.needs_review,
            refund_status=view.refund_status,
            amount_refunded=view.amount_refunded.minor,
            refunds=tuple(
                RefundLine(refund_id=each.refund_id, status=each.status, amount=each.amount.minor)
                for each in view.refunds
            ),
            policy_status=view.policy_status,
            policy_id=policy.policy_id if policy else None,
            policy_number=policy.number if policy else None,
            policy_cancelled_at=policy.cancelled_at if policy else None,
            policy_document_url=self._document_url(policy),
        )

    def _document_url(self, policy: Policy | None) -> str | None:
        """Nobody is handed a policy that gives no cover."""
        if policy is None or policy.status is PolicyStatus.CANCELLED:
            return None
        return self.policies.document_url(policy)

    def completed(self, view: PurchaseView, policy: Policy) -> CompletedPurchase:
        return CompletedPurchase(
            message=f"Policy {policy.number} is issued. Give the customer its number and "
            "policy_document_url; it is e-mailed to them as well.",
            payment_intent_id=view.purchase_id,
            amount=view.price.minor,
            currency=view.price.currency,
            currency_exponent=exponent_of(view.price.currency),
            product_name=plain(view.product_name),
            provider=view.provider,
            livemode=view.livemode,
            policy_id=policy.policy_id,
            policy_number=policy.number,
            policy_status=view.policy_status,
            quote_id=view.quote_id,
            user_id=plain(view.user_id),
            policy_document_url=self.policies.document_url(policy),
            created_at=policy.issued_at or policy.drawn_at,
        )


def _is_payable(view: PurchaseView) -> bool:
    is_open = view.payment_status is PaymentStatus.PENDING or view.can_retry
    return is_open and not view.processing


def _guidance(view: PurchaseView) -> str:
    if view.payment_status is PaymentStatus.COMPLETED:
        return _guidance_when_paid(view)
    if view.paid_at is not None:
        return (
            f"The purchase had ended as {view.payment_status} when money arrived. It goes back to "
            "the customer by itself; refunds shows how far that is."
        )
    if view.processing:
        return "The bank has the payment and answers within days. Nothing to do; look again later."
    if view.payment_status is PaymentStatus.FAILED and view.can_retry:
        return "The payment was declined. The customer may try again at checkout_url."
    if view.payment_status is PaymentStatus.PENDING and view.can_retry:
        return (
            "The payment was declined, and the page on which that was is closed. The customer may "
            "try again at checkout_url, which is a new one."
        )
    if view.payment_status is PaymentStatus.PENDING:
        return "Not paid yet. The customer pays at checkout_url; look again in a few seconds."
    return (
        f"The payment is {view.payment_status} and cannot be paid any more. initiate_purchase "
        "opens a new checkout while the quote is valid."
    )


def _guidance_when_paid(view: PurchaseView) -> str:
    if view.refund_status is RefundProgress.FULL:
        return (
            "Paid and refunded in full: the policy is cancelled, the customer is not covered. For "
            "cover, a new quote has to be bought."
        )
    is_partial = view.refund_status is RefundProgress.PARTIAL
    paid = f"Paid; {view.amount_refunded} of it has been refunded." if is_partial else "Paid."
    if view.is_in_review_for(ReviewReason.REFUND_FAILED):
        paid = f"{paid} A refund failed; a person is looking into it."
    if view.policy_status is PolicyStatus.NONE and view.needs_review:
        return f"{paid} A person is looking into the policy; tell the customer that it will follow."
    return f"{paid} Call complete_purchase for the policy."
