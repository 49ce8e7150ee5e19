"""Refunds as rows: no claim above what arrived, whoever asks, and however often."""

import asyncio
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import Code, NotFound
from domain.money import Money
from domain.payments import ProviderRefundState
from domain.purchases import Purchase, PurchaseOrder, Refusal
from domain.refunds import CLAIMS_MONEY, Asker, Decision, Refund, RefundStatus
from persistence.database import Database
from persistence.purchases import PurchaseRecords
from persistence.refunds import RefundRecords
from tests.persistence.samples import (
    LATER,
    NOON,
    PRICE,
    TENANT,
    begin,
    claimed,
    paid,
    paid_purchase,
    refund_request,
    refund_word,
    settlement,
    viewed,
)


async def refused(
    database: Database, purchase: Purchase, minor: int | None, currency: str = "SGD"
) -> Code:
    request = refund_request(purchase.order.purchase_id, f"ref_{minor}{currency}", minor)
    if request.amount is not None:
        amount = Money(minor=request.amount.minor, currency=currency)
        request = request.model_copy(update={"amount": amount})
    answer = await RefundRecords(database).request(request, LATER)
    assert isinstance(answer, Refusal)
    return answer.code


async def test_a_refund_without_amount_claims_all_that_is_left(database: Database) -> None:
    purchase = await paid_purchase(database)
    await claimed(database, purchase, "ref_1", 4_000)

    rest = await claimed(database, purchase, "ref_2")

    assert rest.amount.minor == PRICE.minor - 4_000
    assert rest.status is RefundStatus.PENDING
    assert rest.payment_id == purchase.payment_id


async def test_the_same_request_again_gives_the_same_refund(database: Database) -> None:
    purchase = await paid_purchase(database)

    first = await claimed(database, purchase, "ref_1")

    assert await claimed(database, purchase, "ref_1") == first


async def test_another_amount_under_the_same_id_is_not_taken_for_the_first(
    database: Database,
) -> None:
    purchase = await paid_purchase(database)
    await claimed(database, purchase, "ref_1", 5_000)

    request = refund_request(purchase.order.purchase_id, "ref_1", 4_000)
    refusal = await RefundRecords(database).request(request, LATER)

    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.IDEMPOTENCY_KEY_REUSED


async def test_two_equal_partial_refunds_are_two(database: Database) -> None:
    purchase = await paid_purchase(database)

    await claimed(database, purchase, "ref_1", 5_000)
    await claimed(database, purchase, "ref_2", 5_000)

    page = await RefundRecords(database).page(TENANT, purchase_id=purchase.order.purchase_id)
    assert len(page.items) == 2


async def test_many_small_refunds_need_approval_like_a_large_one(database: Database) -> None:
    purchase = await paid_purchase(database)
    for refund_id, status in (
        ("ref_1", RefundStatus.PENDING),
        ("ref_2", RefundStatus.AWAITING_APPROVAL),
    ):
        wish = refund_request(purchase.order.purchase_id, refund_id, 4_000)

        refund = await RefundRecords(database).request(
            wish.model_copy(update={"needs_approval_above": 5_000}), LATER
        )

        assert isinstance(refund, Refund)
        assert refund.status is status


async def test_what_cannot_be_refunded_is_refused_with_its_reason(database: Database) -> None:
    purchase = await paid_purchase(database)

    assert await refused(database, purchase, PRICE.minor + 1) is Code.REFUND_ABOVE_CAP
    assert await refused(database, purchase, 0) is Code.INVALID_AMOUNT
    assert await refused(database, purchase, -5) is Code.INVALID_AMOUNT
    assert await refused(database, purchase, 100, "USD") is Code.CURRENCY_MISMATCH
    await claimed(database, purchase, "ref_all")
    assert await refused(database, purchase, None) is Code.REFUND_ABOVE_CAP


async def test_an_unpaid_purchase_has_nothing_to_refund(
    database: Database, ordered: PurchaseOrder
) -> None:
    purchase = await begin(PurchaseRecords(database), ordered, NOON)

    assert await refused(database, purchase, None) is Code.NOT_PAID


async def test_another_tenant_finds_no_purchase_to_refund(database: Database) -> None:
    purchase = await paid_purchase(database)
    request = refund_request(purchase.order.purchase_id, "ref_1")

    answer = await RefundRecords(database).request(
        request.model_copy(update={"tenant_id": "ten_other"}), LATER
    )

    assert isinstance(answer, Refusal)
    assert answer.code is Code.PURCHASE_NOT_FOUND


async def test_of_two_refunds_racing_for_the_same_money_one_is_refused(
    database: Database,
) -> None:
    purchase = await paid_purchase(database)
    requests = [refund_request(purchase.order.purchase_id, f"ref_{n}", 9_000) for n in range(4)]

    answers = await asyncio.gather(
        *(RefundRecords(database).request(request, LATER) for request in requests)
    )

    assert sorted(type(answer).__name__ for answer in answers) == ["Refund", *["Refusal"] * 3]


async def test_late_money_goes_back_by_itself_and_only_then(
    database: Database, ordered: PurchaseOrder
) -> None:
    purchases, refunds = PurchaseRecords(database), RefundRecords(database)
    cancelled = (await begin(purchases, ordered, NOON)).cancelled(None)
    await purchases.record(settlement(cancelled), LATER)
    request = refund_request(ordered.purchase_id, "ref_late", asker=Asker.PAYBIND)
    too_early = await refunds.request(request, LATER)
    late = paid(cancelled)
    await purchases.record(settlement(late), LATER)

    refund = await refunds.request(request, LATER)

    assert isinstance(too_early, Refusal)
    assert isinstance(refund, Refund)
    assert (refund.payment_id, refund.amount) == (late.late_payment_id, PRICE)
    assert refund.status is RefundStatus.PENDING


async def test_an_agents_refund_waits_for_a_human_and_the_first_decision_stands(
    database: Database,
) -> None:
    purchase, refunds = await paid_purchase(database), RefundRecords(database)
    request = refund_request(purchase.order.purchase_id, "ref_1", asker=Asker.AGENT)
    waiting = await refunds.request(request, LATER)
    assert isinstance(waiting, Refund)
    assert waiting.status is RefundStatus.AWAITING_APPROVAL

    declined = await refunds.decide("ref_1", Decision(approved=False, by="key_2"), LATER)
    again = await refunds.decide("ref_1", Decision(approved=True, by="key_3"), LATER)

    assert (declined.status, declined.decided_by) == (RefundStatus.DECLINED, "key_2")
    assert again == declined
    assert (await claimed(database, purchase, "ref_2")).amount == PRICE


async def test_a_human_who_agreed_beforehand_is_named_on_the_refund(database: Database) -> None:
    purchase = await paid_purchase(database)
    request = refund_request(
        purchase.order.purchase_id, "ref_1", asker=Asker.AGENT, approved_by="key_9"
    )

    refund = await RefundRecords(database).request(request, LATER)

    assert isinstance(refund, Refund)
    assert (refund.status, refund.decided_by) == (RefundStatus.PENDING, "key_9")


async def test_unknown_refunds_are_faults_for_writers_and_none_for_readers(
    database: Database,
) -> None:
    refunds = RefundRecords(database)

    assert await refunds.find("ref_none") is None
    assert await refunds.get(TENANT, "ref_none") is None
    for writing in (
        refunds.decide("ref_none", Decision(approved=True, by="key_1"), LATER),
        refunds.fail("ref_none", "why", LATER),
        refunds.record_outcome("ref_none", refund_word("re_1", 1), (), LATER),
        refunds.adopt("pur_none", refund_word("re_1", 1), (), LATER),
    ):
        with pytest.raises(NotFound):
            await writing


async def test_another_tenant_sees_no_refund(database: Database) -> None:
    purchase, refunds = await paid_purchase(database), RefundRecords(database)
    refund = await claimed(database, purchase, "ref_1")

    assert await refunds.get("ten_other", "ref_1") is None
    assert (await refunds.page("ten_other")).items == ()
    assert await refunds.get(TENANT, "ref_1") == refund


STEPS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(min_value=-5, max_value=2 * PRICE.minor)),
        st.lists(st.sampled_from(ProviderRefundState), max_size=3),
    ),
    max_size=6,
)


@pytest.mark.slow
@given(steps=STEPS)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_is_asked_and_told_no_more_goes_back_than_arrived(
    database: Database, steps: list[tuple[int | None, list[ProviderRefundState]]]
) -> None:
    purchase = await paid_purchase(database, f"Q-{uuid4()}")
    refunds = RefundRecords(database)
    for minor, words in steps:
        refund_id = f"ref_{uuid4()}"
        request = refund_request(purchase.order.purchase_id, refund_id, minor)
        answer = await refunds.request(request, LATER)
        for state in words if isinstance(answer, Refund) else []:
            assert isinstance(answer, Refund)
            word = refund_word(f"re_{refund_id}", answer.amount.minor, state)
            await refunds.record_outcome(refund_id, word, (), LATER)

    view = await viewed(database, purchase)
    claims = sum(r.amount.minor for r in view.refunds if r.status in CLAIMS_MONEY)
    back = sum(r.amount.minor for r in view.refunds if r.status is RefundStatus.SUCCEEDED)
    assert claims <= PRICE.minor
    assert view.amount_refunded.minor == back
    assert view.policy is not None
    assert (view.policy.cancelled_at is not None) == (back == PRICE.minor)
