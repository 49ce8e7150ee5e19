"""Purchases in pages: every one once, newest first, and narrowed as asked."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, event

from domain.emails import EmailOrder, EmailTemplate
from domain.errors import Code, Invalid
from domain.policies import PolicyStatus
from domain.purchases import PaymentStatus, ReviewReason
from domain.views import PurchaseFilter
from persistence.database import Database
from persistence.emails import EmailRecords
from persistence.purchases import PurchaseRecords
from persistence.quotes import QuoteRecords
from persistence.refunds import RefundRecords
from tests.persistence.samples import (
    LATER,
    NOON,
    PRICE,
    TENANT,
    begin,
    claimed,
    order,
    paid_purchase,
    quote,
    refund_request,
    refund_word,
)

EVERYTHING = PurchaseFilter()


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
