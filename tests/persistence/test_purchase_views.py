"""What both doors read of purchases: whole, in pages, and never another tenant's."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, event

from domain.emails import EmailOrder, EmailTemplate
from domain.errors import Code, Invalid, NotFound
from domain.links import LinkStatus
from domain.payments import Failure
from domain.policies import PolicyStatus
from domain.purchases import PaymentStatus, PurchaseOrder, ReviewReason
from domain.views import PurchaseFilter
from persistence.database import Database
from persistence.emails import EmailRecords
from persistence.events import EventRecords
from persistence.links import LinkRecords
from persistence.purchases import PurchaseRecords
from persistence.quotes import QuoteRecords
from persistence.refunds import RefundRecords
from tests.persistence.samples import (
    LATER,
    NOON,
    PRICE,
    TENANT,
    SignedEvent,
    begin,
    claimed,
    link,
    order,
    paid,
    paid_purchase,
    quote,
    refund_request,
    refund_word,
    settlement,
)

EVERYTHING = PurchaseFilter()


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


async def test_a_page_holds_all_that_belongs_to_each_of_its_purchases(database: Database) -> None:
    purchases, numbers = PurchaseRecords(database), range(3)
    for number in numbers:
        purchase_id = (await paid_purchase(database, f"Q-{number}")).order.purchase_id
        for minor in range(1, number + 1):
            request = refund_request(purchase_id, f"ref_{number}_{minor}", minor)
            await RefundRecords(database).request(request, LATER)
        for reason in list(ReviewReason)[:number]:
            await purchases.flag_review(purchase_id, reason, None, LATER)
        letter = EmailOrder(
            email_id=f"eml_{number}",
            template=EmailTemplate.PAYMENT_CONFIRMATION,
            tenant_id=TENANT,
            purchase_id=purchase_id,
        )
        await EmailRecords(database).queue(letter, "mei@example.com", None, LATER)

    page = await purchases.page(TENANT, EVERYTHING)

    alone = [await purchases.view(TENANT, view.purchase_id) for view in page.items]
    assert list(page.items) == alone
    assert sorted(len(view.refunds) for view in page.items) == list(numbers)
    assert sorted(len(view.reviews) for view in page.items) == list(numbers)


@pytest.mark.parametrize("number", [1, 4])
async def test_a_page_takes_as_many_statements_however_long_it_is(
    database: Database, number: int
) -> None:
    for each in range(number):
        await paid_purchase(database, f"Q-{each}")
    asked: list[str] = []

    def count(*told: object) -> None:
        asked.append(str(told[2]))

    event.listen(Engine, "before_cursor_execute", count)
    try:
        page = await PurchaseRecords(database).page(TENANT, EVERYTHING)
    finally:
        event.remove(Engine, "before_cursor_execute", count)

    assert len(page.items) == number
    assert len([each for each in asked if each.startswith("SELECT")]) == 4


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
    assert (await purchases.page("ten_other", EVERYTHING)).items == ()
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


async def test_pages_show_every_purchase_once_newest_first(database: Database) -> None:
    purchases = PurchaseRecords(database)
    for number in range(5):
        await QuoteRecords(database).register(quote(f"Q-{number}"))
        opened_at = NOON + timedelta(microseconds=number // 2)  # some at the same moment
        await begin(purchases, order(f"Q-{number}"), opened_at)

    first = await purchases.page(TENANT, EVERYTHING, None, 2)
    second = await purchases.page(TENANT, EVERYTHING, first.next_cursor, 2)
    third = await purchases.page(TENANT, EVERYTHING, second.next_cursor, 2)

    shown = [*first.items, *second.items, *third.items]
    assert len({view.purchase_id for view in shown}) == 5
    assert [view.created_at for view in shown] == sorted(
        (view.created_at for view in shown), reverse=True
    )
    assert third.next_cursor is None


@pytest.mark.parametrize("cursor", ["", "!", "bm90aGluZw", "é", "MjAyNi0wMS0wMXx4"])
async def test_a_cursor_that_was_not_made_here_is_refused(database: Database, cursor: str) -> None:
    with pytest.raises(Invalid) as refused:
        await PurchaseRecords(database).page(TENANT, EVERYTHING, cursor, 2)

    assert refused.value.code is Code.INVALID_CURSOR


async def test_pages_are_narrowed_by_each_filter(database: Database) -> None:
    await paid_purchase(database, "Q-paid")
    purchases = PurchaseRecords(database)
    await QuoteRecords(database).register(quote("Q-open"))
    await begin(purchases, order("Q-open"), LATER)

    async def shown(filter: PurchaseFilter) -> set[str]:
        return {view.quote_id for view in (await purchases.page(TENANT, filter)).items}

    assert await shown(PurchaseFilter(payment_status=PaymentStatus.COMPLETED)) == {"Q-paid"}
    assert await shown(PurchaseFilter(quote_id="Q-open")) == {"Q-open"}
    assert await shown(PurchaseFilter(created_from=LATER)) == {"Q-open"}
    assert await shown(PurchaseFilter(created_before=LATER)) == {"Q-paid"}
    assert await shown(PurchaseFilter(user_id="user-1")) == {"Q-open", "Q-paid"}
    assert await shown(PurchaseFilter(needs_review=True)) == set()
    assert await shown(PurchaseFilter(policy_status=PolicyStatus.ISSUED)) == set()
    with_number = await purchases.page(TENANT, PurchaseFilter(quote_id="Q-paid"))
    assert with_number.items[0].policy is not None


async def test_a_cancelled_policy_is_listed_as_cancelled_alone(database: Database) -> None:
    purchase = await paid_purchase(database, "Q-refunded")
    await paid_purchase(database, "Q-kept")
    await claimed(database, purchase, "ref_1")
    word = refund_word("re_1", PRICE.minor)
    await RefundRecords(database).record_outcome("ref_1", word, (), LATER)

    async def shown(status: PolicyStatus) -> set[str]:
        page = await PurchaseRecords(database).page(TENANT, PurchaseFilter(policy_status=status))
        return {view.quote_id for view in page.items}

    assert await shown(PolicyStatus.CANCELLED) == {"Q-refunded"}
    assert await shown(PolicyStatus.NONE) == {"Q-kept"}


async def test_a_purchase_needs_review_until_the_last_reason_is_resolved(
    database: Database, ordered: PurchaseOrder
) -> None:
    purchases, purchase_id = PurchaseRecords(database), ordered.purchase_id
    await begin(purchases, ordered, NOON)
    await purchases.flag_review(purchase_id, ReviewReason.DISPUTE_OPENED, "du_1", NOON)
    await purchases.flag_review(purchase_id, ReviewReason.DISPUTE_OPENED, "du_1", LATER)
    await purchases.flag_review(purchase_id, ReviewReason.AMOUNT_DIFFERS, None, LATER)

    assert await purchases.resolve_review(purchase_id, ReviewReason.DISPUTE_OPENED, LATER)
    between = await purchases.view(TENANT, purchase_id)
    assert await purchases.resolve_review(purchase_id, ReviewReason.AMOUNT_DIFFERS, LATER)
    after = await purchases.view(TENANT, purchase_id)

    assert between is not None
    assert between.needs_review
    assert len(between.reviews) == 2
    assert after is not None
    assert not after.needs_review
    assert not await purchases.resolve_review(purchase_id, ReviewReason.AMOUNT_DIFFERS, LATER)


async def test_a_reason_may_come_back_after_it_was_resolved(
    database: Database, ordered: PurchaseOrder
) -> None:
    purchases, purchase_id = PurchaseRecords(database), ordered.purchase_id
    await begin(purchases, ordered, NOON)
    for _ in range(2):
        await purchases.flag_review(purchase_id, ReviewReason.REFUND_FAILED, None, NOON)
        assert await purchases.resolve_review(purchase_id, ReviewReason.REFUND_FAILED, LATER)

    view = await purchases.view(TENANT, purchase_id)

    assert view is not None
    assert len(view.reviews) == 2


async def test_a_review_of_no_purchase_is_a_fault(database: Database) -> None:
    with pytest.raises(NotFound):
        await PurchaseRecords(database).flag_review(
            "pur_none", ReviewReason.DISPUTE_OPENED, None, NOON
        )


async def test_recording_a_review_leaves_the_workflows_columns_alone(
    database: Database,
) -> None:
    purchase = await paid_purchase(database)
    purchases = PurchaseRecords(database)
    await purchases.flag_review(
        purchase.order.purchase_id, ReviewReason.POLICY_NOT_ISSUED, None, LATER
    )

    await purchases.record(settlement(purchase), LATER)

    assert await purchases.get(purchase.order.purchase_id) == purchase
    view = await purchases.view(TENANT, purchase.order.purchase_id)
    assert view is not None
    assert view.needs_review


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
