"""Refunds as rows: what the provider's word does to them, to their purchase and its policy."""

from domain.payments import ProviderRefundState
from domain.policies import PolicyStatus
from domain.purchases import PurchaseOrder, RefundProgress
from domain.refunds import Asker, RefundStatus
from persistence.database import Database
from persistence.purchases import PurchaseRecords
from persistence.refunds import RefundRecords
from tests.persistence.samples import (
    LATER,
    NOON,
    PRICE,
    begin,
    claimed,
    paid,
    paid_purchase,
    refund_request,
    refund_word,
    settlement,
    viewed,
)

FAILED = ProviderRefundState.FAILED
PENDING = ProviderRefundState.PENDING


async def test_a_full_refund_cancels_the_policy_and_a_later_failure_revives_it(
    database: Database,
) -> None:
    purchase, refunds = await paid_purchase(database), RefundRecords(database)
    await claimed(database, purchase, "ref_1")
    word = refund_word("re_1", PRICE.minor)

    await refunds.record_outcome("ref_1", word, (), LATER)
    refunded = await viewed(database, purchase)
    failed = await refunds.record_outcome(
        "ref_1", refund_word("re_1", PRICE.minor, FAILED, "lost_or_stolen_card"), (), LATER
    )
    revived = await viewed(database, purchase)

    assert (refunded.refund_status, refunded.amount_refunded) == (RefundProgress.FULL, PRICE)
    assert refunded.policy is not None
    assert refunded.policy.cancelled_at == LATER
    assert {refunded.policy_status, refunded.policy.status} == {PolicyStatus.CANCELLED}
    assert (failed.status, failed.failure_reason) == (RefundStatus.FAILED, "lost_or_stolen_card")
    assert revived.refund_status is RefundProgress.NONE
    assert revived.policy is not None
    assert revived.policy.cancelled_at is None
    assert {revived.policy_status, revived.policy.status} == {PolicyStatus.NONE}


async def test_a_partial_refund_leaves_the_policy_in_force(database: Database) -> None:
    purchase = await paid_purchase(database)
    await claimed(database, purchase, "ref_1", 100)

    await RefundRecords(database).record_outcome("ref_1", refund_word("re_1", 100), (), LATER)

    view = await viewed(database, purchase)
    assert view.refund_status is RefundProgress.PARTIAL
    assert view.policy is not None
    assert view.policy.cancelled_at is None


async def test_older_words_of_the_provider_do_not_take_a_refund_back(database: Database) -> None:
    purchase, refunds = await paid_purchase(database), RefundRecords(database)
    await claimed(database, purchase, "ref_1", 100)

    await refunds.record_outcome("ref_1", refund_word("re_1", 100), (), LATER)
    stands = await refunds.record_outcome("ref_1", refund_word("re_1", 100, PENDING), (), LATER)
    await refunds.record_outcome("ref_1", refund_word("re_1", 100, FAILED), (), LATER)
    ended = await refunds.record_outcome("ref_1", refund_word("re_1", 100), (), LATER)

    assert stands.status is RefundStatus.SUCCEEDED
    assert ended.status is RefundStatus.FAILED


async def test_a_refund_that_never_reached_the_provider_frees_its_claim(
    database: Database,
) -> None:
    purchase, refunds = await paid_purchase(database), RefundRecords(database)
    await claimed(database, purchase, "ref_1")

    failed = await refunds.fail("ref_1", "charge_disputed", LATER)

    assert failed.failure_reason == "charge_disputed"
    assert (await claimed(database, purchase, "ref_2")).amount == PRICE


async def test_money_the_provider_did_send_counts_even_if_we_had_given_up(
    database: Database,
) -> None:
    purchase, refunds = await paid_purchase(database), RefundRecords(database)
    await claimed(database, purchase, "ref_1", 100)
    await refunds.fail("ref_1", "no answer", LATER)
    given_up = await refunds.record_outcome("ref_1", refund_word("re_1", 100, PENDING), (), LATER)

    found = await refunds.record_outcome("ref_1", refund_word("re_1", 100), (), LATER)

    assert given_up.status is RefundStatus.FAILED
    assert found.status is RefundStatus.SUCCEEDED
    assert (await viewed(database, purchase)).amount_refunded.minor == 100


async def test_a_refund_the_provider_made_cannot_be_given_up(database: Database) -> None:
    purchase, refunds = await paid_purchase(database), RefundRecords(database)
    await claimed(database, purchase, "ref_1", 100)
    made = await refunds.record_outcome("ref_1", refund_word("re_1", 100), (), LATER)

    assert await refunds.fail("ref_1", "too late", LATER) == made


async def test_a_refund_made_at_the_provider_is_adopted_once(database: Database) -> None:
    purchase, refunds = await paid_purchase(database), RefundRecords(database)
    assert purchase.payment_id is not None
    word = refund_word("re_dashboard", 2_500, payment_id=purchase.payment_id)

    adopted = await refunds.adopt(purchase.order.purchase_id, word, (), LATER)
    again = await refunds.adopt(purchase.order.purchase_id, word, (), LATER)

    assert again == adopted == await refunds.of_provider("re_dashboard")
    assert (adopted.asker, adopted.status) == (Asker.PROVIDER, RefundStatus.SUCCEEDED)
    assert (await viewed(database, purchase)).amount_refunded.minor == 2_500


async def test_adopting_a_refund_of_ours_only_applies_the_word(database: Database) -> None:
    purchase, refunds = await paid_purchase(database), RefundRecords(database)
    await claimed(database, purchase, "ref_1", 100)
    await refunds.record_outcome("ref_1", refund_word("re_1", 100, PENDING), (), LATER)

    adopted = await refunds.adopt(purchase.order.purchase_id, refund_word("re_1", 100), (), LATER)

    assert (adopted.refund_id, adopted.asker) == ("ref_1", Asker.SERVICE)
    assert adopted.status is RefundStatus.SUCCEEDED


async def test_late_money_goes_back_though_no_policy_was_drawn(
    database: Database, ordered: PurchaseOrder
) -> None:
    purchases, refunds = PurchaseRecords(database), RefundRecords(database)
    late = paid((await begin(purchases, ordered, NOON)).cancelled(None))
    await purchases.record(settlement(late), LATER)
    request = refund_request(ordered.purchase_id, "ref_1", asker=Asker.PAYBIND)
    await refunds.request(request, LATER)

    await refunds.record_outcome("ref_1", refund_word("re_1", PRICE.minor), (), LATER)

    returned = await viewed(database, late)
    assert (returned.refund_status, returned.policy) == (RefundProgress.FULL, None)
