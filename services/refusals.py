"""Why a wish about a purchase is not granted, in the state in which it is."""

from domain.customers import Customer, require_same
from domain.errors import Code, Conflict
from domain.purchases import PaymentStatus, Purchase, PurchaseOrder
from domain.views import PurchaseView


def require_paid(view: PurchaseView) -> None:
    """The refusal of what is not paid tells what can still become of it."""
    if view.payment_status is PaymentStatus.COMPLETED:
        return
    code = Code.NOT_PAID if view.may_be_paid else Code.PURCHASE_CLOSED
    code = Code.PAYMENT_PROCESSING if view.processing else code
    raise Conflict(
        code, f"{view.purchase_id} is {view.payment_status}", purchase_id=view.purchase_id
    )


def require_same_customer(order: PurchaseOrder, asked: Customer) -> None:
    require_same(
        asked,
        Customer(user_id=order.user_id, email=order.customer_email),
        f"{order.purchase_id}, the open purchase of quote {order.quote_id},",
        order.purchase_id,
    )


def require_same_integration(purchase: Purchase, named: str | None) -> None:
    """Who names none takes the one that the purchase uses."""
    if named is None or named == purchase.integration_id:
        return
    purchase_id, used = purchase.order.purchase_id, purchase.integration_id
    raise Conflict(
        Code.OTHER_INTEGRATION,
        f"{purchase_id} is open by {used or 'the account of the environment'}, not by {named}",
        purchase_id=purchase_id,
    )


def cancelled(purchase_id: str) -> Conflict:
    return Conflict(
        Code.PURCHASE_CLOSED, f"{purchase_id} was cancelled meanwhile", purchase_id=purchase_id
    )


def payments_not_offered(name: str, connection_code: str) -> Conflict:
    return Conflict(
        Code.PAYMENTS_NOT_OFFERED, f"{name}: {connection_code} takes no payments for purchases"
    )


def already_paid(purchase_id: str) -> Conflict:
    return Conflict(Code.ALREADY_PAID, f"{purchase_id} is paid", purchase_id=purchase_id)


def policy_cancelled(view: PurchaseView) -> Conflict:
    """``view`` is of a purchase whose money is all back."""
    policy = view.policy
    what = "no policy was issued"
    if policy is not None and policy.cancelled_at is not None:
        what = f"policy {policy.number} was cancelled at {policy.cancelled_at:%Y-%m-%dT%H:%M:%SZ}"
    return Conflict(
        Code.POLICY_CANCELLED,
        f"{view.purchase_id} was refunded in full: {what}",
        purchase_id=view.purchase_id,
    )
