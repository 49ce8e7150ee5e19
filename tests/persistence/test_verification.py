"""What verification reads of a sound database, and what it finds in an unsound one."""

from sqlmodel import col, update

from domain.emails import EmailOrder, EmailStatus, EmailTemplate
from domain.events import EventOutcome
from domain.purchases import PaymentStatus, PurchaseOrder
from domain.refunds import RefundStatus
from domain.verification import Finding, Irregularity, RefundTally
from persistence.database import Database
from persistence.emails import EmailRecords
from persistence.events import EventRecords
from persistence.purchases import PurchaseRecords
from persistence.refunds import RefundRecords
from persistence.rows.purchases import PurchaseRow
from persistence.verification import VerificationRecords
from tests.persistence.samples import (
    LATER,
    NOON,
    PRICE,
    TENANT,
    SignedEvent,
    begin,
    paid,
    paid_purchase,
    refund_request,
    refund_word,
    settlement,
)


async def test_a_paid_purchase_is_told_with_all_that_must_exist_once(database: Database) -> None:
    purchase = await paid_purchase(database)
    purchase_id = purchase.order.purchase_id
    emails, refunds = EmailRecords(database), RefundRecords(database)
    confirmation = EmailOrder(
        email_id="eml_1",
        template=EmailTemplate.PAYMENT_CONFIRMATION,
        tenant_id=TENANT,
        purchase_id=purchase_id,
    )
    await emails.queue(confirmation, "mei@example.com", None, NOON)
    await emails.record_event("eml_1", EmailStatus.DELIVERED, None, LATER)
    await refunds.request(refund_request(purchase_id, "ref_1", 100), LATER)
    await refunds.record_outcome("ref_1", refund_word("re_1", 100), (), LATER)

    [told] = await VerificationRecords(database).paid_purchases()

    assert (told.purchase_id, told.payment_id) == (purchase_id, purchase.payment_id)
    assert (told.policies, told.confirmations, told.confirmations_delivered) == (1, 1, 1)
    assert (told.confirmations_failed, told.is_late) == (0, False)
    assert told.refunds == (RefundTally(status=RefundStatus.SUCCEEDED, count=1, minor=100),)
    assert (told.paid, told.amount_refunded.minor) == (PRICE, 100)


async def test_unpaid_purchases_are_left_out_and_late_money_is_not(
    database: Database, ordered: PurchaseOrder
) -> None:
    purchases = PurchaseRecords(database)
    cancelled = (await begin(purchases, ordered, NOON)).cancelled(None)
    await purchases.record(settlement(cancelled), LATER)
    assert await VerificationRecords(database).paid_purchases() == ()

    await purchases.record(settlement(paid(cancelled)), LATER)

    [late] = await VerificationRecords(database).paid_purchases()
    assert (late.is_late, late.policies, late.payment_id) == (
        True,
        0,
        paid(cancelled).late_payment_id,
    )


async def test_a_sound_database_gives_no_findings(database: Database) -> None:
    for number in range(3):
        await paid_purchase(database, f"Q-{number}")

    assert await VerificationRecords(database).findings() == ()


async def test_each_irregularity_is_found_and_named(database: Database) -> None:
    first = (await paid_purchase(database, "Q-1")).order.purchase_id
    second = (await paid_purchase(database, "Q-2")).order.purchase_id
    third = (await paid_purchase(database, "Q-3")).order.purchase_id
    too_much = refund_word("re_1", PRICE.minor + 1, payment_id="pi_same")
    await RefundRecords(database).adopt(first, too_much, (), LATER)
    async with database.transaction() as session:
        same = update(PurchaseRow).where(col(PurchaseRow.purchase_id).in_([first, second]))
        await session.exec(same.values(payment_id="pi_same"))
        await session.exec(
            update(PurchaseRow)
            .where(col(PurchaseRow.purchase_id) == third)
            .values(status=PaymentStatus.EXPIRED, holds_quote=False)
        )
        await session.exec(
            update(PurchaseRow)
            .where(col(PurchaseRow.purchase_id) == second)
            .values(quote_id="Q-1", attempt=2, holds_quote=False)
        )

    findings = await VerificationRecords(database).findings()

    assert {finding.irregularity: set(finding.purchase_ids) for finding in findings} == {
        Irregularity.QUOTE_PAID_TWICE: {first, second},
        Irregularity.PAYMENT_USED_TWICE: {first, second},
        Irregularity.REFUNDED_ABOVE_PAID: {first},
        Irregularity.POLICY_WITHOUT_PAYMENT: {third},
    }


async def test_events_left_where_they_were_received_are_named_with_their_purchase(
    database: Database,
) -> None:
    events, records = EventRecords(database), VerificationRecords(database)
    left, _ = await events.store("stripe", SignedEvent("evt_left"), NOON)
    known, _ = await events.store("stripe", SignedEvent("evt_known"), NOON)
    taken, _ = await events.store("stripe", SignedEvent("evt_taken"), NOON)
    await events.update(known.event_id, EventOutcome.RECEIVED, purchase_id="pur_1")
    await events.update(taken.event_id, EventOutcome.HANDED_OVER)

    assert await records.events_not_handed_over(NOON) == ()
    assert set(await records.events_not_handed_over(LATER)) == {
        Finding(
            irregularity=Irregularity.EVENT_NOT_HANDED_OVER, subject=event_id, purchase_ids=whose
        )
        for event_id, whose in ((left.event_id, ()), (known.event_id, ("pur_1",)))
    }
