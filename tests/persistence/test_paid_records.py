"""Which of our purchases and refunds stand behind the ids that a payout's books name."""

from domain.payout_reconciliation import OurRecords
from domain.payouts import PayoutAccount
from persistence.database import Database
from persistence.paid_records import AT_ONCE, PaidRecords
from persistence.refunds import RefundRecords
from tests.persistence.samples import LATER, PRICE, TENANT, claimed, paid_purchase, refund_word

OWN = PayoutAccount(tenant_id="default", provider="stripe", livemode=False)
STRANGERS = [f"py_{number}" for number in range(AT_ONCE + 1)]


async def test_a_purchase_and_its_refund_are_found_by_the_providers_ids(
    database: Database,
) -> None:
    purchase = await paid_purchase(database)
    payment_id = purchase.payment_id
    assert payment_id is not None
    refund = await claimed(database, purchase, "ref_1", 4_000)
    word = refund_word("re_1", 4_000, payment_id=payment_id)
    await RefundRecords(database).record_outcome(refund.refund_id, word, (), LATER)
    asked = ([*STRANGERS, payment_id], ["re_1", "re_strange"])

    found = await PaidRecords(database).of(OWN, *asked)

    [(named, bought)] = found.payments.items()
    assert (named, bought.purchase_id) == (payment_id, purchase.order.purchase_id)
    assert bought.amount == PRICE
    [given] = found.refunds.values()
    assert (given.refund_id, given.amount.minor) == ("ref_1", 4_000)
    for other in (
        OWN.model_copy(update={"integration_id": "int-1", "tenant_id": TENANT}),
        OWN.model_copy(update={"provider": "justifi"}),
    ):
        elsewhere = await PaidRecords(database).of(other, asked[0], [])
        assert elsewhere == OurRecords(payments={}, refunds={})
