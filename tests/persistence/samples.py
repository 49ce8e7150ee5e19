"""Things to store, with everything filled in that a test does not care about."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from domain.links import LIFETIME, LinkStatus, PaymentLink, link_id_of
from domain.money import Money
from domain.payments import (
    Checkout,
    CheckoutSnapshot,
    CheckoutState,
    ProviderRefundState,
    RefundSnapshot,
)
from domain.purchases import Purchase, PurchaseOrder, Settlement, purchase_id_of
from domain.quotes import CoverItem, InsuredPerson, Period, Quote
from domain.refunds import Asker, Refund, RefundRequest
from domain.routing import Candidate, Route
from domain.views import PurchaseView
from persistence.database import Database
from persistence.purchases import PurchaseRecords
from persistence.quotes import QuoteRecords
from persistence.refunds import RefundRecords

NOON = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)
PRICE = Money(minor=15_000, currency="SGD")
TENANT = "ten_acme"


def quote(quote_id: str = "Q-1", tenant_id: str = TENANT, price: Money = PRICE) -> Quote:
    return Quote(
        quote_id=quote_id,
        tenant_id=tenant_id,
        product_name="Travel Easy",
        insured_persons=(InsuredPerson(name="Mei Tan", date_of_birth=date(1990, 4, 1)),),
        cover=(CoverItem(name="Medical", limit=Money(minor=10_000_000, currency="SGD")),),
        period=Period(starts_on=date(2026, 12, 1), ends_on=date(2026, 12, 14)),
        price=price,
        customer_email="mei@example.com",
        customer_name="Mei Tan",
        valid_until=NOON + timedelta(days=30),
        created_at=NOON,
    )


def order(quote_id: str = "Q-1", attempt: int = 1, tenant_id: str = TENANT) -> PurchaseOrder:
    return PurchaseOrder(
        purchase_id=purchase_id_of(tenant_id, quote_id, attempt),
        tenant_id=tenant_id,
        quote_id=quote_id,
        attempt=attempt,
        user_id="user-1",
        customer_email="mei@example.com",
        product_name="Travel Easy",
        price=PRICE,
    )


async def begin(records: PurchaseRecords, wanted: PurchaseOrder, at: datetime) -> Purchase:
    """The purchase as it is written before its provider is asked: by the environment's account."""
    return (await records.open(wanted, Route.to(Candidate(), NOON), at)).purchase


def opened(purchase: Purchase) -> Purchase:
    session_id = f"cs_{purchase.order.purchase_id}"
    return purchase.opened(
        Checkout(session_id=session_id, url="https://pay.test/x", expires_at=NOON)
    )


def paid(purchase: Purchase, amount: Money = PRICE) -> Purchase:
    """Paid exactly, or the amount that is given; late when the purchase had ended."""
    seen = CheckoutSnapshot(
        session_id=f"cs_{purchase.order.purchase_id}",
        state=CheckoutState.COMPLETE,
        paid=amount,
        payment_id=f"pi_{purchase.order.purchase_id}",
    )
    return opened(purchase).applied(seen, LATER)


def late(purchase: Purchase) -> Purchase:
    """Paid when it had ended."""
    seen = CheckoutSnapshot(
        session_id=f"cs_{purchase.order.purchase_id}",
        state=CheckoutState.COMPLETE,
        paid=PRICE,
        payment_id=f"pi_{purchase.order.purchase_id}",
    )
    return purchase.applied(seen, LATER)


def settlement(purchase: Purchase, *event_ids: str) -> Settlement:
    return Settlement(purchase=purchase, event_ids=event_ids)


def refund_request(
    purchase_id: str,
    refund_id: str,
    minor: int | None = None,
    asker: Asker = Asker.SERVICE,
    approved_by: str | None = None,
) -> RefundRequest:
    return RefundRequest(
        refund_id=refund_id,
        purchase_id=purchase_id,
        tenant_id=TENANT,
        amount=None if minor is None else Money(minor=minor, currency="SGD"),
        asker=asker,
        requested_by="key_1",
        approved_by=approved_by,
        needs_approval_above=50_000,
    )


def refund_word(
    provider_refund_id: str,
    minor: int,
    state: ProviderRefundState = ProviderRefundState.SUCCEEDED,
    failure_reason: str | None = None,
    payment_id: str = "pi_1",
) -> RefundSnapshot:
    return RefundSnapshot(
        provider_refund_id=provider_refund_id,
        payment_id=payment_id,
        amount=Money(minor=minor, currency="SGD"),
        state=state,
        failure_reason=failure_reason,
    )


async def paid_purchase(database: Database, quote_id: str = "Q-1") -> Purchase:
    """A purchase that is recorded as paid, from its quote on."""
    await QuoteRecords(database).register(quote(quote_id))
    purchases = PurchaseRecords(database)
    purchase = paid(await begin(purchases, order(quote_id), NOON))
    await purchases.record(settlement(purchase), LATER)
    return purchase


def link(number: int = 1, quote_id: str = "Q-1") -> PaymentLink:
    return PaymentLink(
        link_id=link_id_of(TENANT, quote_id, number),
        tenant_id=TENANT,
        quote_id=quote_id,
        number=number,
        token=f"token-{quote_id}-{number}",
        user_id="user-1",
        product_name="Travel Easy",
        price=PRICE,
        status=LinkStatus.ACTIVE,
        created_at=NOON,
        expires_at=NOON + LIFETIME,
    )


@dataclass(frozen=True)
class SignedEvent:
    """As it comes from the verification of a signature."""

    provider_event_id: str
    type: str = "checkout.session.completed"
    livemode: bool = False
    payload: str = '{"customer_email": "mei@example.com"}'
    purchase_id: str | None = None


async def claimed(
    database: Database, purchase: Purchase, refund_id: str, minor: int | None = None
) -> Refund:
    request = refund_request(purchase.order.purchase_id, refund_id, minor)
    answer = await RefundRecords(database).request(request, LATER)
    assert isinstance(answer, Refund)
    return answer


async def viewed(database: Database, purchase: Purchase) -> PurchaseView:
    view = await PurchaseRecords(database).view(TENANT, purchase.order.purchase_id)
    assert view is not None
    return view
