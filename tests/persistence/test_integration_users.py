"""An integration is not deleted while something needs its credentials still."""

from datetime import datetime, timedelta

import pytest

from domain.audit import AuditEntry
from domain.errors import Code, Conflict
from domain.operations import GOES_ON_WITHIN
from domain.payments import Failure, ProviderRefundState
from domain.purchases import Purchase, PurchaseOrder, Refusal
from domain.refunds import Asker, Decision, Payment, RefundStatus
from domain.routing import LATE_MONEY_GRACE, LATE_MONEY_WINDOW, Candidate, Route
from domain.verification import Irregularity
from persistence.audit import AuditRecords
from persistence.database import Database
from persistence.executions import ExecutionRecords
from persistence.integrations import IntegrationRecords
from persistence.purchases import PurchaseRecords
from persistence.refunds import RefundRecords
from persistence.rows.integrations import IntegrationRow
from persistence.statements import locked
from persistence.verification import VerificationRecords
from tests.fake_account import order as operation_order
from tests.fake_sealed_rows import OLD, vault
from tests.persistence.integration_samples import event, execution_order, integration, stored
from tests.persistence.samples import (
    LATER,
    NOON,
    TENANT,
    late,
    opened,
    paid,
    refund_request,
    refund_word,
    settlement,
)

HERE = Candidate(integration_id="int-1", name="Primary")
ELSEWHERE = Candidate(integration_id="int-2", name="Backup")


async def begun(database: Database, ordered: PurchaseOrder, code: str = "stripe") -> Purchase:
    """A purchase with a page at ``int-1``."""
    here = integration().model_copy(update={"connection_code": code})
    await stored(database, here, vault(OLD))
    purchases = PurchaseRecords(database)
    purchase = (await purchases.open(ordered, Route.to(HERE, NOON), NOON)).purchase
    await purchases.record(settlement(opened(purchase)), NOON)
    return opened(purchase)


async def bought(database: Database, ordered: PurchaseOrder) -> Purchase:
    purchase = paid(await begun(database, ordered))
    await PurchaseRecords(database).record(settlement(purchase), NOON)
    return purchase


async def deleted(database: Database, at: datetime = LATER) -> str | None:
    """None once it is deleted, else who uses it."""
    try:
        await IntegrationRecords(database).delete(TENANT, "int-1", event(), at)
    except Conflict as refused:
        return refused.message if refused.code is Code.INTEGRATION_IN_USE else refused.code
    return None


async def destroyed(database: Database) -> None:
    """As one was that was deleted before its users were looked for."""
    async with database.transaction() as session:
        row = await locked(session, IntegrationRow, "int-1")
        assert row is not None
        row.deleted_at = LATER


async def test_one_where_a_page_is_open_is_in_use(
    database: Database, ordered: PurchaseOrder
) -> None:
    await begun(database, ordered)
    assert await deleted(database) == f"it is used by {ordered.purchase_id}"


async def test_what_was_paid_and_delivered_needs_no_credentials(
    database: Database, ordered: PurchaseOrder
) -> None:
    await bought(database, ordered)
    assert await deleted(database) is None


@pytest.mark.parametrize("needs_approval", [True, False])
async def test_one_that_a_refund_is_to_be_paid_by_is_in_use_until_that_has_ended(
    database: Database, ordered: PurchaseOrder, needs_approval: bool
) -> None:
    await bought(database, ordered)
    asker = Asker.AGENT if needs_approval else Asker.SERVICE
    refunds = RefundRecords(database)
    await refunds.request(refund_request(ordered.purchase_id, "ref_1", 100, asker), NOON)

    status = "awaiting_approval" if needs_approval else "pending"
    assert await deleted(database) == f"it is used by ref_1 ({status})"

    done = refund_word("re_1", 100, ProviderRefundState.SUCCEEDED)
    await refunds.record_outcome("ref_1", done, (), LATER)
    assert await deleted(database) is None


@pytest.mark.parametrize(
    ("code", "window"), [("stripe", LATE_MONEY_GRACE), ("justifi", LATE_MONEY_WINDOW)]
)
async def test_one_where_a_page_ended_unpaid_is_in_use_while_money_may_come_late(
    database: Database, ordered: PurchaseOrder, code: str, window: timedelta
) -> None:
    purchase = await begun(database, ordered, code)
    await PurchaseRecords(database).record(settlement(purchase.cancelled(None)), NOON)

    in_use = f"it is used by {ordered.purchase_id} (money may come late)"
    assert await deleted(database, NOON + window - timedelta(seconds=1)) == in_use
    assert await deleted(database, NOON + window) is None


async def test_late_money_needs_the_credentials_until_it_is_back(
    database: Database, ordered: PurchaseOrder
) -> None:
    purchase = (await begun(database, ordered)).cancelled(None)
    await PurchaseRecords(database).record(settlement(purchase), NOON)
    await PurchaseRecords(database).record(settlement(late(purchase)), NOON)
    request = refund_request(ordered.purchase_id, "ref_late", asker=Asker.PAYBIND)
    await RefundRecords(database).request(request, NOON)

    assert await deleted(database, NOON + LATE_MONEY_GRACE) == "it is used by ref_late (pending)"


async def test_one_that_a_purchase_has_left_is_in_use_while_money_may_come_late(
    database: Database, ordered: PurchaseOrder
) -> None:
    purchase = await begun(database, ordered)
    await stored(database, integration("int-2"), vault(OLD))
    failure = Failure(code="do_not_honor", reason="Your card was declined.")
    declined = purchase.model_copy(update={"failure": failure})
    await PurchaseRecords(database).leave(declined.failed_over(ELSEWHERE, NOON), NOON)

    in_use = f"it is used by {ordered.purchase_id} (money may come late)"
    assert await deleted(database) == in_use
    assert await deleted(database, NOON + LATE_MONEY_GRACE) is None


async def test_one_that_a_purchase_left_long_before_it_moved_again_is_free(
    database: Database, ordered: PurchaseOrder
) -> None:
    purchase = await begun(database, ordered)
    await stored(database, integration("int-2"), vault(OLD))
    failure = Failure(code="do_not_honor", reason="Your card was declined.")
    moved = purchase.model_copy(update={"failure": failure}).failed_over(ELSEWHERE, NOON)
    await PurchaseRecords(database).leave(moved, NOON)
    at = NOON + LATE_MONEY_GRACE
    await PurchaseRecords(database).record(settlement(paid(moved)), at)

    assert await deleted(database, at) is None


async def test_one_that_an_operation_may_have_acted_by_is_in_use_until_that_is_known(
    database: Database,
) -> None:
    await stored(database, integration(), vault(OLD))
    log = AuditRecords(database)

    async def told(status: str, operation_id: str = "opn_1", at: datetime = NOON) -> None:
        of = operation_order(
            tenant_id=TENANT, integration_id="int-1", operation_id=operation_id
        ).used(status)
        assert of is not None
        await log.write(of, at)

    await told(Code.OUTCOME_UNKNOWN)
    await told("succeeded", operation_id="opn_2")
    await told("unanswered", operation_id="opn_3")
    await told(Code.OUTCOME_UNKNOWN, operation_id="opn_4", at=NOON - GOES_ON_WITHIN)
    assert await deleted(database, NOON) == "it is used by opn_1 (outcome unknown)"
    await told("succeeded")
    assert await deleted(database, NOON) is None


async def test_one_that_an_execution_is_under_way_by_is_in_use(database: Database) -> None:
    await stored(database, integration(), vault(OLD))
    order = execution_order()
    await ExecutionRecords(database).begin(order, NOON)
    assert await deleted(database) == f"it is used by {order.execution_id}"


async def test_a_refund_by_a_deleted_one_is_refused_at_once(
    database: Database, ordered: PurchaseOrder
) -> None:
    purchase = await bought(database, ordered)
    assert await deleted(database) is None

    request = refund_request(ordered.purchase_id, "ref_1")
    refusal = await RefundRecords(database).request(request, LATER)

    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.INTEGRATION_DELETED
    assert str(purchase.payment_id) in refusal.message


async def test_stray_money_of_a_deleted_one_is_claimed_so_that_a_person_is_asked(
    database: Database, ordered: PurchaseOrder
) -> None:
    await bought(database, ordered)
    await destroyed(database)
    request = refund_request(ordered.purchase_id, "ref_1", asker=Asker.PAYBIND)
    stray = Payment(payment_id="pi_stray", amount=ordered.price, integration_id="int-1")

    refund = await RefundRecords(database).request(
        request.model_copy(update={"stray": stray}), LATER
    )

    assert not isinstance(refund, Refusal)
    assert refund.status is RefundStatus.PENDING


async def test_verification_names_refunds_that_nobody_can_pay(
    database: Database, ordered: PurchaseOrder
) -> None:
    await bought(database, ordered)
    await RefundRecords(database).request(refund_request(ordered.purchase_id, "ref_1", 100), NOON)
    verification = VerificationRecords(database)
    assert await verification.findings() == ()
    await destroyed(database)

    [finding] = await verification.findings()

    assert finding.irregularity is Irregularity.REFUND_NOT_PAYABLE
    assert (finding.subject, finding.purchase_ids) == ("ref_1", (ordered.purchase_id,))
    assert finding.detail == "integration int-1 was deleted"


async def told_of_use(database: Database) -> list[AuditEntry]:
    """Of what is not the purchase's own use, oldest first."""
    log = await AuditRecords(database).page(TENANT, "int-1")
    used = [each for each in log.items if each.action == "integration.used"]
    return [each for each in used[::-1] if "refund_id" in (each.after or {})]


async def test_a_refund_is_a_use_of_whoever_asked_for_it(
    database: Database, ordered: PurchaseOrder
) -> None:
    await bought(database, ordered)
    request = refund_request(ordered.purchase_id, "ref_1", 100)
    asked = request.model_copy(update={"address": "192.0.2.1"})
    for _ in range(2):  # repeated, it is the same
        await RefundRecords(database).request(asked, LATER)

    [use] = await told_of_use(database)

    assert (use.actor, use.address) == ("key_1", "192.0.2.1")
    assert use.after == {"refund_id": "ref_1", "purchase_id": ordered.purchase_id}


@pytest.mark.parametrize("approved", [True, False])
async def test_a_refund_that_waits_for_a_yes_is_a_use_of_who_gives_it(
    database: Database, ordered: PurchaseOrder, approved: bool
) -> None:
    await bought(database, ordered)
    refunds = RefundRecords(database)
    await refunds.request(refund_request(ordered.purchase_id, "ref_1", asker=Asker.AGENT), NOON)
    assert await told_of_use(database) == []

    decision = Decision(approved=approved, by="key_boss", address="192.0.2.2")
    await refunds.decide("ref_1", decision, LATER)

    uses = [(each.actor, each.address) for each in await told_of_use(database)]
    assert uses == ([("key_boss", "192.0.2.2")] if approved else [])
