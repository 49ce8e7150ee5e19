"""What both doors read of a purchase: all that belongs to it, and never another tenant's."""

from domain.emails import EmailOrder, EmailTemplate
from domain.links import LinkStatus
from domain.payments import Failure
from domain.purchases import PaymentStatus, PurchaseOrder, ReviewReason
from domain.views import PurchaseFilter
from persistence.database import Database
from persistence.emails import EmailRecords
from persistence.events import EventRecords
from persistence.links import LinkRecords
from persistence.purchases import PurchaseRecords
from persistence.refunds import RefundRecords
from tests.persistence.samples import (
    LATER,
    NOON,
    PRICE,
    TENANT,
    SignedEvent,
    begin,
    link,
    paid,
    paid_purchase,
    refund_request,
    settlement,
)


async def test_a_view_holds_all_that_belongs_to_a_purchase(database: Database) -> None:
    purchase = await paid_purchase(database)
    purchase_id = purchase.order.purchase_id
    purchases = PurchaseRecords(database)
    await RefundRecords(database).request(refund_request(purchase_id, "ref_1", 100), LATER)
    await purchases.flag_review(purchase_id, ReviewReason.DISPUTE_OPENED, "du_1", LATER)
    confirmation = EmailOrder(
        email_id="eml_1",
        template=EmailTemplate.PAYMENT_CONFIRMATION,
        tenant_id=TENANT,
        purchase_id=purchase_id,
    )
    await EmailRecords(database).queue(confirmation, "mei@example.com", "Mei Tan", LATER)

    view = await purchases.view(TENANT, purchase_id)

    assert view is not None
    assert view.policy is not None
    assert view.policy.number == "POL-2026-000001"
    assert [refund.refund_id for refund in view.refunds] == ["ref_1"]
    assert [review.reason for review in view.reviews] == [ReviewReason.DISPUTE_OPENED]
    assert [email.email_id for email in view.emails] == ["eml_1"]
    assert (view.payment_status, view.price, view.paid_at) == ("completed", PRICE, LATER)
    assert view.provider_payment_id == purchase.payment_id
    assert view.needs_review


async def test_a_declined_purchase_says_why(database: Database, ordered: PurchaseOrder) -> None:
    purchases = PurchaseRecords(database)
    failure = Failure(code="card_declined", reason="Your card was declined.")
    declined = (await begin(purchases, ordered, NOON)).model_copy(
        update={"status": PaymentStatus.FAILED, "can_retry": True, "failure": failure}
    )
    await purchases.record(settlement(declined), LATER)

    view = await purchases.view(TENANT, ordered.purchase_id)

    assert view is not None
    assert (view.failure_code, view.failure_reason) == (failure.code, failure.reason)
    assert await purchases.get(ordered.purchase_id) == declined


async def test_another_tenant_sees_nothing_of_a_purchase(database: Database) -> None:
    purchase = await paid_purchase(database)
    purchases = PurchaseRecords(database)

    assert await purchases.view("ten_other", purchase.order.purchase_id) is None
    assert await purchases.find("ten_other", purchase.order.purchase_id) is None
    assert (await purchases.page("ten_other", PurchaseFilter())).items == ()
    assert await purchases.latest_of_quote("ten_other", "Q-1") is None


async def test_a_purchase_is_found_by_our_id_and_by_each_of_the_providers(
    database: Database, ordered: PurchaseOrder
) -> None:
    purchase = await paid_purchase(database)
    purchases = PurchaseRecords(database)
    assert purchase.checkout is not None
    assert purchase.payment_id is not None

    for any_id in (ordered.purchase_id, purchase.checkout.session_id, purchase.payment_id):
        assert await purchases.find(TENANT, any_id) == ordered.purchase_id
    assert await purchases.find(TENANT, "pi_unknown") is None
    assert await purchases.find_by_payment(purchase.payment_id) == ordered
    assert await purchases.find_by_payment("pi_unknown") is None
    assert await purchases.order_of(ordered.purchase_id) == ordered
    assert await purchases.order_of("pur_unknown") is None
    assert await purchases.get("pur_unknown") is None


async def test_late_money_finds_its_purchase(database: Database, ordered: PurchaseOrder) -> None:
    purchases = PurchaseRecords(database)
    late = paid((await begin(purchases, ordered, NOON)).cancelled(None))
    await purchases.record(settlement(late), LATER)
    assert late.late_payment_id is not None

    assert await purchases.find_by_payment(late.late_payment_id) == ordered
    assert await purchases.get(ordered.purchase_id) == late


async def test_purchases_are_counted_by_status(database: Database) -> None:
    await paid_purchase(database, "Q-1")
    await paid_purchase(database, "Q-2")

    counts = await PurchaseRecords(database).count_by_status()

    assert counts[PaymentStatus.COMPLETED] == 2
    assert counts[PaymentStatus.PENDING] == 0


async def test_paying_ends_the_quotes_link_and_handles_the_events(
    database: Database, ordered: PurchaseOrder
) -> None:
    purchases, links, events = (
        PurchaseRecords(database),
        LinkRecords(database),
        EventRecords(database),
    )
    await links.open(link(), "mei@example.com", None, None, NOON)
    event, _ = await events.store("stripe", SignedEvent("evt_1"), NOON)
    purchase = await begin(purchases, ordered, NOON)
    waiting = await purchases.record(settlement(purchase), LATER)

    settled = await purchases.record(settlement(paid(purchase), event.event_id), LATER)
    again = await purchases.record(settlement(paid(purchase), event.event_id), LATER)

    stored = await links.get(TENANT, link().link_id)
    assert stored is not None
    assert stored.status is LinkStatus.PAID
    assert waiting.link_id == settled.link_id == stored.link_id
    assert again == settled
    handled = await events.get(event.event_id)
    assert handled is not None
    assert handled.handled_at == LATER
