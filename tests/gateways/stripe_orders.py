"""Purchases and refunds to ask the simulated Stripe for, and its customer's side of them."""

from datetime import UTC, datetime, timedelta

from domain.identifiers import new_id
from domain.money import Money
from domain.payments import Checkout, CheckoutRequest, CheckoutSnapshot, RefundOrder
from gateways.payments import PaymentGateway
from tests.gateways.simulated_stripe import SimulatedStripe

PRICE = Money(minor=15000, currency="SGD")
GOOD, POOR, DISPUTED = "4242424242424242", "4000000000009995", "4000000000000259"
REFUND_FAILS_LATER, REFUND_SETTLES_LATER = "4000000000005126", "4000000000007726"
PURCHASE = new_id("pur")


def request(**changed: object) -> CheckoutRequest:
    return CheckoutRequest.model_validate(
        {
            "purchase_id": PURCHASE,
            "tenant_id": new_id("ten"),
            "quote_id": "Q-1",
            "product_name": "Travel cover",
            "price": PRICE,
            "customer_email": "jane@customer.example",
            "expires_at": datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1),
            "success_url": "https://insurer.example/done?s={CHECKOUT_SESSION_ID}",
            "cancel_url": "https://insurer.example/cancel",
            "idempotency_key": f"{PURCHASE}:checkout:1",
            **changed,
        }
    )


def order(payment_id: str, minor: int, refund_id: str | None = None) -> RefundOrder:
    refund_id = refund_id or new_id("ref")
    return RefundOrder(
        refund_id=refund_id,
        purchase_id=PURCHASE,
        payment_id=payment_id,
        amount=Money(minor=minor, currency="SGD"),
        reason="requested_by_customer",
        idempotency_key=f"{refund_id}:refund:1",
    )


async def pay(simulated: SimulatedStripe, checkout: Checkout, card: str) -> None:
    await simulated.post("pay", {"session_id": checkout.session_id, "card": card})


async def paid_with(
    payments: PaymentGateway, simulated: SimulatedStripe, card: str
) -> CheckoutSnapshot:
    checkout = await payments.open_checkout(request())
    await pay(simulated, checkout, card)
    return await payments.fetch_checkout(checkout.session_id)


def payment_of(snapshot: CheckoutSnapshot) -> str:
    assert snapshot.payment_id is not None
    return snapshot.payment_id
