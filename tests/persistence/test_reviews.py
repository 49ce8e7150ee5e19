"""Reviews: why a person must look at a purchase, until each reason is resolved."""

import pytest

from domain.errors import NotFound
from domain.purchases import PurchaseOrder, ReviewReason
from persistence.database import Database
from persistence.purchases import PurchaseRecords
from tests.persistence.samples import LATER, NOON, TENANT, begin, paid_purchase, settlement


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
